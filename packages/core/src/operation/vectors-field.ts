import type { Field } from "./format.js";
import type { OperationFormat } from "./operation-format.js";
import { textToField } from "./text-field.js";
import { encodeVector, numberOfEncoding } from "./vector-encoding.js";
import { kindOfDense } from "./vector-kind.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/**
 * Vectors as `[name, kind, values, delta]` each. In format 1 as `[name, values, delta]`, f32 little-endian; in another encoding its number
 * follows.
 */
export function vectorsToField(vectors: readonly VectorVersion[], format: OperationFormat): Field {
  return vectors.map(({ name, values, delta, encoding }) => {
    const text = textToField(name, "vector");
    if (format !== 1) return [text, kindOfDense(encoding ?? "f32"), encodeVector(values, encoding ?? "f32"), delta];
    if (encoding === undefined) return [text, encodeVector(values, "f32"), delta];
    return [text, encodeVector(values, encoding), delta, numberOfEncoding(encoding)];
  });
}

/** Kept vectors as `[name, origin, sequence]` each. */
export function keptToField(kept: readonly KeptVector[]): Field {
  return kept.map(({ name, dot }) => [textToField(name, "vector"), dot.origin, dot.sequence]);
}
