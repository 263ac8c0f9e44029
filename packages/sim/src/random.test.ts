import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "./random.js";

const draw = (random: Random) => Array.from({ length: 20 }, () => random.bits());

test("one seed gives one sequence, another gives another", () => {
  assert.deepEqual(draw(new Random(7)), draw(new Random(7)));
  assert.notDeepEqual(draw(new Random(7)), draw(new Random(8)));
});

test("what is drawn from a fork does not move its parent, nor another fork", () => {
  const [one, two] = [new Random(7), new Random(7)];
  draw(one.fork("a"));
  assert.deepEqual(draw(one), draw(two));
  assert.notDeepEqual(draw(new Random(7).fork("a")), draw(new Random(7).fork("b")));
});

test("numbers keep to their ranges and reach both ends", () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 200 }, () => random.between(3, 6)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
  assert.throws(() => random.pick([]));
});
