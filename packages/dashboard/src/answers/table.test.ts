import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../json-value.js";
import { shortText, tableOf } from "./table.js";

const ids = (result: Json) => tableOf(result).columns.map(({ id }) => id);

test("points become rows, their payloads' fields columns, the common ones first and vectors last", () => {
  const result: Json = {
    points: [
      { vector: [1, 2], payload: { rare: 1, city: "Berlin" }, score: 0.5, id: 1, version: 3 },
      { id: "550e8400-e29b-41d4-a716-446655440000", score: 1, version: 4, payload: { city: null } },
    ],
  };
  assert.deepEqual(ids(result), ["id", "score", "version", "payload.city", "payload.rare", "vector"]);
  const { columns, rows } = tableOf(result);
  assert.deepEqual(
    columns.filter(({ isNumeric }) => isNumeric).map(({ title }) => title),
    ["score", "version", "rare"],
  );
  assert.equal(rows[1]?.get("payload.city"), null);
  assert.equal(rows[1]?.has("payload.rare"), false);
});

test("batches, groups, facets, pairs, lists and single values become rows, too", () => {
  assert.deepEqual(ids([{ points: [{ id: 1 }] }, { points: [{ id: 2 }] }]), ["query", "id"]);
  assert.deepEqual(ids([[{ id: 1 }], []]), ["query", "id"]);
  assert.deepEqual(tableOf([{ points: [{ id: 1 }] }, { points: [{ id: 2 }] }]).rows[1]?.get("query"), 1);
  assert.deepEqual(ids({ groups: [{ id: "a", hits: [{ id: 1, score: 2 }] }] }), ["group", "id", "score"]);
  assert.deepEqual(ids({ hits: [{ value: "red", count: 3 }] }), ["value", "count"]);
  assert.deepEqual(ids({ pairs: [{ a: 1, b: 2, score: 3 }] }), ["score", "a", "b"]);
  assert.deepEqual(ids({ count: 7 }), ["count"]);
  assert.deepEqual(ids([1, 2]), ["value"]);
  assert.deepEqual(tableOf(true).rows[0]?.get("value"), true);
  assert.deepEqual(tableOf([]).columns, []);
});

test("ten thousand fields and rows are cut, and what is left out is counted", () => {
  const payload = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i]));
  const wide = tableOf([{ id: 1, payload }]);
  assert.equal(wide.columns.length + wide.columnsLeft, 10_001);
  assert.ok(wide.columns.length <= 24);
  const long = tableOf(Array.from({ length: 10_000 }, (_, id) => ({ id })));
  assert.equal(long.rows.length + long.rowsLeft, 10_000);
});

test("a field named like something of an object is a field", () => {
  const record = JSON.parse('{"id": 1, "payload": {"__proto__": "a", "constructor": "b", "id": "c"}}') as Json;
  assert.deepEqual(ids([record]), ["id", "payload.__proto__", "payload.constructor", "payload.id"]);
  const titles = tableOf([record]).columns.map(({ title }) => title);
  assert.deepEqual(titles, ["id", "__proto__", "constructor", "payload.id"], "no two columns are named alike");
});

test("a value on one line is as short as asked, whole characters, and cut ones are marked", () => {
  assert.equal(
    shortText({ a: [1, "b", null, 18446744073709551615n] }, 80),
    '{"a": [1, "b", null, 18446744073709551615]}',
  );
  assert.equal(shortText("text", 80), "text");
  assert.equal(shortText("x".repeat(1_000_000), 5), "xxxxx…");
  assert.equal(shortText("ab😀", 3), "ab…");
  assert.equal(shortText(undefined, 5), "");
  assert.equal(shortText({ "\u202ea": ["\u2066b"] }, 80), '{"\\u202ea": ["\\u2066b"]}', "nothing is turned");
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i]));
  assert.equal(shortText(wide, 12), '{"f0": 0, "f…');
  let deep: Json = 1;
  for (let i = 0; i < 5_000; i++) deep = [deep];
  assert.equal(shortText(deep, 3), "[[[…");
});
