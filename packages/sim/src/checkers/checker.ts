import type { Node } from "../node.js";

/** A rule that was broken. */
export interface Violation {
  /** Name of the checker. */
  readonly checker: string;
  readonly atMs: number;
  readonly detail: string;
}

/** Thrown by a checker. */
export class Violated extends Error {
  readonly checker: string;

  constructor(checker: string, detail: string) {
    super(detail);
    this.checker = checker;
  }
}

/** What checkers look at. */
export interface Observed {
  readonly nodes: readonly Node[];
  readonly trueMs: number;
}
