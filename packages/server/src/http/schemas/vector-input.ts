import type { PointId } from "@murmuration/index";
import { pointIdSchema, readPointId, within } from "./fields.js";
import { denseVectorSchema, readDenseVector, refuseOtherVector } from "./vectors.js";

/** What points are compared with: a vector, or a stored point's. */
export type VectorInput = Float32Array | { readonly id: PointId };

/** Throws as `readDenseVector` does, and for what is neither a vector nor a point id. */
export function readVectorInput(value: unknown, field: string): VectorInput {
  if (Array.isArray(value)) return readDenseVector(value, field);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string") {
    return within(field, () => ({ id: readPointId(value) }));
  }
  return refuseOtherVector(value, field);
}

export const vectorInputSchema = { oneOf: [denseVectorSchema, pointIdSchema] };
