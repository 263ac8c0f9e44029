/** A fault of the program itself: something that it guarantees did not hold. */
export interface Fault {
  readonly what: string;
  /** What was thrown, with the place where that is known. */
  readonly detail: string;
}

const KEPT = 100;

/** Faults since they were last taken, the first of them where there were many. */
export class Faults {
  #noted: Fault[] = [];

  note(what: string, error: unknown): void {
    const place = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
    if (this.#noted.length < KEPT) this.#noted.push({ what, detail: place + cause });
  }

  take(): Fault[] {
    const noted = this.#noted;
    this.#noted = [];
    return noted;
  }
}
