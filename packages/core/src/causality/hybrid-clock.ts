import { assert, MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";

/**
 * A hybrid logical clock's time: physical milliseconds where clocks agree, a counter where they do not.
 * Source: Kulkarni et al., "Logical Physical Clocks and Consistent Snapshots in Globally Distributed Databases" (2014).
 */
export interface HybridTime {
  /** Milliseconds since 1970, 0 to 2^48 − 1. */
  readonly wallMs: number;
  /** 0 to 65,535. */
  readonly counter: number;
}

/** A time and who gave it: unique over all operations of a shard's winner rules. */
export interface Stamp {
  readonly time: HybridTime;
  readonly origin: number;
}

/** Order of times: by wall clock, then by counter. */
export function compareHybridTimes(a: HybridTime, b: HybridTime): number {
  return a.wallMs - b.wallMs || a.counter - b.counter;
}

/** Total order of writes: by time, equal times by origin. The greater stamp wins. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return compareHybridTimes(a.time, b.time) || a.origin - b.origin;
}

/** Is this a time within its bounds? */
export function isHybridTime(wallMs: unknown, counter: unknown): boolean {
  return isCount(wallMs, limits.wallMsMax) && isCount(counter, limits.clockCounterMax);
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** Gives out strictly increasing times that are also later than every time it has observed. */
export class HybridClock {
  #last: HybridTime;
  readonly #driftMsMax: number;

  /** `last` is the latest time known from before (the log); new times are later. */
  constructor(options: { readonly last?: HybridTime; readonly driftMsMax?: number } = {}) {
    this.#last = options.last ?? { wallMs: 0, counter: 0 };
    this.#driftMsMax = options.driftMsMax ?? limits.clockDriftMsMax;
  }

  /** The latest time given out or observed. */
  get last(): HybridTime {
    return this.#last;
  }

  /** The next time. A physical clock that stands still or goes back only advances the counter. */
  next(physicalMs: number): HybridTime {
    assert(isCount(physicalMs, limits.wallMsMax), "the physical clock is a whole number of milliseconds");
    const { wallMs, counter } = this.#last;
    let next: HybridTime;
    if (physicalMs > wallMs) next = { wallMs: physicalMs, counter: 0 };
    else if (counter < limits.clockCounterMax) next = { wallMs, counter: counter + 1 };
    else next = { wallMs: wallMs + 1, counter: 0 };
    if (next.wallMs > limits.wallMsMax) throw new MurmurationError("capacity", "the hybrid clock is at its end");
    this.#last = next;
    return next;
  }

  /**
   * Makes every later time of this clock greater than a remote one. Throws `unavailable`, and observes nothing, when the
   * remote time is further ahead of the physical clock than the bound: taking it would drag every replica's clock along.
   */
  observe(time: HybridTime, physicalMs: number): void {
    assert(isHybridTime(time.wallMs, time.counter), "an observed time is within its bounds");
    const aheadMs = time.wallMs - physicalMs;
    if (aheadMs > this.#driftMsMax) {
      throw new MurmurationError(
        "unavailable",
        `a remote time is ${aheadMs} ms ahead of this replica's clock, at most ${this.#driftMsMax} ms are accepted`,
      );
    }
    if (compareHybridTimes(time, this.#last) > 0) this.#last = time;
  }
}
