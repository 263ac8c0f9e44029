import { type Engine, header } from "./engine.js";

/** From here to `leave`, no slot is used again that a row names which is read meanwhile. */
export interface PublishedHold {
  /** The graph's count of changes when rows were published last: see `GraphReader.changes`. */
  readonly changes: number;
  leave(): void;
}

/**
 * What one thread keeps in a graph for the rows that it reads. The graph is entered before the epoch of the rows is pinned, and left after
 * that is released; several reads may be under way, each with a hold of its own, and the oldest one counts.
 */
export class PublishedPins {
  readonly #engine: Engine;
  /** Epochs of the graph, oldest first: what is published later is never as of an older one. */
  readonly #holds = new Map<PublishedHold, number>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  enter(): PublishedHold {
    let epoch = this.#published();
    if (this.#holds.size === 0) {
      // a writer that has published since then sees the pin, or this thread sees what it published
      for (let again = epoch; ; again = this.#published()) {
        epoch = again;
        this.#engine.pin(epoch);
        if (this.#published() === epoch) break;
      }
    }
    const changes = Atomics.load(this.#engine.u32, header.publishedChanges >> 2);
    const hold: PublishedHold = { changes, leave: () => this.#leave(hold) };
    this.#holds.set(hold, epoch);
    return hold;
  }

  #published(): number {
    return Atomics.load(this.#engine.u32, header.published >> 2);
  }

  #leave(hold: PublishedHold): void {
    if (!this.#holds.delete(hold)) return;
    const [oldest] = this.#holds.values();
    this.#engine.pin(oldest ?? 0);
  }
}
