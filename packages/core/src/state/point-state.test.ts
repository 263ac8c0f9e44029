import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  deletePoint,
  deletePointFields,
  deletePointVectors,
  type PointState,
  replacePointPayload,
  setPointFields,
  updatePointVectors,
  upsertPoint,
  visibleDot,
  visibleVectorNames,
  type Write,
} from "./point-state.js";
import { applyWrite, concurrentWrites, interleavings, type PointWrite } from "./point-state.test-support.js";
import { encodePointState } from "./point-state-codec.js";

const at = (wallMs: number, origin = 1): Write => ({
  stamp: { time: { wallMs, counter: 0 }, origin },
  sequence: wallMs,
});
const point = { id: 7, vectors: ["", "image"], payload: { a: 1, b: 2 } };
const made = upsertPoint(undefined, at(10), point);

function applyAll(writes: readonly PointWrite[]): PointState | undefined {
  return writes.reduce<PointState | undefined>((state, write) => applyWrite(state, write), undefined);
}

const bytesOf = (state: PointState | undefined) =>
  state === undefined ? "" : Buffer.from(encodePointState(state)).toString("hex");

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

describe("the state of a point", () => {
  test("does not depend on the order in which concurrent writes arrive", () => {
    fc.assert(
      fc.property(concurrentWrites, (lists) => {
        const [first, ...others] = interleavings(lists).map((order) => bytesOf(applyAll(order)));
        for (const other of others) assert.equal(other, first);
      }),
      { numRuns: 200, includeErrorInReport: true },
    );
  });

  test("does not change, and is the same object, when a write arrives again", () => {
    fc.assert(
      fc.property(concurrentWrites, fc.nat(), (lists, which) => {
        const writes = lists.flat();
        const state = applyAll(writes);
        const again = writes[which % writes.length] as PointWrite;
        assert.equal(applyWrite(state, again), state);
      }),
    );
  });

  test("is never changed in place", () => {
    fc.assert(
      fc.property(concurrentWrites, (lists) => {
        let state: PointState | undefined;
        for (const write of lists.flat()) state = deepFreeze(applyWrite(deepFreeze(state), deepFreeze(write)));
      }),
    );
  });

  test("the later stamp wins, and of equal times the higher origin", () => {
    const other = { id: 7, vectors: [""], payload: { c: 3 } };
    assert.equal(upsertPoint(made, at(9), other), made);
    assert.deepEqual(upsertPoint(made, at(11), other), upsertPoint(undefined, at(11), other));
    assert.deepEqual(upsertPoint(made, at(10, 2), other), upsertPoint(undefined, at(10, 2), other));
    assert.equal(upsertPoint(upsertPoint(undefined, at(10, 2), other), at(10, 1), point).payload, other.payload);
  });

  test("payload fields are merged one by one", () => {
    const a = setPointFields(made, at(12), { a: 10 });
    const both = setPointFields(a, at(11), { a: 5, b: 20 });
    assert.deepEqual(both.payload, { a: 10, b: 20 });
    assert.deepEqual(deletePointFields(both, at(11, 2), ["a", "b"]).payload, { a: 10 });
  });

  test("a field that a later writer deleted does not come back by an earlier write", () => {
    const gone = deletePointFields(made, at(12), ["a"]);
    assert.equal(setPointFields(gone, at(11), { a: 9 }), gone);
    assert.deepEqual(replacePointPayload(gone, at(11), { a: 9, z: 1 }).payload, { z: 1 });
  });

  test("an upsert drops older fields and vectors and keeps later ones", () => {
    const edited = updatePointVectors(
      setPointFields(setPointFields(made, at(11), { old: 1 }), at(21), { new: 1 }),
      at(22),
      ["image"],
    );
    const next = upsertPoint(edited, at(20), { id: 7, vectors: [""], payload: { fresh: 1 } });
    assert.deepEqual(next.payload, { fresh: 1, new: 1 });
    assert.deepEqual(visibleDot(next, ""), { origin: 1, sequence: 20 });
    assert.deepEqual(visibleDot(next, "image"), { origin: 1, sequence: 22 });
    const later = upsertPoint(edited, at(30), { id: 7, vectors: [""], payload: {} });
    assert.deepEqual(visibleVectorNames(later), [""]);
    assert.deepEqual(later.payload, {});
    assert.deepEqual(later.fieldStamps, {});
  });

  test("a deleted point shows nothing, and field writes after the delete wait for whoever makes it again", () => {
    const gone = setPointFields(deletePoint(made, at(20), 7), at(22), { late: 1 });
    assert.equal(gone.exists, false);
    assert.deepEqual(visibleVectorNames(gone), []);
    assert.equal(visibleDot(gone, ""), undefined);
    const again = upsertPoint(gone, at(21), { id: 7, vectors: [], payload: { a: 1 } });
    assert.deepEqual(again.payload, { a: 1, late: 1 });
    assert.equal(upsertPoint(gone, at(19), point), gone);
  });

  test("a delete of an unknown point leaves a tombstone that an earlier upsert does not lift", () => {
    const tombstone = deletePoint(undefined, at(20), 7);
    assert.equal(tombstone.exists, false);
    assert.equal(upsertPoint(tombstone, at(19), point), tombstone);
    assert.equal(upsertPoint(tombstone, at(21), point).exists, true);
  });

  test("a removed vector is none until a later write brings it again", () => {
    const gone = deletePointVectors(made, at(12), ["image", "unknown"]);
    assert.deepEqual(visibleVectorNames(gone), [""]);
    assert.equal(updatePointVectors(gone, at(11), ["image"]), gone);
    assert.deepEqual(visibleVectorNames(updatePointVectors(gone, at(13), ["image"])), ["", "image"]);
  });

  test("the text of a payload does not depend on the order in which its fields arrived", () => {
    const one = setPointFields(setPointFields(made, at(11), { y: 1 }), at(12), { x: 1 });
    const other = setPointFields(setPointFields(made, at(12), { x: 1 }), at(11), { y: 1 });
    assert.equal(JSON.stringify(one.payload), JSON.stringify(other.payload));
  });

  test("its version is that of its latest write, whichever came last", () => {
    const late = { ...at(30, 2), sequence: 3 };
    const early = { ...at(20, 1), sequence: 9 };
    const one = setPointFields(setPointFields(made, late, { a: 1 }), early, { b: 1 });
    const other = setPointFields(setPointFields(made, early, { b: 1 }), late, { a: 1 });
    assert.equal(one.version, 3);
    assert.equal(other.version, 3);
    assert.equal(upsertPoint(setPointFields(made, late, { a: 1 }), early, point).version, 3);
    assert.equal(deletePointVectors(setPointFields(made, late, { a: 1 }), early, [""]).version, 3);
  });
});
