import type { LeftOut } from "@murmuration/core";

/** Tells the other thread what is left out, when that has changed, and the log each problem of the catalogue once. */
export class LeftOutTold {
  readonly #tell: (leftOut: LeftOut) => void;
  readonly #warn: (problem: string) => void;
  #told: string;
  #problems: ReadonlySet<string> = new Set();

  constructor(nothing: LeftOut, tell: (leftOut: LeftOut) => void, warn: (problem: string) => void) {
    this.#told = JSON.stringify(nothing);
    this.#tell = tell;
    this.#warn = warn;
  }

  look(leftOut: LeftOut): void {
    const told = JSON.stringify(leftOut);
    if (told === this.#told) return;
    this.#told = told;
    const { first } = leftOut.catalogueProblems;
    for (const problem of first) if (!this.#problems.has(problem)) this.#warn(problem);
    // no more is remembered than is shown
    this.#problems = new Set(first);
    this.#tell(leftOut);
  }
}
