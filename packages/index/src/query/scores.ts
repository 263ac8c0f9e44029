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

/** The vector as the graph compares it: for cosine of unit length. */
export function canonicalVector(vector: Float32Array, metric: Metric): Float32Array {
  return metric === "cosine" ? normalise(vector) : vector;
}
