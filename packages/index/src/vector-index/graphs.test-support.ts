import type { NodeDot, SearchResult } from "./graph-reader.js";
import type { GraphDelta } from "./graph-types.js";
import { normalise } from "./normalise.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

/** A generator of numbers in [0, 1) that is the same on every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x = (x + Math.imul(x ^ (x >>> 7), x | 61)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** About normal, by the sum of four uniform numbers. */
function bell(random: () => number): number {
  return (random() + random() + random() + random() - 2) * 1.7;
}

/** Vectors around `clusters` centres: nearer to real data than uniform noise, whose neighbours mean nothing. */
export function clusteredVectors(count: number, dimensions: number, seed: number, clusters = 20): Float32Array[] {
  const random = seeded(seed);
  const centres = Array.from({ length: clusters }, () => Float32Array.from({ length: dimensions }, () => bell(random)));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * clusters)] as Float32Array;
    return centre.map((x) => x + 0.4 * bell(random));
  });
}

/** Options with the usual parameters. */
export function optionsFor(dimensions: number, changes: Partial<VectorIndexOptions> = {}): VectorIndexOptions {
  return { dimensions, metric: "cosine", links: 16, efConstruction: 100, quantization: "int8", ...changes };
}

/** One insert as the log would hold it. */
export interface RecordedInsert {
  readonly dot: NodeDot;
  readonly vector: Float32Array;
  readonly delta: GraphDelta;
}

/** Plans, applies and shows a vector; returns what the log would hold, and the slot. */
export function insert(
  index: VectorIndex,
  dot: NodeDot,
  vector: Float32Array,
): RecordedInsert & { readonly slot: number } {
  const delta = index.plan(dot, vector);
  const slot = index.apply(dot, vector, delta);
  index.reader.show(slot);
  return { dot, vector, delta, slot };
}

/** An index over the vectors, as 1:1, 1:2, … (cosine: normalised first), in slots 0, 1, … */
export function buildIndex(
  options: VectorIndexOptions,
  vectors: readonly Float32Array[],
  origin = 1,
): { readonly index: VectorIndex; readonly inserts: readonly RecordedInsert[] } {
  const index = new VectorIndex(options);
  const inserts = vectors.map((vector, i) =>
    insert(index, { origin, sequence: i + 1 }, options.metric === "cosine" ? normalise(vector) : vector),
  );
  return { index, inserts };
}

/** A new index to which the recorded inserts are applied in this order. */
export function replay(options: VectorIndexOptions, inserts: readonly RecordedInsert[]): VectorIndex {
  const index = new VectorIndex(options);
  for (const { dot, vector, delta } of inserts) index.reader.show(index.apply(dot, vector, delta));
  return index;
}

/** Distance in f64, as the metric defines it; independent of the engine. */
export function trueDistance(metric: VectorIndexOptions["metric"], a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (metric === "euclid") sum += (x - y) * (x - y);
    else if (metric === "manhattan") sum += Math.abs(x - y);
    else sum -= x * y;
  }
  return sum;
}

/** Slots of the nearest of `slots` by brute force in f64. */
export function nearest(
  index: VectorIndex,
  query: Float32Array,
  limit: number,
  slots: Iterable<number> = new Array(index.reader.slotCount).keys(),
): number[] {
  const { metric } = index.options;
  return Array.from(slots, (slot) => ({ slot, d: trueDistance(metric, query, index.reader.vectorAt(slot)) }))
    .sort((a, b) => a.d - b.d || a.slot - b.slot)
    .slice(0, limit)
    .map(({ slot }) => slot);
}

/** Share of `truth` that was found. */
export function recallOf(found: Iterable<number>, truth: readonly number[]): number {
  const set = new Set(found);
  return truth.length === 0 ? 1 : truth.filter((slot) => set.has(slot)).length / truth.length;
}

/** Share of the `limit` nearest that was found; whoever is as near as the farthest of them counts, so that ties do not matter. */
export function recallByDistance(
  index: VectorIndex,
  query: Float32Array,
  found: Iterable<number>,
  limit: number,
): number {
  const { metric } = index.options;
  const distance = (slot: number) => trueDistance(metric, query, index.reader.vectorAt(slot));
  const truth = nearest(index, query, limit);
  const farthest = distance(truth.at(-1) as number);
  const near = [...found].filter((slot) => distance(slot) <= farthest + Math.abs(farthest) * 1e-6 + 1e-6);
  return Math.min(1, near.length / truth.length);
}

/** Mean recall at `limit` against brute force. */
export function meanRecall(index: VectorIndex, queries: readonly Float32Array[], efSearch: number, limit = 10): number {
  const sum = queries.reduce((total, query) => {
    const { slots } = index.reader.search(query, { limit, efSearch });
    return total + recallByDistance(index, query, slots, limit);
  }, 0);
  return sum / queries.length;
}

/** An answer as it would travel: dots and the bits of the distances. */
export function answerBytes(index: VectorIndex, { slots, distances }: SearchResult): string {
  const bits = new Uint32Array(distances.slice().buffer);
  return Array.from(slots, (slot, i) => {
    const { origin, sequence } = index.reader.dotAt(slot);
    return `${origin}:${sequence}=${bits[i]}`;
  }).join(" ");
}

/** Every node with its hash, as text, sorted: says where two graphs differ. */
export function nodeTexts(index: VectorIndex): string[] {
  return Array.from(index.nodeDigests(), ({ dot, digest }) => `${dot.origin}:${dot.sequence} ${digest}`).sort();
}
