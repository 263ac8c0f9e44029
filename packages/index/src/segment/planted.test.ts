import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PlantedIndexBug, plantedBugsOf } from "../planted.js";
import { Modelled, type Step, steps } from "./model.test-support.js";

const RUNS = 60;

/** Does the model find something wrong in random steps? The steps are the same for every bug. */
function isFound(bugs: readonly PlantedIndexBug[]): boolean {
  const holds = (all: readonly Step[]) => {
    const modelled = new Modelled(60, 1, bugs);
    for (const step of all) {
      modelled.run(step);
      modelled.check();
    }
    return true;
  };
  return fc.check(fc.property(steps, holds), { numRuns: RUNS, seed: 1, endOnFailure: true }).failed;
}

for (const bug of plantedBugsOf("table")) {
  test(`the model finds the planted bug ${bug}`, () => assert.ok(isFound([bug])));
}

test("the model finds nothing where nothing is planted", () => assert.ok(!isFound([])));
