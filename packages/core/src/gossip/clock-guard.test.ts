import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "../limits.js";
import { ClockGuard } from "./clock-guard.js";

const FAR = limits.clockDriftMsMax + 1;

test("the own clock is wrong when strictly more than half of the members disagree with it", () => {
  const guard = new ClockGuard();
  guard.note(2, FAR, 0);
  guard.note(3, 0, FAR);
  assert.deepEqual(guard.offenders([1, 2, 3, 4]), [2, 3]);
  assert.equal(guard.selfDisagrees([1, 2, 3, 4]), false);
  assert.equal(guard.selfDisagrees([1, 2, 3]), true);
  assert.equal(guard.selfDisagrees([1, 2]), false);
  assert.equal(guard.selfDisagrees([]), false);
  assert.equal(guard.ownAheadMs([1, 2, 4]), -FAR);
  assert.equal(guard.ownAheadMs([1, 3, 4]), FAR);
  assert.equal(guard.ownAheadMs([1, 4]), 0);
});

test("who disagrees by no more than the bound agrees", () => {
  const guard = new ClockGuard();
  guard.note(2, limits.clockDriftMsMax, 0);
  guard.note(3, 0, limits.clockDriftMsMax);
  assert.deepEqual(guard.offenders([1, 2, 3, 4]), []);
  assert.equal(guard.offsetMs(3), -limits.clockDriftMsMax);
  assert.equal(guard.offsetMs(4), undefined);
});

test("a clock that jumps or is put right is noticed with the next message", () => {
  const guard = new ClockGuard();
  guard.note(2, 1000, 1010);
  assert.equal(guard.selfDisagrees([2]), false);
  guard.note(2, 2000, 2000 + FAR);
  assert.deepEqual(guard.offenders([1, 2]), [2]);
  guard.note(2, 3000, 3000);
  assert.deepEqual(guard.offenders([1, 2]), []);
});
