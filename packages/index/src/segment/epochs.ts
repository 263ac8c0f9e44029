import { H_EPOCH, LINE_ORDER, READER_LINE_BYTES, READER_LINES } from "./layout.js";
import type { TableEngine, TableMemory } from "./table-engine.js";

/** Is epoch `a` not before `b`? They are serial numbers of 32 bits (RFC 1982). */
export function hasReached(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** What a thread reads at: until it is released, every row that was visible at the epoch stays as it is. */
export interface EpochPin {
  readonly epoch: number;
  release(): void;
}

/**
 * The epochs that one thread reads at. It tells the writer the oldest; several reads, each at its own, may be under way in slices.
 */
export class Epochs {
  readonly #engine: TableEngine;
  /** Oldest first: a later pin is never at an older epoch. */
  readonly #pins = new Set<EpochPin>();

  constructor(engine: TableEngine) {
    this.#engine = engine;
  }

  /** The epoch of now, pinned. */
  pin(): EpochPin {
    const { now, enter } = this.#engine;
    // what the oldest pin keeps is all that this one needs
    const epoch = (this.#pins.size > 0 ? now() : enter()) >>> 0;
    const pin: EpochPin = { epoch, release: () => this.#release(pin) };
    this.#pins.add(pin);
    return pin;
  }

  #release(pin: EpochPin): void {
    if (!this.#pins.delete(pin)) return;
    const [oldest] = this.#pins;
    this.#engine.stayAt(oldest?.epoch ?? 0);
  }
}

/** The epoch of now, without being at it. */
export function epochOf({ u32 }: TableEngine): number {
  return Atomics.load(u32, H_EPOCH >>> 2);
}

/** A thread that has died is at no epoch any more. For its supervisor: the thread must not run when this is called. */
export function releaseThread(memory: TableMemory, thread: number): void {
  const u32 = new Uint32Array(memory.buffer);
  const line = (READER_LINES + thread * READER_LINE_BYTES) >>> 2;
  Atomics.store(u32, line + (LINE_ORDER >>> 2), 0);
  Atomics.store(u32, line, 0);
}
