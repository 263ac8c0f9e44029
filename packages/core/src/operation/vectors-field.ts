import type { Field } from "./format.js";
import { textToField } from "./text-field.js";
import { encodeVector, numberOfEncoding } from "./vector-encoding.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/** Vectors as `[name, values, delta]` each, f32 little-endian; in another encoding its number follows. */
export function vectorsToField(vectors: readonly VectorVersion[]): Field {
  return vectors.map(({ name, values, delta, encoding }) => {
    const text = textToField(name, "vector");
    if (encoding === undefined) return [text, encodeVector(values, "f32"), delta];
    return [text, encodeVector(values, encoding), delta, numberOfEncoding(encoding)];
  });
}

/** Kept vectors as `[name, origin, sequence]` each. */
export function keptToField(kept: readonly KeptVector[]): Field {
  return kept.map(({ name, dot }) => [textToField(name, "vector"), dot.origin, dot.sequence]);
}
