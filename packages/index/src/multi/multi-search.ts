import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced, stepsPerSlice } from "../sliced.js";
import type { SparseMemory } from "../sparse/sparse-memory.js";
import { nearestSlots } from "../sparse/top-slots.js";
import type { MultiVector } from "../vector/vector.js";
import { float32, type SearchOptions, type SearchResult } from "../vector-index/search-types.js";

import { partsAt } from "./multi-index.js";
import type { MultiOptions } from "./multi-options.js";
import { codedPartsMax, type PartCodes } from "./part-codes.js";

/** Numbers that are multiplied in about a step. */
const VALUES_PER_STEP = 16;

/** Multivectors of one name, as a thread reads them. */
export interface MultiVectors {
  readonly memory: SparseMemory;
  readonly options: MultiOptions;
  readonly codes: PartCodes | undefined;
}

/**
 * `begun`, and for each part of the query from one number to another its largest product with one of the parts from one place to another. Four products are
 * summed beside each other, each in the order of the dimensions: none waits for the sum before it, and the bits are those of one after the other.
 */
function addLargest(
  f32: Float32Array,
  from: number,
  end: number,
  { dimensions, values }: MultiVector,
  start: number,
  stop: number,
  begun: number,
): number {
  let sum = begun;
  for (let part = start; part < stop; part += dimensions) {
    let most = Number.NEGATIVE_INFINITY;
    let at = from;
    for (; at + 4 * dimensions <= end; at += 4 * dimensions) {
      let [a, b, c, d] = [0, 0, 0, 0];
      const [second, third, fourth] = [at + dimensions, at + 2 * dimensions, at + 3 * dimensions];
      for (let i = 0; i < dimensions; i++) {
        const value = values[part + i] as number;
        a += value * (f32[at + i] as number);
        b += value * (f32[second + i] as number);
        c += value * (f32[third + i] as number);
        d += value * (f32[fourth + i] as number);
      }
      most = Math.max(most, a, b, c, d);
    }
    for (; at < end; at += dimensions) {
      let product = 0;
      for (let i = 0; i < dimensions; i++) product += (values[part + i] as number) * (f32[at + i] as number);
      most = Math.max(most, product);
    }
    sum = float32(sum + float32(most));
  }
  return sum;
}

/**
 * For each part of the query the largest product with a part of the vector at a slot, added up (max-sim: Khattab and Zaharia, "ColBERT", 2020). Each
 * product is rounded to float32, and so is each sum, in the order of the query's parts; both are cut to what is finite. The slot is held by a pin.
 */
export function* maxSim(
  { memory, options }: MultiVectors,
  of: number,
  query: MultiVector,
  meter: Meter,
): Sliced<number> {
  const { dimensions, values } = query;
  const count = memory.countAt(of);
  const from = partsAt(memory, of, options);
  const stepsPerPart = 1 + count / VALUES_PER_STEP;
  const stride = dimensions * Math.max(1, Math.floor(stepsPerSlice / stepsPerPart));
  let sum = 0;
  for (let start = 0; start < values.length; start += stride) {
    const stop = Math.min(values.length, start + stride);
    sum = addLargest(memory.f32, from, from + count, query, start, stop, sum);
    meter.steps += ((stop - start) / dimensions) * stepsPerPart;
    if (meter.isDue()) yield "pause";
  }
  return sum;
}

/** How to search multivectors. */
export type MultiSearchOptions = Pick<SearchOptions, "limit" | "efSearch" | "exact" | "oversampling">;

/** Vectors that are compared part by part: those that are nearest by their codes, at least so many, and one of so many. */
const CANDIDATES_MIN = 384;
const CANDIDATES_SHARE = 1 / 64;
/** Of those that are wanted. */
const OVERSAMPLING = 2;
/** Where there are not so many times as many, all of them are. */
const WORTH_IT = 2;

/** How many of those allowed are compared part by part, the nearest by their codes; `undefined`: all. It follows from replicated state alone. */
function candidatesOf(
  matches: number,
  { limit, efSearch, exact, oversampling }: MultiSearchOptions,
): number | undefined {
  const wanted = Math.max(
    efSearch ?? Math.max(CANDIDATES_MIN, Math.ceil(matches * CANDIDATES_SHARE)),
    Math.ceil(limit * (oversampling ?? OVERSAMPLING)),
  );
  return exact === true || matches <= WORTH_IT * wanted ? undefined : wanted;
}

/**
 * The allowed slots with the largest max-sim, −score as the distance, ascending by (distance, dot). Where there are codes, the nearest by these are compared
 * with the query part by part; else all. Which these are follows from query and vectors alone, so that replicas with the same vectors answer alike.
 */
export function* searchMulti(
  space: MultiVectors,
  query: MultiVector,
  allowed: ReadonlyRowSet,
  options: MultiSearchOptions,
): Sliced<SearchResult> {
  const { memory, codes } = space;
  const meter = new Meter();
  const scores = new Float32Array(32 * allowed.wordCount);
  let compared: Uint32Array = Uint32Array.from(allowed);
  const candidates = candidatesOf(compared.length, options);
  if (codes !== undefined && candidates !== undefined && query.values.length <= codedPartsMax * query.dimensions) {
    const coded = yield* codes.coded(query, meter);
    yield* codes.estimate(coded, compared, scores, meter);
    compared = isPlanted("codes-by-slot")
      ? compared.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, candidates)
      : nearestSlots(memory, scores, compared, compared.length, candidates).slots;
  }
  for (const of of compared) scores[of] = yield* maxSim(space, of, query, meter);
  return nearestSlots(memory, scores, compared, compared.length, options.limit);
}
