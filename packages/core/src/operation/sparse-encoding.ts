import { type SparseVector, sparseLimits } from "@murmuration/index";
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
