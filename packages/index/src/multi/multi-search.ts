import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced, stepsPerSlice } from "../sliced.js";
import { slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import { nearestSlots } from "../sparse/top-slots.js";
import type { MultiVector } from "../vector/vector.js";
import { float32, type SearchResult } from "../vector-index/search-types.js";

/** Numbers that are multiplied in about a step. */
const VALUES_PER_STEP = 16;

/** `sum`, and for each part of the query from one number to another its largest product with a part of the vector at a slot. */
function addLargest(
  { u32, f32 }: SparseMemory,
  of: number,
  { dimensions, values }: MultiVector,
  start: number,
  stop: number,
  begun: number,
): number {
  const from = u32[wordsOfSlot(of) + slot.block] as number;
  const end = from + (u32[wordsOfSlot(of) + slot.count] as number);
  let sum = begun;
  for (let part = start; part < stop; part += dimensions) {
    let most = Number.NEGATIVE_INFINITY;
    for (let at = from; at < end; at += dimensions) {
      let product = 0;
      for (let i = 0; i < dimensions; i++) product += (values[part + i] as number) * (f32[at + i] as number);
      if (product > most) most = product;
    }
    sum = float32(sum + float32(most));
  }
  return sum;
}

/**
 * For each part of the query the largest product with a part of the vector at a slot, added up (max-sim: Khattab and Zaharia, "ColBERT", 2020). Each
 * product is rounded to float32, and so is each sum, in the order of the query's parts; both are cut to what is finite. The slot is held by a pin.
 */
export function* maxSim(memory: SparseMemory, of: number, query: MultiVector, meter: Meter): Sliced<number> {
  const { dimensions, values } = query;
  const stepsPerPart = 1 + memory.countAt(of) / VALUES_PER_STEP;
  const stride = dimensions * Math.max(1, Math.floor(stepsPerSlice / stepsPerPart));
  let sum = 0;
  for (let start = 0; start < values.length; start += stride) {
    const stop = Math.min(values.length, start + stride);
    sum = addLargest(memory, of, query, start, stop, sum);
    meter.steps += ((stop - start) / dimensions) * stepsPerPart;
    if (meter.isDue()) yield "pause";
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
    scores[of] = yield* maxSim(memory, of, query, meter);
    found[count++] = of;
  }
  return nearestSlots(memory, scores, found, count, limit);
}
