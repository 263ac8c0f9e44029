import type { SearchResult } from "../vector-index/search-types.js";
import type { SparseMemory } from "./sparse-memory.js";

/** The first `most` of `count` slots by their scores, −score as the distance, ascending by (distance, dot): a heap with the worst of the best on top. */
export function nearestSlots(
  memory: SparseMemory,
  scores: Float32Array,
  found: Uint32Array,
  count: number,
  most: number,
): SearchResult {
  const limit = Math.min(most, count);
  const heap = new Uint32Array(limit);
  const isBetter = (a: number, b: number) => {
    const [one, other] = [scores[a] as number, scores[b] as number];
    return one > other || (one === other && memory.compareDots(a, b) < 0);
  };
  const sink = (from: number, size: number) => {
    const moved = heap[from] as number;
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBetter(heap[child] as number, heap[child + 1] as number)) child++;
      if (!isBetter(moved, heap[child] as number)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moved;
  };
  for (let i = 0; i < limit; i++) heap[i] = found[i] as number;
  for (let at = (limit >> 1) - 1; at >= 0; at--) sink(at, limit);
  let least = limit === 0 ? 0 : (scores[heap[0] as number] as number);
  for (let i = limit; i < count && limit > 0; i++) {
    const slot = found[i] as number;
    if ((scores[slot] as number) < least || !isBetter(slot, heap[0] as number)) continue;
    heap[0] = slot;
    sink(0, limit);
    least = scores[heap[0] as number] as number;
  }
  for (let size = limit - 1; size > 0; size--) {
    const worst = heap[0] as number;
    heap[0] = heap[size] as number;
    heap[size] = worst;
    sink(0, size);
  }
  return { slots: heap, distances: Float32Array.from(heap, (slot) => 0 - (scores[slot] as number)) };
}
