import assert from "node:assert/strict";
import { test } from "node:test";
import { timeRange } from "./time-range.js";

test("an axis of time shows a minute at least, of one sample and of none as well", () => {
  assert.deepEqual(timeRange([]), [0, 60]);
  assert.deepEqual(timeRange([1_000]), [940, 1_000]);
  assert.deepEqual(timeRange([1_000, 1_010]), [950, 1_010]);
  assert.deepEqual(timeRange([1_000, 1_500, 2_000]), [1_000, 2_000]);
});
