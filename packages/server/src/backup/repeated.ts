const MINUTE_MS = 60_000;

/** How a thing that is done again and again went since the start. */
export interface RepeatedReport<Result> {
  /** 0: it is not done. */
  readonly everyMinutes: number;
  readonly last?: { readonly atMs: number; readonly result: Result };
  /** Why the last one failed; missing after one that did not. */
  readonly lastFailure?: { readonly atMs: number; readonly why: string };
  readonly failures: number;
}

/** What is done, and how often. */
export interface RepeatedOptions<Result> {
  /** 0: never. */
  readonly everyMinutes: number;
  /** The first one comes after so long at most, as who starts a server often would wait for ever; one that failed likewise. */
  readonly soonMs: number;
  /** `undefined`: there was nothing to do. */
  readonly act: () => Promise<Result | undefined>;
  readonly onDone?: (result: Result) => void;
  readonly onFailed?: (why: string) => void;
}

/** Does something again and again, one after the other, and keeps how it went. */
export class Repeated<Result> {
  readonly #options: RepeatedOptions<Result>;
  #timer: NodeJS.Timeout | undefined;
  #last: RepeatedReport<Result>["last"];
  #lastFailure: RepeatedReport<Result>["lastFailure"];
  #failures = 0;
  #isClosed = false;

  constructor(options: RepeatedOptions<Result>) {
    this.#options = options;
    if (options.everyMinutes > 0) this.#after(this.#soonMs);
  }

  get report(): RepeatedReport<Result> {
    const last = this.#last === undefined ? {} : { last: this.#last };
    const lastFailure = this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure };
    return { everyMinutes: this.#options.everyMinutes, failures: this.#failures, ...last, ...lastFailure };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  get #everyMs(): number {
    return this.#options.everyMinutes * MINUTE_MS;
  }

  get #soonMs(): number {
    return Math.min(this.#options.soonMs, this.#everyMs);
  }

  #after(ms: number): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#act(), ms).unref();
  }

  /** Never rejects. */
  async #act(): Promise<void> {
    const { act, onDone, onFailed } = this.#options;
    try {
      const result = await act();
      this.#lastFailure = undefined;
      if (result !== undefined) {
        this.#last = { atMs: Date.now(), result };
        onDone?.(result);
      }
      this.#after(this.#everyMs);
    } catch (error) {
      if (this.#isClosed) return;
      const why = error instanceof Error ? error.message : String(error);
      this.#failures++;
      this.#lastFailure = { atMs: Date.now(), why };
      onFailed?.(why);
      this.#after(this.#soonMs);
    }
  }
}
