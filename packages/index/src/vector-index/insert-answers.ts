import { MurmurationError } from "../errors.js";
import { NO_SLOT } from "./engine.js";
import type { NodeDot } from "./search-types.js";

/** Answers of the engine's applyInsert that are no slot (assembly/apply.ts). */
const FULL = NO_SLOT;
const MALFORMED = NO_SLOT - 1;
const DUPLICATE = NO_SLOT - 2;

/** Throws for an answer of the engine that says why it inserts nothing. */
export function requireInserted(answer: number, { origin, sequence }: NodeDot, capacity: number): void {
  if (answer === FULL) throw fullMemory(capacity);
  if (answer === MALFORMED)
    throw new MurmurationError("corrupt", "the graph delta is malformed or does not fit the graph");
  if (answer === DUPLICATE) throw new MurmurationError("corrupt", `the graph already holds ${origin}:${sequence}`);
}

/** A graph that has room for `capacity` vectors has no more. */
export function fullMemory(capacity: number): MurmurationError {
  return new MurmurationError(
    "capacity",
    `the shard's memory is full: it holds at most ${capacity} vectors of this size`,
  );
}
