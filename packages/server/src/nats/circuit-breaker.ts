/** When a `CircuitBreaker` opens and closes. */
export interface BreakerOptions {
  /** A round trip is slow above so many times its long-run median, */
  readonly slowRatio: number;
  /** and above so many milliseconds. */
  readonly slowMsMin: number;
  /** Slow round trips, or errors, in a row that open it; good ones in a row that close it. */
  readonly openAfter: number;
  readonly closeAfter: number;
  /** Round trips over which the median is taken. */
  readonly samplesMax: number;
}

const defaults: BreakerOptions = { slowRatio: 3, slowMsMin: 150, openAfter: 3, closeAfter: 3, samplesMax: 600 };

/**
 * Says whether a link is worth waiting for, from its round trips and errors. It opens when round trips stay above three times their
 * long-run median and 150 ms, or when errors persist, and closes when round trips are good again. A link that has become slow for good
 * moves the median, and with it what counts as slow.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #samplesMs: number[] = [];
  #next = 0;
  #slowInRow = 0;
  #errorsInRow = 0;
  #goodInRow = 0;
  #isOpen = false;
  #opened = 0;

  constructor(options: Partial<BreakerOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** How often it has opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Round trips above it are slow, in milliseconds. */
  thresholdMs(): number {
    return Math.max(this.#options.slowMsMin, this.#options.slowRatio * (this.medianMs() ?? 0));
  }

  /** Long-run median of the round trips. */
  medianMs(): number | undefined {
    const sorted = [...this.#samplesMs].sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  }

  noteRoundTrip(ms: number): void {
    const isFirst = this.#samplesMs.length === 0;
    const isSlow = !isFirst && ms > this.thresholdMs();
    this.#samplesMs[this.#next] = ms;
    this.#next = (this.#next + 1) % this.#options.samplesMax;
    this.#errorsInRow = 0;
    if (isSlow) {
      this.#goodInRow = 0;
      this.#slowInRow += 1;
      if (this.#slowInRow >= this.#options.openAfter) this.#open();
    } else {
      this.#slowInRow = 0;
      this.#goodInRow += 1;
      if (this.#goodInRow >= this.#options.closeAfter) this.#isOpen = false;
    }
  }

  /** A round trip that failed, or does not end. */
  noteError(): void {
    this.#goodInRow = 0;
    this.#errorsInRow += 1;
    if (this.#errorsInRow >= this.#options.openAfter) this.#open();
  }

  #open(): void {
    if (!this.#isOpen) this.#opened += 1;
    this.#isOpen = true;
  }
}
