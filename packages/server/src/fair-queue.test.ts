import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FairQueue } from "./fair-queue.js";

test("whoever sends much waits behind itself, and its bound holds nobody else up", () => {
  const queue = new FairQueue<string>();
  let refused = 0;
  for (let at = 0; at < 100; at++) if (!queue.push(1, `flood ${at}`, 1_000, 20_000)) refused += 1;
  assert.ok(refused > 80 && queue.bytes <= 20_000);
  assert.ok(queue.push(2, "a", 10, 20_000));
  assert.ok(queue.push(2, "b", 10, 20_000));
  const first = Array.from({ length: 4 }, () => queue.shift()?.item);
  assert.deepEqual(first, ["flood 0", "a", "flood 1", "b"]);
});

test("one item gets in however long it is, and empty ones cost something", () => {
  const queue = new FairQueue<number>();
  assert.ok(queue.push(1, 0, 1e9, 10_000));
  assert.ok(!queue.push(1, 1, 0, 10_000));
  assert.equal(queue.shift()?.item, 0);
  let taken = 0;
  while (queue.push(1, taken, 0, 10_000)) taken += 1;
  assert.ok(taken < 100);
});

test("what was put in comes out, in the order of its owner", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean())), (steps) => {
      const queue = new FairQueue<number>();
      const put = new Map<number, number[]>();
      const got = new Map<number, number[]>();
      const owners: number[] = [];
      const take = () => {
        const taken = queue.shift();
        if (taken === undefined) return;
        const owner = owners[taken.item] as number;
        got.set(owner, [...(got.get(owner) ?? []), taken.item]);
      };
      for (const [owner, takes] of steps) {
        const item = owners.push(owner) - 1;
        assert.ok(queue.push(owner, item, 1, 1e9));
        put.set(owner, [...(put.get(owner) ?? []), item]);
        if (takes) take();
      }
      while (!queue.isEmpty) take();
      assert.deepEqual(new Map([...got].sort()), new Map([...put].sort()));
      assert.equal(queue.bytes, 0);
    }),
  );
});
