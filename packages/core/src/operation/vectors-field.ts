import { canonicalText } from "./canonical-payload.js";
import type { Field } from "./format.js";
import type { VectorVersion } from "./vector-version.js";

/** Vectors as `[name, f32 little-endian, delta]` each. */
export function vectorsToField(vectors: readonly VectorVersion[]): Field {
  return vectors.map(({ name, values, delta }) => [canonicalText(name), values, delta]);
}
