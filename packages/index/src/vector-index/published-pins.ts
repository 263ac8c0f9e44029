import type { SharedMemory } from "../shared-memory.js";
import { type Engine, header, lineOf } from "./engine.js";
import { requireThread } from "./graph-handle.js";

/** From here to `leave`, no slot is used again that a row names which is read meanwhile. */
export interface PublishedHold {
  /** The graph's count of changes when rows were published last: see `GraphReader.changes`. */
  readonly changes: number;
  /** The graph's count of departures when the hold was entered: see `GraphReader.departures`. */
  readonly departures: number;
  leave(): void;
}

/**
 * What one thread keeps in a graph for the rows that it reads. The graph is entered before the epoch of the rows is pinned, and left after
 * that is released; several reads may be under way, each with a hold of its own, and the oldest one counts.
 */
export class PublishedPins {
  readonly #u32: Uint32Array;
  readonly #pin: number;
  /** Epochs of the graph, oldest first: what is published later is never as of an older one. */
  readonly #holds = new Map<PublishedHold, number>();

  /** `thread`: as of `attachReader`, which is to come after this. What an earlier holder of its place pinned is let go. */
  constructor({ memory }: { readonly memory: SharedMemory }, thread: number) {
    requireThread(thread);
    this.#u32 = new Uint32Array(memory.buffer);
    this.#pin = lineOf(thread) + 2;
    Atomics.store(this.#u32, this.#pin, 0);
  }

  enter(): PublishedHold {
    let epoch = this.#published();
    if (this.#holds.size === 0) {
      // a writer that has published since the look before sees the pin, or this thread sees what it published
      for (let looked = -1; looked !== epoch; epoch = this.#published()) {
        looked = epoch;
        Atomics.store(this.#u32, this.#pin, epoch);
      }
    }
    const changes = Atomics.load(this.#u32, header.publishedChanges >> 2);
    const departures = Atomics.load(this.#u32, header.departures >> 2);
    const hold: PublishedHold = { changes, departures, leave: () => this.#leave(hold) };
    this.#holds.set(hold, epoch);
    return hold;
  }

  #published(): number {
    return Atomics.load(this.#u32, header.published >> 2);
  }

  #leave(hold: PublishedHold): void {
    if (!this.#holds.delete(hold)) return;
    const [oldest] = this.#holds.values();
    Atomics.store(this.#u32, this.#pin, oldest ?? 0);
  }
}

/**
 * The writer's: rows that name slots of the graph were published. Slots that were retired before are named by none of them any more, and may
 * be used again. Once a graph was told so, it waits for the next time with those retired since.
 */
export function tellPublished({ u32, epoch }: Engine): void {
  Atomics.store(u32, header.publishedChanges >> 2, Atomics.load(u32, header.changes >> 2));
  Atomics.store(u32, header.published >> 2, epoch() >>> 0);
}

/** The writer's: what was changed since rows were published has been taken back, and walks see the graph of those rows again. */
export function tellTakenBack({ u32 }: Engine): void {
  Atomics.store(u32, header.publishedChanges >> 2, Atomics.load(u32, header.changes >> 2));
}
