/** What a broken rule is about, as far as its checker can say. */
export interface Involved {
  /** Replica ids, the one that shows it first. */
  readonly nodes?: readonly number[];
  /** Ids as text. */
  readonly points?: readonly string[];
}

/** A rule that was broken. */
export interface Violation {
  /** Name of the checker. */
  readonly checker: string;
  readonly atMs: number;
  readonly detail: string;
  readonly about?: Involved;
}

/** Thrown by a checker. */
export class Violated extends Error {
  readonly checker: string;
  readonly about: Involved;

  constructor(checker: string, detail: string, about: Involved = {}) {
    super(detail);
    this.checker = checker;
    this.about = about;
  }
}
