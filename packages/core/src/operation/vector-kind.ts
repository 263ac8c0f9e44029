import type { OperationFormat } from "./operation-format.js";
import { encodingOfNumber, numberOfEncoding, type VectorEncoding } from "./vector-encoding.js";

/**
 * Kinds of vectors, by the number that each has in an operation since format 2; it says what the vector's other fields are. Dense ones have
 * the number of their encoding, up to 15. No number is given twice.
 *
 * Sparse vectors, since format 3: indices and values follow. */
export const SPARSE_KIND = 16;

/** Multivectors, since format 3: the dimensions of a part and the values of all parts follow. */
export const MULTI_KIND = 17;

/** The oldest format in which there are sparse vectors, multivectors and later encodings (`isLaterEncoding`). */
export const laterKindsFormat: OperationFormat = 3;

/** The number of a dense vector that travels in this encoding. */
export function kindOfDense(encoding: VectorEncoding): number {
  return numberOfEncoding(encoding);
}

/** How the dense vector of a number travels. Throws `corrupt` for one that is not known. */
export function denseOfKind(number: unknown, what: string): VectorEncoding {
  return encodingOfNumber(number, what);
}
