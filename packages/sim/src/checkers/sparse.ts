import {
  keyOfVector,
  type PointState,
  ReadsHere,
  type Replica,
  visibleDot,
  type WritableShard,
} from "@murmuration/core";
import { isSparse, type PointId, type SparseVector, sparseVector } from "@murmuration/index";
import { SPARSE_INDICES } from "../data.js";

/** Asks for every index, each with another weight. */
const query = sparseVector(
  Array.from({ length: SPARSE_INDICES }, (_, i) => i),
  Array.from({ length: SPARSE_INDICES }, (_, i) => 1 + (i % 5) / 4),
  "query",
);

/**
 * What keeps a search of sparse vectors from answering what a look at the vectors of all points says, which of them share an index with the query and
 * how rare each is among them included; `undefined`: nothing. Everything that is applied is visible.
 */
export function sparseProblem(
  replica: Replica,
  { shard, indexes }: WritableShard,
  states: readonly PointState[],
): string | undefined {
  for (const [name, space] of Object.entries(shard.collection.vectors)) {
    const key = keyOfVector(shard.collection, name) as string;
    const index = indexes.get(key);
    if (space.kind !== "sparse" || index === undefined) continue;
    const vectors = new Map<PointId, SparseVector>();
    for (const state of states) {
      const dot = visibleDot(state, key);
      const slot = dot === undefined ? undefined : index.slotOf(dot);
      const vector = slot === undefined ? undefined : index.reader.vectorAt(slot);
      if (vector !== undefined && isSparse(vector)) vectors.set(state.id, vector);
    }
    const asked = { using: name, limit: vectors.size + 1, offset: 0, parameters: {} };
    const selection = { payload: false, vectors: false };
    const found = new ReadsHere(replica, shard.collection.name).nearest({ query, ...asked, selection });
    const answered = new Map(found.map(({ id, score }) => [id, score]));
    const weights = weightsAmong(vectors, space.modifier === "idf");
    for (const [id, vector] of vectors) {
      const wanted = productOf(weights, vector);
      if (answered.get(id) !== wanted)
        return `vector "${name}" of point ${id} has the score ${answered.get(id)}, and not ${wanted}`;
      answered.delete(id);
    }
    for (const id of answered.keys()) return `point ${id} is found by its vector "${name}", which it does not have`;
  }
  return undefined;
}

function weightsAmong(vectors: ReadonlyMap<PointId, SparseVector>, hasIdf: boolean): Float32Array {
  if (!hasIdf) return query.values;
  const counts = new Uint32Array(SPARSE_INDICES);
  for (const { indices } of vectors.values()) {
    for (const index of indices) counts[index] = (counts[index] as number) + 1;
  }
  return query.values.map((value, i) => {
    const df = counts[i] as number;
    return value * Math.fround(Math.log((vectors.size - df + 0.5) / (df + 0.5) + 1));
  });
}

/** In float32, by ascending index; `undefined`: they share none. */
function productOf(weights: Float32Array, { indices, values }: SparseVector): number | undefined {
  let sum: number | undefined;
  for (const [i, index] of indices.entries()) {
    const product = Math.fround((weights[index] as number) * (values[i] as number));
    sum = sum === undefined ? product : Math.fround(sum + product);
  }
  // −0 is written as 0
  return sum === undefined ? undefined : sum + 0;
}
