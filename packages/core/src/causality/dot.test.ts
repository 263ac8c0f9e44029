import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.js";
import { compareDots, dotFromKey, dotText, dotToKey } from "./dot.js";

const dots = fc
  .tuple(fc.integer({ min: 1, max: limits.originMax }), fc.integer({ min: 1, max: limits.sequenceMax }))
  .map(([origin, sequence]) => ({ origin, sequence }));

test("a dot's key gives the dot back and fits 64 bits", () => {
  fc.assert(
    fc.property(dots, (dot) => {
      const key = dotToKey(dot);
      assert.ok(key > 0n && key < 2n ** 64n);
      assert.deepEqual(dotFromKey(key), dot);
    }),
  );
  assert.equal(dotToKey({ origin: 1, sequence: 1 }), 0x100_0000_0001n);
  assert.equal(dotToKey({ origin: limits.originMax, sequence: limits.sequenceMax }), 2n ** 64n - 1n);
});

test("dots are ordered as their keys are", () => {
  fc.assert(
    fc.property(dots, dots, (a, b) => {
      const keys = dotToKey(a) < dotToKey(b) ? -1 : dotToKey(a) > dotToKey(b) ? 1 : 0;
      assert.equal(Math.sign(compareDots(a, b)), keys);
    }),
  );
});

test("a dot outside its range has no key", () => {
  for (const dot of [
    { origin: 0, sequence: 1 },
    { origin: 1, sequence: 0 },
    { origin: limits.originMax + 1, sequence: 1 },
    { origin: 1, sequence: limits.sequenceMax + 1 },
    { origin: 1.5, sequence: 1 },
  ]) {
    assert.throws(() => dotToKey(dot));
  }
  assert.throws(() => dotFromKey(0n));
});

test("a dot reads as origin and sequence", () => {
  assert.equal(dotText({ origin: 3, sequence: 17 }), "3:17");
});
