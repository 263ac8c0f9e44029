import assert from "node:assert/strict";
import fc from "fast-check";

/** Rounds until what has to happen counts as impossible. Each round has a seed of its own. */
const ROUNDS_MAX = 20;
/** Between the seeds of two rounds: those of a run with the next seed are others. */
const ROUND_APART = 1_000_003;

/** How often something has happened so far, and how often it has to. */
export type Counts = { readonly [what: string]: readonly [count: number, least: number] };

/**
 * Checks a property, again and again with new seeds, until everything in `counts` has happened often enough for the check to say something.
 * Fails when the property does, or when it still has not happened after many rounds: never by chance.
 */
export function assertUntil<Ts>(
  counts: () => Counts,
  property: fc.IRawProperty<Ts>,
  parameters: fc.Parameters<Ts> = {},
): void {
  const first = parameters.seed ?? fc.readConfigureGlobal().seed;
  for (let round = 1; ; round++) {
    fc.assert(property, first === undefined ? parameters : { ...parameters, seed: first + (round - 1) * ROUND_APART });
    const lacking = Object.entries(counts()).filter(([, [count, least]]) => count < least);
    if (lacking.length === 0) return;
    const told = lacking.map(([what, [count, least]]) => `${what} ${count} times instead of ${least}`);
    assert.ok(round < ROUNDS_MAX, `in ${round} rounds there was ${told.join(", ")}`);
  }
}
