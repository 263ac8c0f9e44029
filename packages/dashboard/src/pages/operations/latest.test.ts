import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD_MAX, type ListedOperation, matching, operationOf, withLatest } from "./latest.js";

const event = (data: unknown, kind = "upsert") => ({ event: kind, data: JSON.stringify(data) });

test("operations are told by their points, and what is none is passed over", () => {
  const one = operationOf(event({ dot: "3:7", wall_ms: 5, id: 9, payload: { a: 1 } }), 1);
  assert.deepEqual([one?.dot, one?.atMs, one?.ids, one?.isCut], ["3:7", 5, [9], false]);
  const many = operationOf(
    { event: "delete", data: '{"dot":"1:1","wall_ms":1,"ids":[1,"a",18446744073709551615,{}]}' },
    2,
  );
  assert.deepEqual(many?.ids, [1, "a", 18446744073709551615n]);
  for (const data of ["", "{", "null", "[]", '{"mode":"tail"}', '{"dot":7}'])
    assert.equal(operationOf({ event: "begin", data }, 3), undefined, data);
});

test("a large one is cut, and no more are held than there is room for", () => {
  const large = operationOf(event({ dot: "1:1", id: 1, payload: { text: "x".repeat(100_000) } }), 1) as ListedOperation;
  assert.ok(large.isCut && String(large.data).length < 30_000);
  const come = Array.from({ length: HELD_MAX + 5 }, (_, i) => ({ ...large, number: i }));
  const held = withLatest([], come);
  assert.deepEqual([held.length, held[0]?.number, held.at(-1)?.number], [HELD_MAX, HELD_MAX + 4, 5]);
  assert.equal(withLatest(held, [{ ...large, number: 9_999 }])[0]?.number, 9_999);
});

test("kinds and points are filtered by", () => {
  const list = [
    operationOf(event({ dot: "1:1", id: 12 }), 1),
    operationOf(event({ dot: "1:2", ids: [3, 123] }, "delete"), 2),
  ] as ListedOperation[];
  const numbers = (hidden: string[], point: string) =>
    matching(list, new Set(hidden), point).map(({ number }) => number);
  assert.deepEqual(numbers([], ""), [1, 2]);
  assert.deepEqual(numbers(["upsert"], ""), [2]);
  assert.deepEqual(numbers([], "12"), [1, 2]);
  assert.deepEqual(numbers([], "3"), [2]);
});
