import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PointId } from "../point/point-id.js";
import type { RowChange } from "./row-change.js";
import { createSegment, type Segment } from "./segment.js";

const stamp = { wallMs: 1, counter: 0, origin: 1 };
const put = (id: PointId, payloadKey = 0): RowChange => ({ kind: "put", id, payloadKey, stamp, version: 1, slots: [] });
const remove = (id: PointId): RowChange => ({ kind: "remove", id });

function apply(segment: Segment, changes: readonly RowChange[]): void {
  segment.prepare(changes);
  segment.publish();
}
function keyOf(segment: Segment, id: PointId): number | undefined {
  const pin = segment.reader.pin();
  const row = segment.reader.rowOf(id, pin.epoch);
  pin.release();
  return row === undefined ? undefined : segment.reader.rows.payloadKeyAt(row);
}

describe("rows by id", () => {
  test("are found while tables grow, for a reader that stays at an old epoch as well", () => {
    const segment = createSegment({ capacity: 200_000, slots: [], seed: [7, 9] });
    apply(
      segment,
      Array.from({ length: 600 }, (_, id) => put(id, id)),
    );
    const { reader } = segment;
    const old = reader.pin();
    for (let id = 600; id < 100_000; id += 100) {
      const replaced = Array.from({ length: 10 }, (_, i) => put((id * 7 + i) % 600, id));
      apply(segment, [...Array.from({ length: 100 }, (_, i) => put(id + i, id + i)), ...replaced]);
      for (let i = 0; i < 5; i++) {
        const known = (id * 31 + i * 97) % 600;
        const row = reader.rowOf(known, old.epoch);
        assert.equal(row === undefined ? undefined : reader.rows.payloadKeyAt(row), known);
        assert.equal(reader.rowOf(id + i, old.epoch), undefined);
        assert.equal(keyOf(segment, id + i), id + i);
        const earlier = (id * 13 + i) % id;
        if (earlier >= 600) assert.equal(keyOf(segment, earlier), earlier);
      }
    }
    old.release();
  });

  test("do not fill the largest table with ids that come and go", () => {
    // 1,024 places, and a third of them for ids that are there
    const segment = createSegment({ capacity: 400, slots: [] });
    const live = new Map<PointId, number>();
    for (let id = 0; id < 60_000; id += 20) {
      const gone = [...live.keys()].slice(0, Math.max(0, live.size - 320));
      for (const one of gone) live.delete(one);
      const added = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? 2n ** 60n + BigInt(id + i) : id + i));
      for (const one of added) live.set(one, id);
      apply(segment, [...gone.map(remove), ...added.map((one) => put(one, id))]);
      if (id % 1_000 !== 0) continue;
      for (const [one, key] of live) assert.equal(keyOf(segment, one), key);
      for (const one of gone) assert.equal(keyOf(segment, one), undefined);
    }
  });

  test("tell integers from UUIDs with the same bytes", () => {
    const segment = createSegment({ capacity: 100, slots: [] });
    const uuid = "00000000-0000-0000-0000-000000000005";
    apply(segment, [put(5, 1), put(uuid, 2)]);
    assert.deepEqual([keyOf(segment, 5), keyOf(segment, uuid)], [1, 2]);
    apply(segment, [remove(5)]);
    assert.deepEqual([keyOf(segment, 5), keyOf(segment, uuid)], [undefined, 2]);
  });

  test("refuse what is out of its bounds, with the field, and change nothing", () => {
    const segment = createSegment({ capacity: 4, slots: [10] });
    const refused = (change: object, field: string) => {
      const { epoch, use } = segment;
      const wrong = { ...put(1), ...change } as RowChange;
      assert.throws(() => segment.prepare([put(2), wrong]), { code: "validation", field });
      assert.deepEqual([segment.epoch, segment.use], [epoch, use]);
    };
    refused({ payloadKey: -1 }, "payloadKey");
    refused({ payloadKey: 2 ** 53 }, "payloadKey");
    refused({ version: 2 ** 40 }, "version");
    refused({ stamp: { ...stamp, wallMs: 0.5 } }, "stamp.wallMs");
    refused({ stamp: { ...stamp, counter: 65_536 } }, "stamp.counter");
    refused({ stamp: { ...stamp, origin: 2 ** 24 } }, "stamp.origin");
    refused({ slots: [10] }, "slots[0]");
    refused({ slots: [1, 2] }, "slots.length");

    assert.throws(() => segment.prepare([1, 2, 3, 4].map((id) => put(id))), { code: "capacity" });
    assert.equal(segment.use.rows, 3);
    for (let i = 0; i < 3; i++) apply(segment, []);
    assert.equal(segment.use.used, 0);
    apply(segment, [put(1), put(2), put(3)]);
  });
});
