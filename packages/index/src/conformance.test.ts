import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "./conformance.js";

test("a property is checked until what has to happen has happened, and fails by no chance", () => {
  let [runs, rare] = [0, 0];
  const property = fc.property(fc.nat(999), () => {
    runs += 1;
    rare += Number(runs % 150 === 0);
  });
  assertUntil(() => ({ rare: [rare, 2] }), property, { numRuns: 100 });
  assert.deepEqual([runs, rare], [300, 2]);
});

test("what never happens fails in the end, and is named", () => {
  const property = fc.property(fc.nat(), () => undefined);
  assert.throws(() => assertUntil(() => ({ wonders: [0, 1] }), property), /in 20 rounds there was wonders 0 times/);
  const broken = fc.property(fc.nat(), () => assert.fail("broken"));
  assert.throws(() => assertUntil(() => ({}), broken), /Property failed after 1 tests/);
});
