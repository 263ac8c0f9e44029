import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "../errors.js";
import { kindOfVector, type MultiVector, piecesOfVector, plainOfVector, sameVector, sparseVector } from "./vector.js";

const parts: MultiVector = { kind: "multi", dimensions: 2, values: Float32Array.of(1, 2, 3, 4) };

describe("vectors of all kinds", () => {
  test("sparse ones are sorted by index, and may be empty", () => {
    const vector = sparseVector([7, 0xffffffff, 0], [1, 2, 0.1], "v");
    assert.deepEqual(plainOfVector(vector), { indices: [0, 7, 0xffffffff], values: [Math.fround(0.1), 1, 2] });
    assert.deepEqual(plainOfVector(sparseVector([], [], "v")), { indices: [], values: [] });
  });

  test("sparse ones that are none are refused by name", () => {
    const cases: [number[], number[], string][] = [
      [[1, 1], [1, 2], "v.indices: must be unique"],
      [[1], [1, 2], "v.values: must be the same length as indices"],
      [[1, -1], [1, 2], "v.indices[1]: value -1 invalid, must be from 0 to 4294967295"],
      [[0.5], [1], "v.indices[0]: value 0.5 invalid, must be from 0 to 4294967295"],
      [[4294967296], [1], "v.indices[0]: value 4294967296 invalid, must be from 0 to 4294967295"],
    ];
    for (const [indices, values, message] of cases) {
      assert.throws(
        () => sparseVector(indices, values, "v"),
        (error) =>
          error instanceof MurmurationError &&
          error.code === "validation" &&
          `${error.field}: ${error.message}` === message,
      );
    }
  });

  test("are the same only to the bit and of one kind", () => {
    const a = sparseVector([1, 2], [0, 3], "a");
    assert.ok(sameVector(a, sparseVector([2, 1], [3, 0], "b")));
    assert.ok(!sameVector(a, sparseVector([1, 2], [-0, 3], "b")));
    assert.ok(!sameVector(a, sparseVector([1, 3], [0, 3], "b")));
    assert.ok(!sameVector(a, Float32Array.of(0, 3)));
    assert.ok(sameVector(parts, { ...parts }));
    assert.ok(!sameVector(parts, { ...parts, dimensions: 4 }));
    assert.ok(!sameVector(Float32Array.of(1), Float32Array.of(1, 2)));
    assert.deepEqual([a, parts, Float32Array.of(1)].map(kindOfVector), ["sparse", "multi", "dense"]);
  });

  test("are written as the dialect does, and as bytes", () => {
    assert.deepEqual(plainOfVector(parts), [
      [1, 2],
      [3, 4],
    ]);
    const bytes = Buffer.concat([...piecesOfVector(sparseVector([2], [1], "v"))]);
    assert.equal(bytes.toString("hex"), "020000000000803f");
  });
});
