import {
  type Distance,
  metricOf,
  type PointState,
  ReadsHere,
  type Replica,
  visibleDot,
  type WritableShard,
} from "@murmuration/core";
import { canonicalMulti, isDense, isSparse, type MultiVector, multiVector, type PointId } from "@murmuration/index";
import { PART_DIMENSIONS } from "../data.js";

/** Parts that have little in common. */
const parts = [1, -1, 0].map((sign) =>
  Float32Array.from({ length: PART_DIMENSIONS }, (_, i) => sign + ((i * 7) % 5) / 4 - 0.5),
);

/**
 * What keeps searches of multivectors from answering what a look at the vectors of all points says, and codes from being those of their parts;
 * `undefined`: nothing. Everything that is applied is visible.
 */
export function multiProblem(
  replica: Replica,
  { shard, indexes }: WritableShard,
  states: readonly PointState[],
): string | undefined {
  for (const [name, space] of Object.entries(shard.collection.vectors)) {
    const index = indexes.get(name);
    if (space.kind !== "multi" || index === undefined) continue;
    const [violation] = index.validate().violations;
    if (violation !== undefined) return `vector "${name}": ${violation.detail}`;
    const query = canonicalMulti(multiVector(parts, "query"), metricOf(space));
    const wanted = new Map<PointId, number>();
    for (const state of states) {
      const dot = visibleDot(state, name);
      const slot = dot === undefined ? undefined : index.slotOf(dot);
      const vector = slot === undefined ? undefined : index.reader.vectorAt(slot);
      if (vector === undefined || isDense(vector) || isSparse(vector)) continue;
      wanted.set(state.id, scoreOf[space.distance](query, vector));
    }
    const reads = new ReadsHere(replica, shard.collection.name);
    const selection = { payload: false, vectors: false };
    const ask = (limit: number, efSearch: number) =>
      reads.nearest({ query, using: name, limit, offset: 0, parameters: { efSearch }, selection });
    // by codes, and all of them
    for (const found of [ask(2, 1), ask(wanted.size + 1, 1)]) {
      for (const { id, score } of found) {
        if (wanted.get(id) !== score)
          return `vector "${name}" of point ${id} has the score ${score}, and not ${wanted.get(id)}`;
      }
      if (found.length < Math.min(2, wanted.size)) return `${found.length} are found by vector "${name}"`;
      if (found.length > 2 && found.length !== wanted.size)
        return `${found.length} are found by vector "${name}", and not ${wanted.size}`;
    }
  }
  return undefined;
}

const most = 3.4028234663852886e38;
const cut = (value: number) => Math.max(-most, Math.min(most, Math.fround(value)));

/** For each part of the query, what all parts of the vector come to by their numbers. */
function* sumsOf(
  { dimensions, values }: MultiVector,
  stored: MultiVector,
  of: (a: number, b: number) => number,
): Iterable<number[]> {
  for (let part = 0; part < values.length; part += dimensions) {
    const sums: number[] = [];
    for (let at = 0; at < stored.values.length; at += dimensions) {
      let sum = 0;
      for (let i = 0; i < dimensions; i++) sum += of(values[part + i] as number, stored.values[at + i] as number);
      sums.push(sum);
    }
    yield sums;
  }
}

/** In float32, in the order of the query's parts. */
function largestProducts(query: MultiVector, stored: MultiVector): number {
  let sum = 0;
  for (const products of sumsOf(query, stored, (a, b) => a * b)) sum = cut(sum + cut(Math.max(...products)));
  // −0 is written as 0
  return sum + 0;
}

function leastSum(query: MultiVector, stored: MultiVector, of: (a: number, b: number) => number): number {
  let sum = 0;
  for (const sums of sumsOf(query, stored, of)) sum += Math.min(...sums);
  return sum;
}

/** Root of the square in float32, or of the whole one where float32 does not hold it. */
function rootOf(square: number): number {
  return cut(Math.sqrt(square > most ? square : Math.fround(square)));
}

const scoreOf: { readonly [distance in Distance]: (query: MultiVector, stored: MultiVector) => number } = {
  Cosine: largestProducts,
  Dot: largestProducts,
  Euclid: (query, stored) => rootOf(leastSum(query, stored, (a, b) => (a - b) ** 2)),
  Manhattan: (query, stored) => cut(leastSum(query, stored, (a, b) => Math.abs(a - b))),
};
