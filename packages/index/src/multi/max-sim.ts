import { type Meter, type Sliced, stepsPerSlice } from "../sliced.js";
import type { SparseMemory } from "../sparse/sparse-memory.js";
import type { MultiVector } from "../vector/vector.js";
import type { Metric } from "../vector-index/options.js";
import { float32 } from "../vector-index/search-types.js";
import { partsAt } from "./multi-index.js";
import type { MultiOptions } from "./multi-options.js";

/** Numbers that are multiplied in about a step. */
const VALUES_PER_STEP = 16;

/** Multivectors of one name, as a thread reads them. */
export interface KeptParts {
  readonly memory: SparseMemory;
  readonly options: MultiOptions;
}

/**
 * How near the part of a query that begins at `part` of `values` is to the nearest of those that stand from `from` to `end`. Four are compared beside each
 * other, each by a sum in the order of the dimensions: none waits for the sum before it, and the bits are those of one after the other.
 */
type NearestPart = (
  f32: Float32Array,
  from: number,
  end: number,
  values: Float32Array,
  part: number,
  dimensions: number,
) => number;

/** The largest product. */
const largestProduct: NearestPart = (f32, from, end, values, part, dimensions) => {
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
  return most;
};

/** The least sum of squared differences. */
const leastSquares: NearestPart = (f32, from, end, values, part, dimensions) => {
  let least = Number.POSITIVE_INFINITY;
  let at = from;
  for (; at + 4 * dimensions <= end; at += 4 * dimensions) {
    let [a, b, c, d] = [0, 0, 0, 0];
    const [second, third, fourth] = [at + dimensions, at + 2 * dimensions, at + 3 * dimensions];
    for (let i = 0; i < dimensions; i++) {
      const value = values[part + i] as number;
      a += (value - (f32[at + i] as number)) ** 2;
      b += (value - (f32[second + i] as number)) ** 2;
      c += (value - (f32[third + i] as number)) ** 2;
      d += (value - (f32[fourth + i] as number)) ** 2;
    }
    least = Math.min(least, a, b, c, d);
  }
  for (; at < end; at += dimensions) {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += ((values[part + i] as number) - (f32[at + i] as number)) ** 2;
    least = Math.min(least, sum);
  }
  return least;
};

/** The least sum of differences. */
const leastDifferences: NearestPart = (f32, from, end, values, part, dimensions) => {
  let least = Number.POSITIVE_INFINITY;
  let at = from;
  for (; at + 4 * dimensions <= end; at += 4 * dimensions) {
    let [a, b, c, d] = [0, 0, 0, 0];
    const [second, third, fourth] = [at + dimensions, at + 2 * dimensions, at + 3 * dimensions];
    for (let i = 0; i < dimensions; i++) {
      const value = values[part + i] as number;
      a += Math.abs(value - (f32[at + i] as number));
      b += Math.abs(value - (f32[second + i] as number));
      c += Math.abs(value - (f32[third + i] as number));
      d += Math.abs(value - (f32[fourth + i] as number));
    }
    least = Math.min(least, a, b, c, d);
  }
  for (; at < end; at += dimensions) {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += Math.abs((values[part + i] as number) - (f32[at + i] as number));
    least = Math.min(least, sum);
  }
  return least;
};

/** How the parts of a query are compared and added up. */
interface Comparison {
  readonly nearestPart: NearestPart;
  readonly add: (sum: number, nearest: number) => number;
}

/** Each product is rounded to float32, and so is each sum; both are cut to what is finite. */
const products: Comparison = {
  nearestPart: largestProduct,
  add: (sum, nearest) => float32(sum + float32(nearest)),
};

/** Sums of distances are of float64, which squares of float32 do not leave. */
const comparisons: { readonly [metric in Metric]: Comparison } = {
  cosine: products,
  dot: products,
  euclid: { nearestPart: leastSquares, add: (sum, nearest) => sum + nearest },
  manhattan: { nearestPart: leastDifferences, add: (sum, nearest) => sum + nearest },
};

/**
 * For each part of the query the largest product with one of the parts of the vector at a slot, added up in the order of the query's parts (max-sim: Khattab
 * and Zaharia, "ColBERT", 2020); by distances the least ones, by Euclid their squares: of those a float64. The slot is held by a pin.
 */
export function* sumOfNearest(
  { memory, options }: KeptParts,
  of: number,
  query: MultiVector,
  meter: Meter,
): Sliced<number> {
  const { dimensions, values } = query;
  const { nearestPart, add } = comparisons[options.metric];
  const count = memory.countAt(of);
  const from = partsAt(memory, of, options);
  const stepsPerPart = 1 + count / VALUES_PER_STEP;
  const stride = dimensions * Math.max(1, Math.floor(stepsPerSlice / stepsPerPart));
  let sum = 0;
  for (let start = 0; start < values.length; start += stride) {
    const stop = Math.min(values.length, start + stride);
    for (let part = start; part < stop; part += dimensions)
      sum = add(sum, nearestPart(memory.f32, from, from + count, values, part, dimensions));
    meter.steps += ((stop - start) / dimensions) * stepsPerPart;
    if (meter.isDue()) yield "pause";
  }
  return sum;
}

/** What `sumOfNearest` gives as a similarity, larger for nearer ones: a finite float32, distances negated, those by Euclid squared. */
export function similarityOfSum(sum: number, metric: Metric): number {
  return metric === "cosine" || metric === "dot" ? sum : 0 - float32(sum);
}

/** The similarity of the vector at a slot to a query. */
export function* maxSim(space: KeptParts, of: number, query: MultiVector, meter: Meter): Sliced<number> {
  return similarityOfSum(yield* sumOfNearest(space, of, query, meter), space.options.metric);
}
