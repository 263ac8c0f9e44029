import { MurmurationError, type Sliced } from "@murmuration/index";
import { readsUnderWayMax } from "./http-limits.js";

/** A read that is done in so little time is done at once. */
const FIRST_SLICE_MS = 2;
/** So long reads go on in one turn of the event loop; then whatever else has come is looked at. */
const TURN_MS = 4;

/** What ends a read, and who hears of it. */
export interface ReadLimits {
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  /** The time that it had, for whoever is told that it is over. */
  readonly timeoutMs: number;
  /** Does nobody wait for the answer any more? */
  readonly isAbandoned: () => boolean;
  /** The answer is as of this moment. Called again when a later part of it is. */
  readonly onFixed: () => void;
}

interface Reading {
  readonly work: Sliced<unknown>;
  readonly limits: ReadLimits;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads take turns with each other and with everything else in this thread: however much one costs, nobody waits longer than a slice. */
export class ReadTurns {
  readonly #waiting: Reading[] = [];
  readonly #nowMs: () => number;
  readonly #later: (act: () => void) => void;
  #isDue = false;

  constructor(nowMs: () => number = () => performance.now(), later: (act: () => void) => void = setImmediate) {
    this.#nowMs = nowMs;
    this.#later = later;
  }

  /** Reads that are begun and not done. */
  get underWay(): number {
    return this.#waiting.length;
  }

  /** Rejects with `timeout` when the time is over before the work is done, `unavailable` when too many reads are under way. */
  async run<T>(work: Sliced<T>, limits: ReadLimits): Promise<T> {
    const begun = this.begin(work, limits);
    return begun instanceof Promise ? begun : begun.value;
  }

  /** The same without a promise where the work is done at once: then it throws. */
  begin<T>(work: Sliced<T>, limits: ReadLimits): { readonly value: T } | Promise<T> {
    if (this.#waiting.length >= readsUnderWayMax) {
      throw new MurmurationError("unavailable", `${readsUnderWayMax} reads that take long are under way already`);
    }
    const done = this.#advance(work, limits, FIRST_SLICE_MS);
    if (done !== undefined) return done as { readonly value: T };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ work, limits, resolve: resolve as Reading["resolve"], reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isDue || this.#waiting.length === 0) return;
    this.#isDue = true;
    this.#later(() => this.#turn());
  }

  #turn(): void {
    this.#isDue = false;
    const reading = this.#waiting.shift();
    if (reading !== undefined) this.#goOn(reading);
    this.#schedule();
  }

  #goOn(reading: Reading): void {
    const { work, limits, resolve, reject } = reading;
    try {
      const done = this.#advance(work, limits, TURN_MS);
      if (done === undefined) this.#waiting.push(reading);
      else resolve(done.value);
    } catch (error) {
      reject(error);
    }
  }

  /** Goes on with a read for so long. Returns what it has come to, if it is over. */
  #advance(work: Sliced<unknown>, limits: ReadLimits, sliceMs: number): { readonly value: unknown } | undefined {
    const untilMs = this.#nowMs() + sliceMs;
    try {
      if (limits.isAbandoned()) throw new MurmurationError("unavailable", "the client is gone");
      for (;;) {
        const step = work.next();
        if (step.done === true) return step;
        if (step.value === "fixed") {
          limits.onFixed();
          continue;
        }
        const nowMs = this.#nowMs();
        if (nowMs >= limits.deadlineMs) throw timedOut(limits.timeoutMs);
        if (nowMs >= untilMs) return undefined;
      }
    } catch (error) {
      work.return(undefined);
      throw error;
    }
  }
}

export function timedOut(timeoutMs: number): MurmurationError {
  return new MurmurationError("timeout", `the request was not done within ${timeoutMs / 1000} seconds`, "timeout");
}
