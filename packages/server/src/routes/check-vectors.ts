import { type Collection, isDenseSpace, type VectorSpace } from "@murmuration/core";
import { MurmurationError, requireKind, type Vector, type VectorSelector } from "@murmuration/index";
import { type PointList, type PointVectors, shapeOf, type VectorShape } from "../http/schemas/points.js";

/** The vector space of this name. Throws `wrong-input` when the collection has none. */
export function vectorSpaceOf(collection: Collection, vector: string, field: string): VectorSpace {
  if (Object.hasOwn(collection.vectors, vector)) return collection.vectors[vector] as VectorSpace;
  throw new MurmurationError("wrong-input", `Not existing vector name error: ${vector}`, field);
}

function checkShape(collection: Collection, { name, kind, size }: Omit<VectorShape, "id">, field: string): void {
  const space = vectorSpaceOf(collection, name, field);
  requireKind(kind, isDenseSpace(space) ? "dense" : space.kind, field);
  if (space.kind === "sparse" || size === space.size) return;
  const { size: expected } = space;
  throw new MurmurationError("wrong-input", `Vector dimension error: expected dim: ${expected}, got ${size}`, field);
}

/** Throws `wrong-input` when the collection has no vector of this name, or one of another kind or size. */
export function checkVector(collection: Collection, name: string, vector: Vector, field: string): void {
  checkShape(collection, { name, ...shapeOf(vector) }, field);
}

/** Throws `wrong-input` when vectors are to be returned that the collection does not have. */
export function checkSelected(collection: Collection, selector: VectorSelector): void {
  if (typeof selector === "boolean") return;
  for (const [i, name] of selector.entries()) vectorSpaceOf(collection, name, `with_vector[${i}]`);
}

/**
 * Checks the vectors of all points of a write against the collection, before any of it is done. With several points the
 * message says which one is at fault; with one it is the dialect's own.
 */
export function checkVectors(collection: Collection, { points, shapes }: PointList<PointVectors>): void {
  for (const { id, ...shape } of shapes) {
    try {
      checkShape(collection, shape, "vector");
    } catch (error) {
      if (points.length === 1 || !(error instanceof MurmurationError)) throw error;
      throw new MurmurationError(error.code, `${error.message} (vector of point ${String(id)})`, "points", error);
    }
  }
}
