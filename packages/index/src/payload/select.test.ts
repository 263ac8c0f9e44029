import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MurmurationError } from "../errors.js";
import type { Payload } from "./json.js";
import { selectPayload } from "./select.js";

const payload: Payload = {
  a: { b: 1, c: { d: 2 } },
  list: [{ x: 1, y: 2 }, { x: 3 }],
  e: "f",
};

describe("selectPayload", () => {
  it("returns all or nothing for a boolean", () => {
    assert.equal(selectPayload(payload, true), payload);
    assert.equal(selectPayload(payload, false), undefined);
  });

  it("keeps only included paths and what leads to them", () => {
    assert.deepEqual(selectPayload(payload, { include: ["a.c", "e"] }), { a: { c: { d: 2 } }, e: "f" });
    assert.deepEqual(selectPayload(payload, { include: ["list[].x"] }), { list: [{ x: 1 }, { x: 3 }] });
    assert.deepEqual(selectPayload(payload, { include: ["a.missing"] }), { a: {} });
    assert.deepEqual(selectPayload(payload, { include: ["list.x"] }), { list: [] });
    assert.deepEqual(selectPayload(payload, { include: [] }), {});
  });

  it("leaves out excluded paths only", () => {
    assert.deepEqual(selectPayload(payload, { exclude: ["a.c.d", "list"] }), { a: { b: 1, c: {} }, e: "f" });
    assert.deepEqual(selectPayload(payload, { exclude: ["list[].x"] }), { ...payload, list: [{ y: 2 }, {}] });
    assert.deepEqual(selectPayload(payload, { exclude: ["list[0].x", "missing"] }), payload);
    assert.deepEqual(selectPayload(payload, { exclude: [] }), payload);
  });

  it("keeps the key __proto__ an ordinary key", () => {
    const hostile = JSON.parse('{"__proto__": {"x": 1}, "a": 1}') as Payload;
    const selected = selectPayload(hostile, { exclude: ["a"] });
    assert.equal(JSON.stringify(selected), '{"__proto__":{"x":1}}');
    assert.equal(Object.getPrototypeOf(selected), Object.prototype);
  });

  it("refuses a bad path", () => {
    assert.throws(
      () => selectPayload(payload, { include: ["a..b"] }),
      (error) => error instanceof MurmurationError && error.code === "format",
    );
  });
});
