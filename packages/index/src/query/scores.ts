import type { MultiVector } from "../vector/vector.js";
import { normalise } from "../vector-index/normalise.js";
import type { Metric } from "../vector-index/options.js";

/** Score of the dialect for a distance of the engine, and its root where that is beyond float32: a finite float32. */
export function scoreOf(distance: number, metric: Metric, root = 0): number {
  if (metric === "cosine" || metric === "dot") return 0 - distance;
  if (metric === "manhattan") return distance;
  return root > 0 ? root : Math.fround(Math.sqrt(Math.max(0, distance)));
}

/** Is a score beyond what a threshold lets through? */
export function isWorse(score: number, threshold: number, metric: Metric): boolean {
  return metric === "cosine" || metric === "dot" ? score < threshold : score > threshold;
}

/** How far the square of a length may be from 1: float32 rounds each number of a unit vector by 2^-25 of it at most. */
const UNIT_TOLERANCE = 2e-6;

/**
 * A copy of unit length. One whose length is 1 but for rounding is kept to the bit, as the dialect's server keeps it: normalised once more, every hundredth of few dimensions would get
 * other last bits, and what is read from a database could not be written to another one as it is.
 */
function ofUnitLength(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += (vector[i] as number) ** 2;
  return squares > 1 - UNIT_TOLERANCE && squares < 1 + UNIT_TOLERANCE ? vector.slice() : normalise(vector);
}

/** A multivector as it is compared: for cosine each part of unit length. */
export function canonicalMulti(vector: MultiVector, metric: Metric): MultiVector {
  if (metric !== "cosine") return vector;
  const { dimensions, values } = vector;
  const parts = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += dimensions)
    parts.set(ofUnitLength(values.subarray(at, at + dimensions)), at);
  return { ...vector, values: parts };
}

/** The vector as the graph compares it: for cosine of unit length. */
export function canonicalVector(vector: Float32Array, metric: Metric): Float32Array {
  return metric === "cosine" ? ofUnitLength(vector) : vector;
}
