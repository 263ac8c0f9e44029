/** How something stands that somebody began and that takes time. */
export interface RunState {
  readonly isRunning: boolean;
  /** Why the latest failed; `undefined`: it did not, or was given up. */
  readonly error: Error | undefined;
}

/** Takes what it came to; `undefined` where it failed: what there was before would be taken for its answer. */
type OnEnd<Value> = (value: Value | undefined) => void;

/** Does one thing at a time: who begins another one gives up the one before it, of which nothing is heard any more. */
export class OneRun {
  #running: AbortController | undefined;
  readonly #onState: (state: RunState) => void;

  constructor(onState: (state: RunState) => void) {
    this.#onState = onState;
  }

  /** Begins `work`, which ends with its signal. `onEnd` is called with what it came to, or that it failed, and not where it was given up. */
  start<Value>(work: (signal: AbortSignal) => Promise<Value>, onEnd: OnEnd<Value>): void {
    this.#giveUp("another one was begun");
    const own = new AbortController();
    this.#running = own;
    this.#onState({ isRunning: true, error: undefined });
    const end = (error: Error | undefined, value: Value | undefined) => {
      if (this.#running !== own) return;
      this.#running = undefined;
      this.#onState({ isRunning: false, error });
      onEnd(value);
    };
    // what fails before there is a promise fails as one
    new Promise<Value>((resolve) => resolve(work(own.signal))).then(
      (value) => end(undefined, value),
      (error: unknown) => end(error as Error, undefined),
    );
  }

  /** Gives up what is under way. */
  cancel(): void {
    if (this.#giveUp("not wanted any more")) this.#onState({ isRunning: false, error: undefined });
  }

  #giveUp(why: string): boolean {
    const before = this.#running;
    this.#running = undefined;
    before?.abort(new DOMException(why, "AbortError"));
    return before !== undefined;
  }
}
