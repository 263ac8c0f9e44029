import { type SparseVector, sparseVector } from "../vector/vector.js";
import { seeded } from "../vector-index/graphs.test-support.js";

/** Sparse vectors whose indices are the rarer the larger they are; some without any. */
export function randomSparseVectors(
  count: number,
  { indices, valuesMax, seed }: { readonly indices: number; readonly valuesMax: number; readonly seed: number },
): SparseVector[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const chosen = new Map<number, number>();
    const size = Math.floor(random() * (valuesMax + 1));
    for (let i = 0; i < size; i++) chosen.set(Math.floor(indices * random() ** 2), Math.fround(random() * 4 - 1));
    return sparseVector([...chosen.keys()], [...chosen.values()], "vector");
  });
}
