import type { PointId, Vector } from "@murmuration/index";
import { documentSchema } from "./documents.js";
import { pointIdSchema, readPointId, within } from "./fields.js";
import { denseVectorSchema, multiVectorSchema, readVector, sparseVectorSchema } from "./vectors.js";

/** What points are compared with: a vector, or a stored point's. */
export type VectorInput = Vector | { readonly id: PointId };

/** Throws as `readVector` does, and for what is neither a vector nor a point id. */
export function readVectorInput(value: unknown, field: string): VectorInput {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "string") {
    return within(field, () => ({ id: readPointId(value) }));
  }
  return readVector(value, field, "query");
}

export const vectorInputSchema = {
  oneOf: [denseVectorSchema, multiVectorSchema, sparseVectorSchema, documentSchema, pointIdSchema],
};
