import type { DenseVector } from "../vector/vector.js";
import { float32Max } from "../vector-index/search-types.js";
import { scoreOf } from "./scores.js";
import type { SpaceReader } from "./space-reader.js";

/** A float32, cut to what is finite: sums and powers of scores may go beyond it. */
export function float32(value: number): number {
  const rounded = Math.fround(value);
  return Math.max(-float32Max, Math.min(float32Max, rounded));
}

/** Similarities of a vector to those at slots, larger for nearer ones: the dialect's scores, distances negated. f32, by slot. */
export function similarities({ graph, metric }: SpaceReader, vector: DenseVector, slots: Uint32Array): Float32Array {
  const found = graph.distancesTo(vector, slots);
  const isDistance = metric === "euclid" || metric === "manhattan";
  for (let i = 0; i < found.length; i++) {
    const score = scoreOf(found[i] as number, metric);
    found[i] = isDistance ? 0 - score : score;
  }
  return found;
}
