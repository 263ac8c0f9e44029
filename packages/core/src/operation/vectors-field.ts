import { assert, isDense, isSparse, piecesOfVector } from "@murmuration/index";
import type { Field } from "./format.js";
import type { OperationFormat } from "./operation-format.js";
import { textToField } from "./text-field.js";
import { encodeVector, isLaterEncoding, numberOfEncoding } from "./vector-encoding.js";
import { kindOfDense, laterKindsFormat, MULTI_KIND, SPARSE_KIND } from "./vector-kind.js";
import type { KeptVector, VectorVersion } from "./vector-version.js";

/**
 * Vectors as `[name, kind, values, delta]` each, sparse ones as `[name, 16, indices, values]`, u32 and f32 little-endian,
 * multivectors as `[name, 17, dimensions, values]`. In format 1 as `[name,
 * values, delta]`, f32 little-endian; in another encoding its number follows.
 */
export function vectorsToField(vectors: readonly VectorVersion[], format: OperationFormat): Field {
  return vectors.map(({ name, values, delta, encoding }) => {
    const text = textToField(name, "vector");
    if (isSparse(values)) {
      assert(format >= laterKindsFormat, "sparse vectors are written in a format that has them");
      return [text, SPARSE_KIND, ...piecesOfVector(values)];
    }
    if (!isDense(values)) {
      assert(format >= laterKindsFormat, "multivectors are written in a format that has them");
      return [text, MULTI_KIND, values.dimensions, ...piecesOfVector(values)];
    }
    const dense = values;
    if (format !== 1) return [text, kindOfDense(encoding ?? "f32"), encodeVector(dense, encoding ?? "f32"), delta];
    if (encoding === undefined) return [text, encodeVector(dense, "f32"), delta];
    return [text, encodeVector(dense, encoding), delta, numberOfEncoding(encoding)];
  });
}

/** The oldest format that has all of these vectors. */
export function oldestFormatOf(vectors: readonly VectorVersion[]): OperationFormat {
  const isOld = ({ values, encoding }: VectorVersion) => isDense(values) && !isLaterEncoding(encoding);
  return vectors.every(isOld) ? 1 : laterKindsFormat;
}

/** Kept vectors as `[name, origin, sequence]` each. */
export function keptToField(kept: readonly KeptVector[]): Field {
  return kept.map(({ name, dot }) => [textToField(name, "vector"), dot.origin, dot.sequence]);
}
