import assert from "node:assert/strict";
import test from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import {
  decodeVector,
  encodeVector,
  encodingOfNumber,
  requireEncodable,
  throughEncoding,
  vectorEncodings,
} from "./vector-encoding.js";

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const vectors = fc.array(finite, { minLength: 1, maxLength: 40 }).map((values) => Float32Array.from(values));
const halves = fc
  .array(fc.float({ noNaN: true, min: -65_504, max: 65_504 }), { minLength: 1, maxLength: 40 })
  .map((values) => Float32Array.from(values));

const moderate = fc
  .array(fc.float({ noNaN: true, min: Math.fround(-1e35), max: Math.fround(1e35) }), { minLength: 1, maxLength: 300 })
  .map((values) => Float32Array.from(values));

for (const encoding of vectorEncodings) {
  const inputs = encoding === "f16" ? halves : encoding === "turbo4" ? moderate : vectors;

  test(`${encoding}: what has travelled once travels unchanged, to the bit`, () => {
    fc.assert(
      fc.property(inputs, (vector) => {
        const canonical = throughEncoding(vector, encoding);
        const bytes = encodeVector(canonical, encoding).slice();
        const again = decodeVector(bytes, encoding, "vector");
        assert.deepEqual([...again.entries()], [...canonical.entries()]);
        assert.deepEqual(encodeVector(again, encoding), bytes);
        assert.ok(again.every(Number.isFinite));
      }),
    );
  });

  test(`${encoding}: bytes may stand anywhere in a message`, () => {
    const vector = throughEncoding(Float32Array.of(0.5, -1, 25), encoding);
    const bytes = encodeVector(vector, encoding);
    for (const at of [1, 2, 3]) {
      const message = new Uint8Array(bytes.byteLength + 8);
      message.set(bytes, at);
      assert.deepEqual(decodeVector(message.subarray(at, at + bytes.byteLength), encoding, "vector"), vector);
    }
  });
}

test("sq8 is off by at most half a step, and keeps the largest value to a 2^-15th", () => {
  const ordinary = fc
    .array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 40 })
    .map((values) => Float32Array.from(values));
  fc.assert(
    fc.property(ordinary, (vector) => {
      const largest = Math.max(...vector.map(Math.abs));
      fc.pre(largest > 1e-30);
      const canonical = throughEncoding(vector, "sq8");
      for (const [i, value] of vector.entries()) {
        assert.ok(Math.abs((canonical[i] as number) - value) <= (largest / 127) * 0.505);
      }
      assert.ok(Math.max(...canonical.map(Math.abs)) >= largest * (1 - 2 ** -15));
    }),
  );
});

test("a value that float16 cannot hold is refused by its field, ", () => {
  assert.throws(
    () => requireEncodable(Float32Array.of(1, -65_520), "f16", "points[3].vector"),
    (error) => error instanceof MurmurationError && error.code === "wrong-input" && error.field === "points[3].vector",
  );
  assert.deepEqual(throughEncoding(Float32Array.of(65_519), "f16"), Float32Array.of(65_504));
});

test("bytes that no encoder has made are refused", () => {
  const refused = (read: () => unknown) =>
    assert.throws(read, (error) => error instanceof MurmurationError && error.code === "corrupt");
  refused(() => decodeVector(new Uint8Array(3), "f32", "it"));
  refused(() => decodeVector(new Uint8Array(3), "f16", "it"));
  refused(() => decodeVector(Uint8Array.of(0, 0x7c), "f16", "it"));
  refused(() => decodeVector(new Uint8Array(4), "sq8", "it"));
  for (const step of [Number.NaN, Number.POSITIVE_INFINITY, -1, 3.4e38]) {
    const bytes = new Uint8Array(5);
    new DataView(bytes.buffer).setFloat32(0, step, true);
    refused(() => decodeVector(bytes, "sq8", "it"));
  }
  for (const number of [3, 4, 5, -1, "0", null]) refused(() => encodingOfNumber(number, "it"));
});
