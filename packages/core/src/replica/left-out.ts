import { limits } from "../limits.js";
import type { SetAsideOperation } from "./exchange/set-aside.js";

/** How many there are, and the first of them: as many as `limits.leftOutShown`. */
export interface Shown<One> {
  readonly total: number;
  readonly first: readonly One[];
}

/** What came or is in the log and is not part of the state. Everything else is served. */
export interface LeftOut {
  /** Operations of others that do not fit the state here; they are asked for again. */
  readonly setAside: Shown<SetAsideOperation>;
  /** Entries of the catalogue that could not be read, in words. */
  readonly catalogueProblems: Shown<string>;
}

/** What is left out where all is well. */
export const nothingLeftOut: LeftOut = {
  setAside: { total: 0, first: [] },
  catalogueProblems: { total: 0, first: [] },
};

const cut = (text: string) =>
  text.length > limits.leftOutCharacters ? `${text.slice(0, limits.leftOutCharacters)}…`.toWellFormed() : text;

/** Bounded: what is left out may hold whatever a stranger sends. */
export function leftOut(setAside: readonly SetAsideOperation[], problems: readonly string[]): LeftOut {
  const some = limits.leftOutShown;
  return {
    setAside: {
      total: setAside.length,
      first: setAside.slice(0, some).map((one) => ({ ...one, reason: cut(one.reason) })),
    },
    catalogueProblems: { total: problems.length, first: problems.slice(0, some).map(cut) },
  };
}
