/** The epoch of the writer that a reader's knowledge of slots is as of: slots retired since are not reused. */
export class EpochPin {
  readonly #pin: (epoch: number) => void;
  /** What was pinned last. */
  #pinned: number | undefined;
  /** The epochs of those that hold the graph, as pinned when they began; `undefined`: before anything was. */
  readonly #holds = new Set<{ readonly epoch: number | undefined }>();

  /** `pin` tells the writer. */
  constructor(pin: (epoch: number) => void) {
    this.#pin = pin;
  }

  /** The reader has followed the writer to here. */
  set(epoch: number): void {
    this.#pinned = epoch;
    this.#tell();
  }

  /** Stay at the epoch of now, whatever is followed, until the returned function is called. */
  hold(): () => void {
    const held = { epoch: this.#pinned };
    this.#holds.add(held);
    return () => {
      if (this.#holds.delete(held)) this.#tell();
    };
  }

  #tell(): void {
    let oldest = this.#pinned;
    if (oldest === undefined) return;
    for (const { epoch } of this.#holds) {
      // what somebody else pinned for this reader stands
      if (epoch === undefined) return;
      oldest = Math.min(oldest, epoch);
    }
    this.#pin(oldest);
  }
}
