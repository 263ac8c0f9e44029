import assert from "node:assert/strict";
import { test } from "node:test";
import { isSamePayload, withoutKeys } from "./payload-change.js";

test("a payload is the same whatever order its keys have, and another one by a single digit", () => {
  assert.ok(isSamePayload({ a: 1, b: { c: [1, 2], d: null } }, { b: { d: null, c: [1, 2] }, a: 1 }));
  assert.ok(!isSamePayload({ a: [1, 2] }, { a: [2, 1] }));
  assert.ok(!isSamePayload({ a: 9007199254740993n }, { a: 9007199254740995n }));
  assert.ok(!isSamePayload({ a: 1 }, { a: "1" }));
  assert.ok(!isSamePayload({}, { a: null }));
});

test("keys are deleted by their paths, those that paths read in another way in quotation marks", () => {
  assert.deepEqual(withoutKeys({}, new Set(["a", "a.b", "c[]", ""])), {
    how: "delete",
    keys: ["a", '"a.b"', '"c[]"', '""'],
  });
});

test("a key that no path can name is taken out by writing what is left", () => {
  const payload = JSON.parse('{"a\\"b": 1, "keep": 2, "__proto__": 3}') as Record<string, number>;
  const change = withoutKeys(payload, new Set(['a"b']));
  assert.equal(change.how, "overwrite");
  assert.equal(JSON.stringify("payload" in change && change.payload), '{"keep":2,"__proto__":3}');
});
