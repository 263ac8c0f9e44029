/** Does one thing after the other, in the order in which they were asked for. */
export class OneAtATime {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when everything that was asked for until now is done, whatever became of it. */
  get settled(): Promise<void> {
    return this.#last;
  }

  run<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}
