import { type MultiVector, multiLimits, type SparseVector, sparseLimits, vectorIndexLimits } from "@murmuration/index";
import { refuseMessage } from "./refuse-message.js";
import { decodeVector } from "./vector-encoding.js";

/** The sparse vector of indices (u32, ascending) and values (f32, finite), both little-endian; copies. Throws `corrupt` for anything else. */
export function decodeSparse(indexBytes: Uint8Array, valueBytes: Uint8Array, what: string): SparseVector {
  const count = indexBytes.byteLength / Uint32Array.BYTES_PER_ELEMENT;
  if (!Number.isInteger(count) || indexBytes.byteLength !== valueBytes.byteLength)
    refuseMessage(`${what}: not one value for each index of a sparse vector`);
  if (count > sparseLimits.valuesMax) refuseMessage(`${what}: a sparse vector of ${count} values`);
  const indices = new Uint32Array(indexBytes.slice().buffer);
  for (let i = 1; i < count; i++) {
    if ((indices[i] as number) <= (indices[i - 1] as number))
      refuseMessage(`${what}: the indices of a sparse vector do not ascend`);
  }
  const values = count === 0 ? new Float32Array(0) : decodeVector(valueBytes, "f32", what);
  return { kind: "sparse", indices, values };
}

/** The multivector of so many dimensions a part and the values of all parts (f32 little-endian, finite); a copy. Throws `corrupt` for anything else. */
export function decodeMulti(dimensions: unknown, valueBytes: Uint8Array, what: string): MultiVector {
  const { min, max } = vectorIndexLimits.dimensions;
  const isNumber = typeof dimensions === "number" && Number.isInteger(dimensions);
  if (!isNumber || dimensions < min || dimensions > max)
    return refuseMessage(`${what}: not dimensions of a multivector`);
  const values = decodeVector(valueBytes, "f32", what);
  if (values.length % dimensions !== 0 || values.length > multiLimits.valuesMax)
    refuseMessage(`${what}: not the parts of a multivector`);
  return { kind: "multi", dimensions, values };
}
