import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import { nearestSlots } from "../sparse/top-slots.js";
import type { MultiVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";

/** Numbers that are multiplied in about a step. */
const VALUES_PER_STEP = 16;

/**
 * For each part of the query the largest product with a part of the vector at a slot, added up (max-sim: Khattab and Zaharia, "ColBERT", 2020). Each
 * product is rounded to float32, and so is each sum, in the order of the query's parts.
 */
export function maxSim({ u32, f32 }: SparseMemory, of: number, { dimensions, values }: MultiVector): number {
  const from = u32[wordsOfSlot(of) + slot.block] as number;
  const end = from + (u32[wordsOfSlot(of) + slot.count] as number);
  let sum = 0;
  for (let part = 0; part < values.length; part += dimensions) {
    let most = Number.NEGATIVE_INFINITY;
    for (let at = from; at < end; at += dimensions) {
      let product = 0;
      for (let i = 0; i < dimensions; i++) product += (values[part + i] as number) * (f32[at + i] as number);
      if (product > most) most = product;
    }
    sum = Math.fround(sum + Math.fround(most));
  }
  return sum;
}

/** The allowed slots with the largest max-sim, −score as the distance, ascending by (distance, dot); compared with every one of them. */
export function* searchMulti(
  memory: SparseMemory,
  query: MultiVector,
  limit: number,
  allowed: ReadonlyRowSet,
): Sliced<SearchResult> {
  const found = new Uint32Array(allowed.size);
  const scores = new Float32Array(32 * allowed.wordCount);
  const meter = new Meter();
  let count = 0;
  for (const of of allowed) {
    scores[of] = maxSim(memory, of, query);
    found[count++] = of;
    meter.steps += (memory.countAt(of) * (query.values.length / query.dimensions)) / VALUES_PER_STEP;
    if (meter.isDue()) yield "pause";
  }
  return nearestSlots(memory, scores, found, count, limit);
}
