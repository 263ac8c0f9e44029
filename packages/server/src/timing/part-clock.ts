import { processClockAheadMs } from "./process-clock.js";

/** When a part of some work began and ended, and how long of that it was at work: others take turns in between. On the clock of `processClockMs`. */
export interface PartTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly activeMs: number;
}

/** The parts that there were of a whole. */
export interface PartsReport<Part extends string> {
  readonly whole: PartTimes;
  readonly parts: { readonly [part in Part]?: PartTimes };
}

interface Counted {
  startMs: number;
  endMs: number;
  activeMs: number;
}

const onProcessClock = ({ startMs, endMs, activeMs }: Counted): PartTimes => ({
  startMs: startMs + processClockAheadMs,
  endMs: endMs + processClockAheadMs,
  activeMs,
});

/** Says how long the parts of some work take, which is in one of them at a time. Stopped until it is started. */
export class PartClock<Part extends string> {
  readonly #parts = new Map<Part, Counted>();
  readonly #whole: Counted;
  #part: Part | undefined;
  #sinceMs: number;

  constructor() {
    this.#sinceMs = performance.now();
    this.#whole = { startMs: this.#sinceMs, endMs: this.#sinceMs, activeMs: 0 };
  }

  /** What comes before the first part is of the whole alone. */
  enter(part: Part): void {
    if (part === this.#part) return;
    this.stop();
    this.#part = part;
  }

  /** The work goes on; what was since it stopped does not count. */
  start(): void {
    this.#sinceMs = performance.now();
  }

  /** What was since it started counts for the part that it is in. */
  stop(): void {
    const nowMs = performance.now();
    const activeMs = nowMs - this.#sinceMs;
    this.#whole.activeMs += activeMs;
    this.#whole.endMs = nowMs;
    const part = this.#part;
    const counted = part === undefined ? undefined : this.#parts.get(part);
    if (counted !== undefined) {
      counted.endMs = nowMs;
      counted.activeMs += activeMs;
    } else if (part !== undefined) this.#parts.set(part, { startMs: this.#sinceMs, endMs: nowMs, activeMs });
    this.#sinceMs = nowMs;
  }

  report(): PartsReport<Part> {
    const parts: { [part in Part]?: PartTimes } = {};
    for (const [part, counted] of this.#parts) parts[part] = onProcessClock(counted);
    return { whole: onProcessClock(this.#whole), parts };
  }
}
