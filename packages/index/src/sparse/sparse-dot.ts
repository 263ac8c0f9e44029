import type { SparseVector } from "../vector/vector.js";
import { float32 } from "../vector-index/search-types.js";
import { slot } from "./sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "./sparse-memory.js";

/**
 * The dot product of a vector with the one at a slot that is held; `undefined` where they share no index. Products and sums are float32, cut to what is
 * finite, by ascending index: where no sum is cut, a search over postings comes to the same bits.
 */
export function sparseDot(
  { u32, f32 }: SparseMemory,
  of: number,
  { indices, values }: SparseVector,
): number | undefined {
  const words = wordsOfSlot(of);
  const from = u32[words + slot.block] as number;
  const count = u32[words + slot.count] as number;
  let sum: number | undefined;
  for (let i = 0, j = 0; i < count && j < indices.length; ) {
    const [here, there] = [u32[from + i] as number, indices[j] as number];
    if (here === there) {
      const value = f32[(u32[from + count + i] as number) + 1] as number;
      sum = float32((sum ?? 0) + float32(value * (values[j] as number)));
    }
    if (here <= there) i++;
    if (there <= here) j++;
  }
  return sum;
}
