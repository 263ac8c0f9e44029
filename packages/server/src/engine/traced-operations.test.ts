import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { contextOf, tracedOf } from "./traced-operations.js";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("the context that goes along with operations", () => {
  it("names the operations that it named, those of several messages together", () => {
    const one = { shard: "3-1", origin: 3, sequence: 17, traceparent };
    const other = { ...one, sequence: 2 ** 40 };
    assert.deepEqual(tracedOf(`${contextOf([one])}\n${contextOf([other, one])}`), [one, other, one]);
  });

  it("is passed over where anybody has made it up, whatever it holds", () => {
    for (const made of [
      "[]",
      "{}",
      "[[]]",
      JSON.stringify([["s", "3", 1, traceparent]]),
      JSON.stringify([["s", 3, 1.5, traceparent]]),
      JSON.stringify([["s", 3, 1, `${traceparent} `]]),
      JSON.stringify([["s".repeat(200), 3, 1, traceparent]]),
      "[".repeat(1_000),
      "x".repeat(100_000),
    ]) {
      assert.deepEqual(tracedOf(made), []);
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.ok(Array.isArray(tracedOf(text)));
      }),
    );
    const many = Array.from({ length: 50 }, (_, i) => ["s", 3, i, traceparent]);
    assert.equal(tracedOf(JSON.stringify(many).slice(0, 1_900)).length, 0);
    assert.ok(tracedOf(JSON.stringify(many.slice(0, 15))).length <= 5);
  });
});
