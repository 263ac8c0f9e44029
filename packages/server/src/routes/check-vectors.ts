import type { Collection, VectorSpace } from "@murmuration/core";
import { MurmurationError, type VectorSelector } from "@murmuration/index";
import type { PointList, PointVectors } from "../http/schemas/points.js";

/** The vector space of this name. Throws `wrong-input` when the collection has none. */
export function vectorSpaceOf(collection: Collection, vector: string, field: string): VectorSpace {
  if (Object.hasOwn(collection.vectors, vector)) return collection.vectors[vector] as VectorSpace;
  throw new MurmurationError("wrong-input", `Not existing vector name error: ${vector}`, field);
}

function checkSize(collection: Collection, name: string, size: number, field: string): void {
  const { size: expected } = vectorSpaceOf(collection, name, field);
  if (size === expected) return;
  throw new MurmurationError("wrong-input", `Vector dimension error: expected dim: ${expected}, got ${size}`, field);
}

/** Throws `wrong-input` when the collection has no vector of this name or the size differs. */
export function checkVector(collection: Collection, name: string, vector: Float32Array, field: string): void {
  checkSize(collection, name, vector.length, field);
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
  for (const { name, size, id } of shapes) {
    try {
      checkSize(collection, name, size, "vector");
    } catch (error) {
      if (points.length === 1 || !(error instanceof MurmurationError)) throw error;
      throw new MurmurationError(error.code, `${error.message} (vector of point ${String(id)})`, "points", error);
    }
  }
}
