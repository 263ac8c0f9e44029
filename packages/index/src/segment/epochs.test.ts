import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EPOCH_AGE_MAX, H_EPOCH } from "./layout.js";
import { attachSegmentReader } from "./reader.js";
import type { RowChange } from "./row-change.js";
import { createSegment, type Segment } from "./segment.js";

const stamp = { wallMs: 1, counter: 0, origin: 1 };
const put = (id: number, payloadKey = id): RowChange => ({
  kind: "put",
  id,
  payloadKey,
  stamp,
  version: 1,
  slots: [id],
});
const remove = (id: number): RowChange => ({ kind: "remove", id });

function apply(segment: Segment, changes: readonly RowChange[] = []): void {
  segment.prepare(changes);
  segment.publish();
}
/** As if so many groups had passed without a change. */
function pass(segment: Segment, epochs: number): void {
  const { u32 } = segment.engine;
  Atomics.store(u32, H_EPOCH >>> 2, (segment.epoch + epochs) >>> 0 || 1);
}

describe("epochs", () => {
  test("wrap twice while rows stay visible, deleted ones stay deleted and free ones free", () => {
    const segment = createSegment({ capacity: 1_000, slots: [1_000] });
    const ids = Array.from({ length: 300 }, (_, id) => id);
    apply(
      segment,
      ids.map((id) => put(id)),
    );
    apply(segment, ids.slice(0, 100).map(remove));
    apply(
      segment,
      ids.slice(100, 200).map((id) => put(id, id + 1_000)),
    );
    const { reader } = segment;
    for (let i = 0; i < 40; i++) {
      for (let settled = 0; settled < 20; settled++) apply(segment);
      pass(segment, EPOCH_AGE_MAX / 4);
      const { epoch, release } = reader.pin();
      assert.deepEqual([reader.count(epoch), reader.countByLooking(epoch)], [200, 200]);
      for (const id of ids) {
        const row = reader.rowOf(id, epoch);
        const key = id < 100 ? undefined : id < 200 ? id + 1_000 : id;
        assert.equal(row === undefined ? undefined : reader.rows.payloadKeyAt(row), key);
        assert.equal(reader.rowAtSlot(0, id, epoch), row);
      }
      release();
    }
    assert.equal(segment.use.used, 200);
  });

  test("cannot be told apart from one that a thread stays at for too long: no group begins before it leaves", () => {
    const segment = createSegment({ capacity: 100, slots: [100] });
    const reader = attachSegmentReader(segment.handle(), 1);
    apply(segment, [put(1)]);
    const pin = reader.pin();
    pass(segment, EPOCH_AGE_MAX - 1);
    apply(segment, [put(1, 5)]);
    assert.throws(() => segment.prepare([put(2)]), { code: "capacity" });
    const row = reader.rowOf(1, pin.epoch) as number;
    assert.equal(reader.rows.payloadKeyAt(row), 1);
    pin.release();
    apply(segment, [put(2)]);
  });

  test("of several pins of a thread keep what the oldest one sees, in whatever order they are released", () => {
    const segment = createSegment({ capacity: 100, slots: [100] });
    const reader = attachSegmentReader(segment.handle(), 1);
    const pins = [1, 2, 3].map((key) => {
      apply(segment, [put(7, key)]);
      return reader.pin();
    });
    const keyAt = (epoch: number) => reader.rows.payloadKeyAt(reader.rowOf(7, epoch) as number);
    const [first, second, third] = pins as [(typeof pins)[0], (typeof pins)[0], (typeof pins)[0]];
    const others = Array.from({ length: 30 }, (_, i) => put(8, i));
    second.release();
    for (const other of others) apply(segment, [other]);
    assert.deepEqual([keyAt(first.epoch), keyAt(third.epoch)], [1, 3]);
    assert.ok(!segment.isPassed(third.epoch));
    first.release();
    first.release();
    for (const other of others) apply(segment, [other]);
    assert.equal(keyAt(third.epoch), 3);
    assert.ok(segment.isPassed(third.epoch) && !segment.isPassed(segment.epoch));
    third.release();
    assert.ok(segment.isPassed(segment.epoch));
  });
});
