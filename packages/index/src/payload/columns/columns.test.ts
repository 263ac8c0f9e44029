import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  ModelledColumns,
  type ModelOptions,
  modelConditions,
  modelSteps,
  type Step,
} from "./columns-model.test-support.js";
import { type PlantedColumnBug, plantedColumnBugs } from "./planted.js";

const firstEpoch = fc.constantFrom(1, 2 ** 31 - 20, 2 ** 32 - 20);

function run(
  options: ModelOptions,
  steps: readonly Step[],
  conditions: Parameters<ModelledColumns["check"]>[0],
  checkEvery: number,
) {
  const model = new ModelledColumns(options);
  try {
    for (const [i, step] of steps.entries()) {
      model.run(step);
      if (i % checkEvery === checkEvery - 1) model.check(conditions);
    }
    model.check(conditions);
    return model;
  } finally {
    model.end();
  }
}

describe("columns", () => {
  test("answer what predicates and indexes on the heap answer, at every epoch that a reader is at", () => {
    let [found, asked] = [0, 0];
    fc.assert(
      fc.property(
        modelSteps,
        modelConditions,
        firstEpoch,
        fc.constantFrom(64, 3, 12),
        (steps, conditions, firstEpoch, postingRows) => {
          const model = run({ firstEpoch, postingRows }, steps, conditions, 5);
          found += model.found;
          asked += model.columnsAsked;
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(found > 1_000 && asked > 100, `${found} rows were found in ${asked} columns`);
  });

  test("refuse what the memory has no room for, and stay what they are", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        modelSteps,
        modelConditions,
        fc.integer({ min: 400_000, max: 900_000 }),
        (steps, conditions, arenaBytes) => {
          refused += run({ arenaBytes, postingRows: 3 }, steps, conditions, 5).refused;
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(refused > 10, `${refused} were refused`);
  });

  test("are those of before when the table is read from an image, and go on", () => {
    fc.assert(
      fc.property(modelSteps, modelSteps, modelConditions, (before, after, conditions) => {
        const model = run({ postingRows: 3 }, before, conditions, 1_000);
        model.reload();
        model.check(conditions);
        for (const step of after) model.run(step);
        model.check(conditions);
        model.end();
      }),
      { numRuns: 20 },
    );
  });

  for (const name of Object.keys(plantedColumnBugs) as PlantedColumnBug[]) {
    if (name === "extent-reused") continue;
    test(`are caught when ${name}`, () => {
      const found = fc.check(
        fc.property(modelSteps, modelConditions, (steps, conditions) => {
          run({ bugs: [name] }, steps, conditions, 1);
        }),
        { numRuns: 200, endOnFailure: true },
      );
      assert.ok(found.failed);
      assert.match(String(found.errorInstance), /AssertionError/);
    });
  }
});
