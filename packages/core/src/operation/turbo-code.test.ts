import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import fc from "fast-check";
import { decodeTurbo, encodeTurbo } from "./turbo-code.js";

/** Numbers from −1 to 1 that look drawn, the same everywhere. */
function spread(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

const errorOf = (vector: Float32Array) => {
  const decoded = decodeTurbo(encodeTurbo(vector), "it");
  let [off, all] = [0, 0];
  for (const [i, value] of vector.entries()) {
    off += ((decoded[i] as number) - value) ** 2;
    all += value ** 2;
  }
  return off / all;
};

test("a vector takes half a byte a dimension, and is off by a 50th of its squared length at most", () => {
  for (const dimensions of [16, 33, 100, 384, 768, 1000, 1536]) {
    const vector = spread(dimensions, dimensions);
    assert.equal(encodeTurbo(vector).length, 5 + Math.ceil(dimensions / 2));
    assert.ok(errorOf(vector) < 0.02, `${dimensions}: ${errorOf(vector)}`);
  }
  // one that has all that it has in a few places, too
  assert.ok(errorOf(Float32Array.from({ length: 512 }, (_, i) => (i === 100 ? 5 : i === 7 ? -3 : 0))) < 0.02);
});

test("the code is the same on every machine", () => {
  const hash = createHash("sha256");
  for (const dimensions of [1, 2, 3, 7, 64, 100, 1536]) hash.update(encodeTurbo(spread(dimensions, 7)));
  assert.equal(hash.digest("hex").slice(0, 16), "51ade56c72f07fad");
});

test("what was decoded is encoded to the same bytes, of any length and size", () => {
  const vectors = fc
    .tuple(fc.integer({ min: 1, max: 1_100 }), fc.integer(), fc.integer({ min: -90, max: 110 }))
    .map(([count, seed, power]) => spread(count, seed).map((value) => value * 2 ** power));
  fc.assert(
    fc.property(vectors, (vector) => {
      const bytes = encodeTurbo(vector);
      const decoded = decodeTurbo(bytes, "it");
      assert.equal(decoded.length, vector.length);
      assert.deepEqual(encodeTurbo(decoded), bytes);
      assert.ok(decoded.every((value) => !Object.is(value, -0)));
    }),
  );
});

test("nothing, and what is as good as nothing, is nothing", () => {
  for (const vector of [new Float32Array(5), new Float32Array(4).fill(1e-42)]) {
    assert.deepEqual(decodeTurbo(encodeTurbo(vector), "it"), new Float32Array(vector.length));
  }
});

test("bytes that no encoder has made are refused", () => {
  const good = encodeTurbo(spread(5, 3));
  const changed = (at: number, value: number) => good.map((byte, i) => (i === at ? value : byte));
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(5),
    // more bits than a step has
    changed(0, 1),
    // an unused half that is not empty
    changed(6, (good[6] as number) | 0xf0),
    // a number that is neither even nor odd
    changed(7, 2),
    // codes without a step
    Uint8Array.of(0, 0, 0, 0, 1, 0),
    // no coordinate is the largest
    Uint8Array.of(...good.slice(0, 4), 0x11, 0),
  ]) {
    assert.throws(
      () => decodeTurbo(bytes, "it"),
      (error) => error instanceof MurmurationError && error.code === "corrupt",
    );
  }
});
