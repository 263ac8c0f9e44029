import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.js";

test("events happen by time, and at one time in the order in which they were put in", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), (times) => {
      const queue = new EventQueue(0);
      const seen: [number, number][] = [];
      for (const [i, atMs] of times.entries()) queue.at(atMs, () => seen.push([queue.nowMs, i]));
      while (queue.step(100));
      const expected = times.map((atMs, i): [number, number] => [atMs, i]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(seen, expected);
    }),
  );
});

test("time stops where it is told to, and nothing happens in the past", () => {
  const queue = new EventQueue(10);
  const seen: number[] = [];
  queue.at(5, () => seen.push(queue.nowMs));
  queue.after(20, () => seen.push(queue.nowMs));
  while (queue.step(20));
  assert.deepEqual([seen, queue.nowMs], [[10], 20]);
  while (queue.step(40));
  assert.deepEqual([seen, queue.nowMs], [[10, 30], 40]);
});
