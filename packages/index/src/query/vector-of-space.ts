import { MurmurationError } from "../errors.js";
import { type DenseVector, isDense, kindOfVector, type Vector, type VectorKind } from "../vector/vector.js";
import { canonicalMulti, canonicalVector } from "./scores.js";
import type { SpaceReader } from "./space-reader.js";

/** The vector as a space compares it. Throws `wrong-input` where it is of another kind. */
export function vectorForSpace(vector: Vector, space: SpaceReader): Vector {
  requireKind(kindOfVector(vector), space.kind, "query");
  if (isDense(vector)) return canonicalVector(vector, space.metric);
  if (vector.kind === "sparse") return vector;
  const { dimensions } = space.multi;
  if (vector.dimensions !== dimensions) {
    const problem = `Vector dimension error: expected dim: ${dimensions}, got ${vector.dimensions}`;
    throw new MurmurationError("wrong-input", problem, "query");
  }
  return canonicalMulti(vector, space.metric);
}

/** Throws `wrong-input` naming `field` for a vector of another kind than its space has. */
export function requireKind(given: VectorKind, kind: VectorKind, field: string): void {
  if (given === kind) return;
  const other = given === "multi" || kind === "multi" ? "multi" : "sparse";
  throw new MurmurationError("wrong-input", `Conversion between ${other} and regular vectors failed`, field);
}

/** The vector, where it is a dense one. Throws `unsupported` for others: what is asked of them is not served yet. */
export function requireDense(vector: Vector): DenseVector {
  if (isDense(vector)) return vector;
  throw new MurmurationError(
    "unsupported",
    `this form of query is not supported for ${vector.kind} vectors yet`,
    "query",
  );
}
