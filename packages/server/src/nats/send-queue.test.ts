import assert from "node:assert/strict";
import { test } from "node:test";
import type { Outgoing } from "@murmuration/core";
import fc from "fast-check";
import { LANES, SendQueue } from "./send-queue.js";

const message = (lane: Outgoing["lane"], length: number, to?: number): Outgoing => ({
  to,
  lane,
  bytes: new Uint8Array(length),
});

test("over the bound, the least urgent and last is dropped, whatever its route", () => {
  const queue = new SendQueue(100);
  queue.push("a", message("bulk", 30));
  queue.push("b", message("bulk", 31));
  queue.push("a", message("control", 20));
  queue.push("a", message("live", 40));
  assert.equal(queue.has("b", "bulk"), false, "the last bulk message went");
  assert.deepEqual([queue.bytes, queue.dropped], [90, 1]);
  queue.push("b", message("live", 50));
  assert.deepEqual([queue.has("a", "bulk"), queue.has("a", "control")], [false, false]);
  assert.deepEqual([queue.bytes, queue.dropped], [90, 3]);
  queue.push("a", message("bulk", 11));
  assert.deepEqual([queue.bytes, queue.dropped], [90, 4], "even one that has just come");
});

test("what is taken together goes to one receiver and fits, or is one message", () => {
  const queue = new SendQueue(1_000);
  for (const [length, to] of [
    [10, 1],
    [10, 1],
    [10, 1],
    [10, 2],
    [500, 2],
    [1, 2],
  ] as const)
    queue.push("a", message("bulk", length, to));
  const sizes = () => queue.take("a", "bulk", 25, 2).map(({ bytes }) => bytes.byteLength);
  assert.deepEqual([sizes(), sizes(), sizes(), sizes(), sizes(), sizes()], [[10, 10], [10], [10], [500], [1], []]);
  assert.ok(queue.isEmpty());
  assert.equal(queue.bytes, 0);
});

test("the bytes that wait are those of the messages that wait, and never above the bound", () => {
  const step = fc.record({
    route: fc.constantFrom("a", "b"),
    lane: fc.constantFrom(...LANES),
    length: fc.nat(60),
    what: fc.constantFrom("push", "push", "push", "take", "drop"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new SendQueue(100);
      let pushed = 0;
      let taken = 0;
      for (const { route, lane, length, what } of steps) {
        if (what === "take") taken += queue.take(route, lane, 50).length;
        else if (what === "drop") queue.dropRoute(route);
        else {
          queue.push(route, message(lane, length));
          pushed += 1;
        }
        assert.ok(queue.bytes <= 100);
      }
      let rest = 0;
      let bytes = 0;
      for (const route of ["a", "b"]) {
        for (const lane of LANES) {
          while (queue.has(route, lane)) {
            const before = queue.bytes;
            const some = queue.take(route, lane, 50);
            rest += some.length;
            bytes = some.reduce((sum, one) => sum + one.bytes.byteLength, 0);
            assert.equal(before - queue.bytes, bytes);
          }
        }
      }
      assert.equal(queue.bytes, 0);
      assert.equal(pushed, taken + rest + queue.dropped);
    }),
  );
});
