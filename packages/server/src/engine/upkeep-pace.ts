/** Shortest wait between two ticks. */
const BUSY_MS_MIN = 10;
/** Longest wait while there is something to do: one tick may have walked a large graph. */
const BUSY_MS_MAX = 2_000;
/** Of the thread's time, upkeep gets at most one part in so many where there are requests, and where there are none. */
const SHARE_BESIDE_REQUESTS = 5;
const SHARE_ALONE = 2;
const REST_MS = 2_000;
/** After a change at rest: what it left to do is done together with what comes behind it. */
const AFTER_CHANGE_MS = 100;
const AFTER_FAILURE_MS = 1_000;
/** Where there are others to be heard: several looks for each heartbeat. */
const CLUSTER_MS = 100;

/**
 * When a replica's ticks are due, and which of them do upkeep: soon while there is something to do, seldom at rest, and never so often
 * that writes starve. Times are milliseconds of one monotonic clock.
 */
export class UpkeepPace {
  readonly #isClustered: boolean;
  #upkeepAtMs = 0;
  #exchangeAtMs = 0;
  #isAtRest = false;

  constructor(isClustered: boolean) {
    this.#isClustered = isClustered;
  }

  /** Is the graph's upkeep due, or only heartbeats and requests? */
  isUpkeepDue(nowMs: number): boolean {
    return nowMs >= this.#upkeepAtMs;
  }

  /** A tick that did upkeep has ended, after `tookMs`. */
  noteUpkeep(nowMs: number, tookMs: number, isAtRest: boolean, hadRequests: boolean): void {
    const share = hadRequests ? SHARE_BESIDE_REQUESTS : SHARE_ALONE;
    const busyMs = Math.min(BUSY_MS_MAX, Math.max(BUSY_MS_MIN, tookMs * (share - 1)));
    this.#isAtRest = isAtRest;
    this.#upkeepAtMs = nowMs + (isAtRest ? REST_MS : busyMs);
    this.noteExchange(nowMs);
  }

  /** A tick without upkeep has ended. */
  noteExchange(nowMs: number): void {
    this.#exchangeAtMs = nowMs + CLUSTER_MS;
  }

  noteFailure(nowMs: number): void {
    this.#isAtRest = false;
    this.#upkeepAtMs = nowMs + AFTER_FAILURE_MS;
    this.#exchangeAtMs = this.#upkeepAtMs;
  }

  /** Something was written. */
  noteWrite(nowMs: number): void {
    if (!this.#isAtRest) return;
    this.#isAtRest = false;
    this.#upkeepAtMs = Math.min(this.#upkeepAtMs, nowMs + AFTER_CHANGE_MS);
  }

  /** Something came from others: what is missing still is asked for soon. */
  noteReceived(nowMs: number): void {
    this.noteWrite(nowMs);
    this.#exchangeAtMs = Math.min(this.#exchangeAtMs, nowMs + BUSY_MS_MIN);
  }

  /** Milliseconds until the next tick. */
  waitMs(nowMs: number): number {
    const nextMs = this.#isClustered ? Math.min(this.#upkeepAtMs, this.#exchangeAtMs) : this.#upkeepAtMs;
    return Math.max(0, nextMs - nowMs);
  }
}
