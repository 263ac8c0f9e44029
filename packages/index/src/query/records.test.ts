import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "../errors.js";
import type { PointId } from "../point/point-id.js";
import { finish } from "../sliced.js";
import { denseOf, type Vector } from "../vector/vector.js";
import type { PointRecord, Selection } from "./query.js";
import { collectionOf, foundBy, nearestIn, point, space, tagIs } from "./reads.test-support.js";

function filled() {
  const { reader, written } = collectionOf({ x: space(2), y: space(1), z: space(1) }, [
    point(1, { y: [7], x: [1, 2] }, { a: { b: 1, c: 2 }, d: 3 }),
    point(2, {}),
  ]);
  const get = (ids: readonly PointId[], selection: Selection) =>
    foundBy<PointRecord>(reader, (snapshot, emit) => snapshot.retrieve(ids, selection, emit));
  return { get, reader, written };
}

describe("retrieving", () => {
  test("answers in the order asked for, repeats what is asked twice, and passes unknown ids over", () => {
    assert.deepEqual(filled().get([2, 9, 1, 2], { payload: false, vectors: false }), [
      { id: 2, version: 2 },
      { id: 1, version: 1 },
      { id: 2, version: 2 },
    ]);
  });

  test("shows the selected vectors, those it has, by name", () => {
    const { get, written } = filled();
    const vectors = (ids: readonly number[], selector: Selection["vectors"]) =>
      get(ids, { payload: false, vectors: selector }).map((record) => record.vectors);
    assert.deepEqual(vectors([1], true), [{ x: Float32Array.of(1, 2), y: Float32Array.of(7) }]);
    assert.deepEqual(vectors([1, 2], ["z", "y"]), [{ y: Float32Array.of(7) }, {}]);
    written.write([point(3, { y: [1] })]);
    written.write([point(3, { x: [1, 2] })]);
    assert.deepEqual(Object.keys(vectors([3], true)[0] ?? {}), ["x", "y"]);
  });

  test("shows the selected payload", () => {
    const { get } = filled();
    const payload = (id: number, selector: Selection["payload"]) =>
      get([id], { payload: selector, vectors: false })[0]?.payload;
    assert.equal(payload(1, true), '{"a":{"b":1,"c":2},"d":3}');
    assert.equal(payload(1, { include: ["a.b"] }), '{"a":{"b":1}}');
    assert.equal(payload(1, { exclude: ["a.b"] }), '{"a":{"c":2},"d":3}');
    assert.equal(payload(2, true), "{}");
    assert.equal(payload(2, { include: ["a"] }), "{}");
  });

  test("keeps integers of 64 bits and text to the digit and byte", () => {
    const { get, written } = filled();
    const text = '{"n":9007199254740993,"m":-9223372036854775808,"t":"\\u0000ü\u{1f600}","f":1.5}';
    written.write([point(5, {}, { n: 9007199254740993n, m: -9223372036854775808n, t: "\u0000ü\u{1f600}", f: 1.5 })]);
    assert.equal(get([5], { payload: true, vectors: false })[0]?.payload, text);
    assert.equal(get([5], { payload: { include: ["n", "m", "t", "f"] }, vectors: false })[0]?.payload, text);
  });

  test("gives copies: writing into an answer changes nothing", () => {
    const { get } = filled();
    const [record] = get([1], { payload: false, vectors: true });
    denseOf(record?.vectors?.["x"] as Vector).fill(99);
    assert.deepEqual(get([1], { payload: false, vectors: ["x"] })[0]?.vectors, { x: Float32Array.of(1, 2) });
  });

  test("names the point whose payload is damaged, and reads the others", () => {
    const { get, reader, written } = filled();
    written.write([point(8, { x: [0, 1] }, { tag: "red" })]);
    written.damagePayload(written.payloadKeyOf(1), new TextEncoder().encode("[1]"));
    const isNamed = (error: unknown) =>
      error instanceof MurmurationError && error.code === "corrupt" && /point 1: /.test(error.message);
    assert.throws(() => get([8, 1], { payload: { include: ["a"] }, vectors: false }), isNamed);
    assert.throws(() => nearestIn(reader, { using: "x", filter: tagIs("red") }), isNamed);
    assert.equal(get([8], { payload: true, vectors: false })[0]?.payload, '{"tag":"red"}');
    assert.equal(nearestIn(reader, { using: "x" }).length, 2);
  });

  test("refuses a bad path before it reads anything", () => {
    const snapshot = filled().reader.begin();
    const work = snapshot.retrieve([], { payload: { include: ["a["] }, vectors: false }, () => undefined);
    assert.throws(() => finish(work), { code: "format" });
    snapshot.release();
  });
});
