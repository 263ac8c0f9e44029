import { MurmurationError } from "../errors.js";
import { isDense, kindOfVector, type MultiVector, type Vector, type VectorKind } from "../vector/vector.js";
import { canonicalMulti, canonicalVector } from "./scores.js";
import type { SpaceReader } from "./space-reader.js";

/** Throws `wrong-input` naming `field` for a vector of another kind than its space has. A dense one may be the only part of a multivector. */
export function requireKind(given: VectorKind, kind: VectorKind, field: string): void {
  if (given === kind || (given === "dense" && kind === "multi")) return;
  const other = given === "multi" ? "multi" : "sparse";
  throw new MurmurationError("wrong-input", `Conversion between ${other} and regular vectors failed`, field);
}

/** The multivector whose only part is a dense vector; any other as it is. */
export function asMulti(vector: MultiVector | Float32Array): MultiVector {
  return isDense(vector) ? { kind: "multi", dimensions: vector.length, values: vector } : vector;
}

/** The vector as one of a space, of the length that it has. Throws `wrong-input` where it is of another kind, or of other dimensions. */
export function vectorOfSpace(vector: Vector, space: SpaceReader): Vector {
  requireKind(kindOfVector(vector), space.kind, "query");
  if (!isDense(vector) && vector.kind === "sparse") return vector;
  const { dimensions } = space;
  const given = isDense(vector) ? vector.length : vector.dimensions;
  if (given !== dimensions) {
    const problem = `Vector dimension error: expected dim: ${dimensions}, got ${given}`;
    throw new MurmurationError("wrong-input", problem, "vector");
  }
  return space.kind === "multi" ? asMulti(vector) : vector;
}

/** The vector as a space compares it: by cosine of unit length. Throws as `vectorOfSpace` does. */
export function vectorForSpace(vector: Vector, space: SpaceReader): Vector {
  const own = vectorOfSpace(vector, space);
  if (isDense(own)) return canonicalVector(own, space.metric);
  return own.kind === "multi" ? canonicalMulti(own, space.metric) : own;
}
