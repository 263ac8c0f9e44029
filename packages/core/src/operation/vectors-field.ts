import { canonicalText } from "./canonical-payload.js";
import type { Field } from "./format.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/** Vectors as `[name, f32 little-endian, delta]` each. */
export function vectorsToField(vectors: readonly VectorVersion[]): Field {
  return vectors.map(({ name, values, delta }) => [canonicalText(name), values, delta]);
}

/** Kept vectors as `[name, origin, sequence]` each. */
export function keptToField(kept: readonly KeptVector[]): Field {
  return kept.map(({ name, dot }) => [canonicalText(name), dot.origin, dot.sequence]);
}
