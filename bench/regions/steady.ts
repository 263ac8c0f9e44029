const TICK_MS = 1;

/**
 * Starts a task so many times a second until it is stopped, whether or not earlier ones are done. Each takes its place in time, so that a
 * queue that builds up shows in how long the tasks take.
 */
export class Steady {
  readonly #timer: NodeJS.Timeout;
  readonly #running = new Set<Promise<void>>();
  #tookMs: number[] = [];
  #failed = 0;
  #lastError: unknown;

  /** `task` is given its number. */
  constructor(perSecond: number, task: (at: number) => Promise<void>) {
    const beganMs = performance.now();
    let started = 0;
    this.#timer = setInterval(() => {
      for (; beganMs + (started * 1_000) / perSecond <= performance.now(); started++)
        this.#start(beganMs + (started * 1_000) / perSecond, task(started));
    }, TICK_MS);
  }

  /** Tasks that were rejected so far. */
  get failed(): number {
    return this.#failed;
  }

  get lastError(): unknown {
    return this.#lastError;
  }

  /** Takes the milliseconds from when each task was due to its end, of those that ended since the last call. */
  takeDurations(): number[] {
    const taken = this.#tookMs;
    this.#tookMs = [];
    return taken;
  }

  /** Starts no more, and waits for those that run. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
  }

  #start(dueMs: number, task: Promise<void>): void {
    const running = task.then(
      () => void this.#tookMs.push(performance.now() - dueMs),
      (error: unknown) => {
        this.#failed += 1;
        this.#lastError = error;
      },
    );
    this.#running.add(running);
    void running.then(() => this.#running.delete(running));
  }
}
