import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ModelledReads, steps } from "./snapshot-model.test-support.js";

test("a snapshot answers what its epoch shows, whatever is written meanwhile", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const modelled = new ModelledReads();
      for (const step of all) {
        modelled.run(step);
        modelled.check();
      }
    }),
    { numRuns: 25, includeErrorInReport: true },
  );
  assert.ok(true);
});
