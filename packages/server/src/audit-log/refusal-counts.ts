import { addressesMax, refusalsMax, refusalsPerAddressMax } from "./audit-limits.js";

const MINUTE_MS = 60_000;

/** Refusals of a minute that have no line of their own. */
export interface CountedRefusals {
  /** `undefined`: of addresses that are not counted apart. */
  readonly from: string | undefined;
  readonly count: number;
}

interface OfAddress {
  lines: number;
  counted: number;
}

/**
 * Which refused requests get a line of their own: whoever has no key must not fill the disk. Those beyond are counted, by address. Time is given by the caller.
 */
export class RefusalCounts {
  readonly #byAddress = new Map<string, OfAddress>();
  readonly #others: OfAddress = { lines: 0, counted: 0 };
  #lines = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** Is there a line for a refusal? `from`: the address that was refused. */
  hasLine(from: string): boolean {
    const of = this.#of(from);
    if (of.lines < refusalsPerAddressMax && this.#lines < refusalsMax) {
      of.lines++;
      this.#lines++;
      return true;
    }
    of.counted++;
    return false;
  }

  #of(from: string): OfAddress {
    const known = this.#byAddress.get(from);
    if (known !== undefined) return known;
    if (this.#byAddress.size >= addressesMax) return this.#others;
    const of = { lines: 0, counted: 0 };
    this.#byAddress.set(from, of);
    return of;
  }

  /** When a minute is over, or it is the end, what was counted in it; else nothing. */
  over(nowMs: number, isEnd = false): CountedRefusals[] {
    if (nowMs < this.#untilMs && !isEnd) return [];
    this.#untilMs = nowMs + MINUTE_MS;
    const counted = [...this.#byAddress]
      .filter(([, of]) => of.counted > 0)
      .map(([from, { counted: count }]) => ({ from: from as string | undefined, count }));
    if (this.#others.counted > 0) counted.push({ from: undefined, count: this.#others.counted });
    this.#byAddress.clear();
    this.#others.lines = 0;
    this.#others.counted = 0;
    this.#lines = 0;
    return counted;
  }
}
