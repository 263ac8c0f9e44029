import { MurmurationError, type Sliced } from "@murmuration/index";
import { readsUnderWayMax } from "./limits.js";

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
  run<T>(work: Sliced<T>, limits: ReadLimits): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= readsUnderWayMax) {
        const message = `${readsUnderWayMax} reads that take long are under way already`;
        reject(new MurmurationError("unavailable", message));
        return;
      }
      const reading = { work, limits, resolve: resolve as Reading["resolve"], reject };
      if (!this.#advance(reading, FIRST_SLICE_MS)) this.#wait(reading);
    });
  }

  #wait(reading: Reading): void {
    this.#waiting.push(reading);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isDue || this.#waiting.length === 0) return;
    this.#isDue = true;
    this.#later(() => this.#turn());
  }

  #turn(): void {
    this.#isDue = false;
    const reading = this.#waiting.shift();
    if (reading !== undefined && !this.#advance(reading, TURN_MS)) this.#waiting.push(reading);
    this.#schedule();
  }

  /** Goes on with a read for so long. Returns whether it is over. */
  #advance({ work, limits, resolve, reject }: Reading, sliceMs: number): boolean {
    const untilMs = this.#nowMs() + sliceMs;
    try {
      if (limits.isAbandoned()) throw new MurmurationError("unavailable", "the client is gone");
      for (;;) {
        const step = work.next();
        if (step.done === true) {
          resolve(step.value);
          return true;
        }
        if (step.value === "fixed") {
          limits.onFixed();
          continue;
        }
        const nowMs = this.#nowMs();
        if (nowMs >= limits.deadlineMs) throw timedOut(limits.timeoutMs);
        if (nowMs >= untilMs) return false;
      }
    } catch (error) {
      work.return(undefined);
      reject(error);
      return true;
    }
  }
}

export function timedOut(timeoutMs: number): MurmurationError {
  return new MurmurationError("timeout", `the request was not done within ${timeoutMs / 1000} seconds`, "timeout");
}
