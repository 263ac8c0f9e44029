import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { Modelled, steps } from "./model.test-support.js";

test("readers at any epoch see the points of that epoch, whatever is written, taken back or given back", () => {
  let [refused, runs] = [0, 0];
  assertUntil(
    () => ({ "groups refused by full tables": [refused, 1] }),
    fc.property(steps, fc.constantFrom(40, 300), fc.constantFrom(1, 0xffff_fff0), (all, capacity, firstEpoch) => {
      const modelled = new Modelled(capacity, firstEpoch);
      for (const step of all) {
        modelled.run(step);
        modelled.check();
      }
      modelled.end();
      modelled.check();
      refused += modelled.refused;
      runs++;
    }),
    { numRuns: 60 },
  );
  assert.ok(refused < runs * 30, `not at most times: ${refused} groups in ${runs} runs`);
});
