import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MurmurationError } from "../errors.js";
import type { Payload } from "./json.js";
import { parsePayload, printPayload } from "./payload-text.js";

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

/** What a point's state can hold: no −0, a `bigint` only beyond 2^53. */
const { payload } = fc.letrec<{ value: unknown; payload: unknown }>((tie) => {
  const object = fc
    .array(fc.tuple(fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("0", "7", "b", "a")), tie("value")), {
      maxLength: 5,
    })
    .map((entries) => Object.fromEntries(entries.filter(([key]) => key !== "__proto__")) as unknown);
  return {
    payload: object,
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, true, false, "", "\ufeff", '\0\u2028"\\/', 2 ** 53, -(2 ** 63), 2 ** 64, 5e-324),
      fc.string({ unit: "grapheme" }),
      fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0),
      fc.integer({ min: 53, max: 1_023 }).map((bits) => 2 ** bits * 1.3),
      fc.oneof(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }), fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) })),
      fc.array(tie("value"), { maxLength: 4 }),
      object,
    ),
  };
});

/** With the order of keys, which deepEqual does not see. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, inner]) => [key, inOrder(inner)]);
}

describe("the text of a payload", () => {
  it("is read back as the same payload, keys in the same order, from text and from bytes", () => {
    fc.assert(
      fc.property(payload, (sample) => {
        const text = printPayload(sample as Payload);
        for (const form of [text, new TextEncoder().encode(text)]) {
          const read = parsePayload(form);
          assert.deepEqual(read, sample);
          assert.deepEqual(inOrder(read), inOrder(sample));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("is that of answers", () => {
    assert.equal(
      printPayload({ b: -0, a: [9007199254740993n], 1: "é\n" }),
      '{"1":"é\\n","b":0,"a":[9007199254740993]}',
    );
  });

  it("that is none is corrupt", () => {
    for (const text of ["", "{", "[]", "null", "1", '"a"', new Uint8Array([0x22, 0xff, 0x22])]) {
      assert.throws(() => parsePayload(text), isCorrupt, String(text));
    }
  });
});
