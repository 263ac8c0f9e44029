import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import { allIds } from "./model.test-support.js";
import type { RowChange } from "./row-change.js";
import { createSegment, type Segment } from "./segment.js";

const stamp = { wallMs: 1, counter: 0, origin: 1 };
const put = (id: PointId): RowChange => ({ kind: "put", id, payloadKey: 0, stamp, version: 1, slots: [] });
const remove = (id: PointId): RowChange => ({ kind: "remove", id });

const uuid = (n: number): PointId => {
  // the order of these is not that of n
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  return `${mixed.toString(16).padStart(8, "0")}-0000-0000-0000-${n.toString(16).padStart(12, "0")}`;
};

function apply(segment: Segment, changes: readonly RowChange[], fails = false): void {
  segment.prepare(changes);
  if (fails) segment.takeBack();
  else segment.publish();
}
function idsOf(segment: Segment): PointId[] {
  const pin = segment.reader.pin();
  const ids = allIds(segment.reader, pin.epoch, 500);
  pin.release();
  return ids;
}

describe("ids in order", () => {
  /** A run of ids: from where, how many, how far apart, and in which order they come. */
  const runs = fc.record({
    from: fc.nat(3_000),
    count: fc.integer({ min: 1, max: 400 }),
    apart: fc.integer({ min: 1, max: 7 }),
    order: fc.constantFrom("up", "down", "mixed"),
    isUuid: fc.boolean(),
    kind: fc.constantFrom("put", "put", "put", "remove", "remove all but some"),
    fails: fc.constantFrom(false, false, true),
  });

  test("are those of the points, after any groups of inserts and deletes", () => {
    let most = 0;
    assertUntil(
      () => ({ "ids in the largest tree": [most, 1_000] }),
      fc.property(fc.array(runs, { minLength: 1, maxLength: 30, size: "max" }), (all) => {
        const segment = createSegment({ capacity: 10_000, slots: [] });
        const model = new Set<PointId>();
        for (const { from, count, apart, order, isUuid, kind, fails } of all) {
          const numbers = Array.from({ length: count }, (_, i) => from + i * apart);
          if (order === "down") numbers.reverse();
          if (order === "mixed") numbers.sort((a, b) => ((a * 7919) % 1009) - ((b * 7919) % 1009));
          const ids = numbers.map((n) => (isUuid ? uuid(n) : n));
          const chosen = kind === "remove all but some" ? ids.filter((_, i) => i % 17 !== 3) : ids;
          apply(segment, chosen.map(kind === "put" ? put : remove), fails);
          if (fails) continue;
          for (const id of chosen) {
            if (kind === "put") model.add(id);
            else model.delete(id);
          }
          assert.deepEqual(idsOf(segment), [...model].sort(comparePointIds));
          most = Math.max(most, model.size);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("take little room when most of them are deleted, whichever are left", () => {
    const segment = createSegment({ capacity: 200_000, slots: [] });
    let next = 0;
    for (let round = 0; round < 40; round++) {
      const ids = Array.from({ length: 4_000 }, () => next++);
      apply(segment, ids.map(put));
      apply(segment, ids.filter((id) => id % 50 !== 0).map(remove));
      for (let i = 0; i < 10; i++) apply(segment, []);
    }
    assert.equal(idsOf(segment).length, next / 50);
    // 512 bytes hold 62 ids
    assert.ok(segment.use.orderBytes < 4_000 * 40 * 2, `${segment.use.orderBytes} bytes`);
  });

  test("keep nothing of groups that are taken back", () => {
    const segment = createSegment({ capacity: 20_000, slots: [] });
    apply(segment, [put(1), put(uuid(1))]);
    for (let round = 1; round < 50; round++) {
      const numbers = Array.from({ length: 2_000 }, (_, i) => round * 2_000 + i);
      apply(segment, [...numbers.map(put), ...numbers.map((n) => put(uuid(n)))], true);
      for (let i = 0; i < 6; i++) apply(segment, []);
    }
    assert.deepEqual(idsOf(segment), [1, uuid(1)]);
    const { used, rows, orderBytes } = segment.use;
    assert.ok(used === 2 && rows < 3 * 4_000 && orderBytes < 3 * 4_000 * 24, `${rows} rows, ${orderBytes} bytes`);
  });
});
