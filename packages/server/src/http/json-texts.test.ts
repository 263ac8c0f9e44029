import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printJson } from "@murmuration/index";
import fc from "fast-check";
import { jsonTexts } from "./json-texts.js";

const count = 20_000;

/** JSON values with 64-bit integers, some of them large. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.constantFrom(null, true, 2n ** 63n)),
    fc.constantFrom(3, count).map((length) => Array.from({ length }, (_, i) => (i % 7 === 0 ? 2n ** 60n : i))),
    fc.constantFrom(3, count).map((length) => Object.fromEntries(Array.from({ length }, (_, i) => [`k"${i}`, [i]]))),
    fc.constantFrom(3, 900_001).map((length) => `${"a".repeat(length % 2)}${"😀\n".repeat(length)}`),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), fc.option(tie("value"), { nil: undefined }), { noNullPrototype: true, maxKeys: 4 }),
  ),
}));

describe("JSON in parts", () => {
  it("is that of the whole value", () => {
    fc.assert(
      fc.property(value, (given) => {
        fc.pre(given !== undefined);
        assert.ok([...jsonTexts(given)].join("") === printJson(given));
      }),
      { numRuns: 60 },
    );
  });

  it("comes in as many parts as it is large", () => {
    const numbers = Array.from({ length: 1_000_000 }, (_, i) => i);
    for (const large of [numbers, { a: { b: numbers } }, "é".repeat(60_000_000)]) {
      const lengths = [...jsonTexts(large)].map((text) => text.length);
      assert.ok(lengths.length >= 200, `${lengths.length} parts`);
      assert.ok(Math.max(...lengths) <= 300_000, `a part of ${Math.max(...lengths)} characters`);
    }
    assert.equal([...jsonTexts({ a: [1, 2] })].length, 1);
  });
});
