import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createCollection, openReplica, point, run, space, upsert } from "../replica/replica.test-support.js";
import { retrieve } from "./records.js";
import type { Selection } from "./request.js";

const replica = openReplica();
run(replica, createCollection("n", { x: space(2), y: space(1), z: space(1) }));
run(
  replica,
  upsert("n", [
    point(1, { y: Float32Array.of(7), x: Float32Array.of(1, 2) }, { a: { b: 1, c: 2 }, d: 3 }),
    point(2, {}),
  ]),
);
const get = (ids: readonly number[], selection: Selection) => retrieve(replica.shard("n"), ids, selection);

describe("retrieving", () => {
  test("answers in the order asked for, repeats what is asked twice, and passes unknown ids over", () => {
    assert.deepEqual(get([2, 9, 1, 2], { payload: false, vectors: false }), [{ id: 2 }, { id: 1 }, { id: 2 }]);
  });

  test("shows the selected vectors, those it has, by name", () => {
    assert.deepEqual(get([1], { payload: false, vectors: true }), [
      { id: 1, vectors: { x: Float32Array.of(1, 2), y: Float32Array.of(7) } },
    ]);
    assert.deepEqual(get([1, 2], { payload: false, vectors: ["z", "y"] }), [
      { id: 1, vectors: { y: Float32Array.of(7) } },
      { id: 2, vectors: {} },
    ]);
  });

  test("shows vectors by name also where they were written in another order", () => {
    const y = Float32Array.of(1);
    run(replica, upsert("n", [point(3, { y })]));
    run(replica, {
      kind: "update-vectors",
      collection: "n",
      points: [{ id: 3, vectors: { x: Float32Array.of(1, 2) } }],
    });
    assert.deepEqual(Object.keys(get([3], { payload: false, vectors: true })[0]?.vectors ?? {}), ["x", "y"]);
  });

  test("shows the selected payload", () => {
    assert.deepEqual(get([1], { payload: true, vectors: false })[0]?.payload, { a: { b: 1, c: 2 }, d: 3 });
    assert.deepEqual(get([1], { payload: { include: ["a.b"] }, vectors: false })[0]?.payload, { a: { b: 1 } });
    assert.deepEqual(get([1], { payload: { exclude: ["a.b"] }, vectors: false })[0]?.payload, { a: { c: 2 }, d: 3 });
    assert.deepEqual(get([2], { payload: true, vectors: false }), [{ id: 2, payload: {} }]);
  });

  test("gives copies: writing into an answer changes nothing", () => {
    const [record] = get([1], { payload: false, vectors: true });
    record?.vectors?.["x"]?.fill(99);
    assert.deepEqual(get([1], { payload: false, vectors: ["x"] })[0]?.vectors, { x: Float32Array.of(1, 2) });
  });
});
