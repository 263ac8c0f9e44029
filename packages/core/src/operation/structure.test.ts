import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { limits } from "../limits.js";
import { decodeMessage } from "./message.js";
import { checkStructure } from "./structure.js";

const isCorrupt = (error: unknown) => error instanceof MurmurationError && error.code === "corrupt";

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.double(),
    fc.string({ maxLength: 400 }),
    fc.uint8Array({ maxLength: 400 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 20 }),
  ),
})).value;

test("every value that is encoded passes, and none that is cut or goes on", () => {
  fc.assert(
    fc.property(values, fc.nat(), (value, place) => {
      const bytes = encode(value, { useBigInt64: true });
      checkStructure(bytes, "value");
      assert.throws(() => checkStructure(bytes.subarray(0, place % bytes.byteLength), "value"), isCorrupt);
      assert.throws(() => checkStructure(Uint8Array.of(...bytes, 0), "value"), isCorrupt);
    }),
  );
  for (const length of [31, 32, 255, 256, 65_535, 65_536]) {
    for (const value of ["x".repeat(length), new Uint8Array(length), new Array(length).fill(1)]) {
      checkStructure(encode(value), "value");
    }
    checkStructure(encode(Object.fromEntries(Array.from({ length }, (_, at) => [at, at]))), "value");
  }
});

test("whatever passes can be decoded or is refused by the decoder", () => {
  let passed = 0;
  assertUntil(
    () => ({ passed: [passed, 50] }),
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
      try {
        checkStructure(bytes, "value");
      } catch (error) {
        assert.ok(isCorrupt(error));
        assert.throws(() => decodeMessage(bytes, "value"), isCorrupt);
        return;
      }
      passed += 1;
      try {
        decodeMessage(bytes, "value");
      } catch (error) {
        assert.ok(isCorrupt(error));
      }
    }),
    { numRuns: 5000 },
  );
});

test("lists that claim more than there are bytes are refused before memory is reserved for them", () => {
  // 200,000 lists in each other, of 30 million items each
  const claiming = new Uint8Array(1_000_000);
  for (let at = 0; at < claiming.byteLength; at += 5) claiming.set([0xdd, 1, 0xc9, 0xc3, 0x80], at);
  assert.throws(() => checkStructure(claiming, "value"), isCorrupt);
  // each one alone fits, together they do not
  const together = Uint8Array.of(0x93, 0xdc, 0, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
  assert.throws(() => checkStructure(together, "value"), isCorrupt);
});

test("nesting is bounded", () => {
  const nested = (depth: number) => {
    const bytes = new Uint8Array(depth + 1).fill(0x91);
    bytes[depth] = 1;
    return bytes;
  };
  checkStructure(nested(limits.messageDepthMax - 1), "value");
  assert.throws(() => checkStructure(nested(limits.messageDepthMax), "value"), isCorrupt);
  assert.throws(() => checkStructure(nested(1_000_000), "value"), isCorrupt);
});
