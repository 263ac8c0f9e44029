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

/** A multivector as it is compared: for cosine each part of unit length. */
export function canonicalMulti(vector: MultiVector, metric: Metric): MultiVector {
  if (metric !== "cosine") return vector;
  const { dimensions, values } = vector;
  const parts = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += dimensions) parts.set(normalise(values.slice(at, at + dimensions)), at);
  return { ...vector, values: parts };
}

/** The vector as the graph compares it: for cosine of unit length. */
export function canonicalVector(vector: Float32Array, metric: Metric): Float32Array {
  return metric === "cosine" ? normalise(vector) : vector;
}
