/** Lets through so many bytes per second on average, and up to one second's worth at once. Time is given by the caller. */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  #tokens: number;
  #lastMs: number;

  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = bytesPerSecond;
    this.#lastMs = nowMs;
  }

  /** Milliseconds until something may be sent; 0: now. */
  waitMs(nowMs: number): number {
    this.#refill(nowMs);
    // Whatever its size, a frame goes once there is any token, and leaves a debt: none is too large to ever be sent.
    return this.#tokens > 0 ? 0 : Math.ceil((1 - this.#tokens) / (this.#bytesPerSecond / 1_000));
  }

  /** Counts bytes as sent. */
  spend(bytes: number, nowMs: number): void {
    this.#refill(nowMs);
    this.#tokens -= bytes;
  }

  #refill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#bytesPerSecond, this.#tokens + (elapsedMs * this.#bytesPerSecond) / 1_000);
  }
}
