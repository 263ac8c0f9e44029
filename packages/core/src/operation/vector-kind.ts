import type { OperationFormat } from "./operation-format.js";
import { refuseMessage } from "./refuse-message.js";
import { encodingOfNumber, numberOfEncoding, type VectorEncoding } from "./vector-encoding.js";

/**
 * Kinds of vectors, by the number that each has in an operation since format 2; it says what the vector's other fields are. Dense ones have
 * the number of their encoding, up to 15. No number is given twice; those of kinds to come are reserved here, so that nobody else takes them.
 */
const RESERVED: ReadonlyMap<unknown, string> = new Map([[17, "multi"]]);

/** Sparse vectors, since format 3: indices and values follow. */
export const SPARSE_KIND = 16;

/** The oldest format in which there are sparse vectors. */
export const sparseFormat: OperationFormat = 3;

/** The number of a dense vector that travels in this encoding. */
export function kindOfDense(encoding: VectorEncoding): number {
  return numberOfEncoding(encoding);
}

/** How the dense vector of a number travels. Throws `corrupt` for one that is not known, and for a kind that no version writes yet. */
export function denseOfKind(number: unknown, what: string): VectorEncoding {
  const reserved = RESERVED.get(number);
  if (reserved !== undefined)
    refuseMessage(`${what}: ${reserved} vectors (kind ${number}) are not known to this version`);
  return encodingOfNumber(number, what);
}
