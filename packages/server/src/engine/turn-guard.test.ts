import assert from "node:assert/strict";
import { test } from "node:test";
import { TurnGuard } from "./turn-guard.js";

test("a turn that fails is told with its place, once for the same words, and ends nothing", () => {
  const told: string[] = [];
  const guard = new TurnGuard((what, why) => told.push(`${what}: ${why}`));
  const error = new Error("assertion failed: no");
  const fail = () => {
    throw error;
  };
  assert.equal(guard.run("a tick failed", fail), false);
  assert.equal(guard.run("a tick failed", fail), false);
  assert.equal(
    guard.run("a tick failed", () => undefined),
    true,
  );
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /^a tick failed: Error: assertion failed: no\n +at /);
});
