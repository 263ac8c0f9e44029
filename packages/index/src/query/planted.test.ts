import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PlantedIndexBug } from "../planted.js";
import { assertBothRegionsAreFound, assertReplacedIsFound } from "./read-cases.test-support.js";
import { checkAlong, steps } from "./snapshot-model.test-support.js";

const RUNS = 40;

/** Does the model find something wrong in random steps? The steps are the same for every bug. */
function isFound(bugs: readonly PlantedIndexBug[]): boolean {
  const holds = fc.property(steps, (all) => checkAlong(all, 6, bugs));
  return fc.check(holds, { numRuns: RUNS, seed: 1, endOnFailure: true }).failed;
}

for (const bug of ["graphs-not-held", "slots-are-points"] as const) {
  test(`the model finds the planted bug ${bug}`, () => assert.ok(isFound([bug])));
}

test("a point of a region that nothing leads to is not found with the planted bug entries-ignored", () => {
  assert.throws(() => assertBothRegionsAreFound(["entries-ignored"]), { code: "ERR_ASSERTION" });
});

test("a point that has been replaced since is not found with the planted bug moved-is-gone", () => {
  assert.throws(() => assertReplacedIsFound("int8", ["moved-is-gone"]), { code: "ERR_ASSERTION" });
});
