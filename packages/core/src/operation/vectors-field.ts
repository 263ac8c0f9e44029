import { canonicalText } from "./canonical-payload.js";
import type { Field } from "./format.js";
import { encodeVector, numberOfEncoding } from "./vector-encoding.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/** Vectors as `[name, values, delta]` each, f32 little-endian; in another encoding its number follows. */
export function vectorsToField(vectors: readonly VectorVersion[]): Field {
  return vectors.map(({ name, values, delta, encoding }) => {
    if (encoding === undefined) return [canonicalText(name), values, delta];
    return [canonicalText(name), encodeVector(values, encoding), delta, numberOfEncoding(encoding)];
  });
}

/** Kept vectors as `[name, origin, sequence]` each. */
export function keptToField(kept: readonly KeptVector[]): Field {
  return kept.map(({ name, dot }) => [canonicalText(name), dot.origin, dot.sequence]);
}
