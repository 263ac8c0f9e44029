import type { Filter } from "../filter/condition.js";
import { emptyFilter } from "../filter/parse.js";
import type { Payload } from "../payload/json.js";
import type { PointId } from "../point/point-id.js";
import { finish, type Sliced } from "../sliced.js";
import type { VectorIndexOptions } from "../vector-index/options.js";
import { CollectionReader } from "./collection-reader.js";
import type { PointsQuery, ScoredRecord } from "./query.js";
import type { Snapshot } from "./snapshot.js";
import { type PointChange, WrittenCollection } from "./written-collection.test-support.js";

/** A vector space with small lists. */
export function space(dimensions: number, metric: VectorIndexOptions["metric"] = "dot"): VectorIndexOptions {
  return { dimensions, metric, links: 4, efConstruction: 16, quantization: "int8" };
}

/** A change that writes a point; one list of numbers is the unnamed vector. */
export function point(
  id: PointId,
  vectors: readonly number[] | { readonly [name: string]: readonly number[] },
  payload: Payload = {},
): PointChange {
  const named = Array.isArray(vectors) ? { "": vectors } : vectors;
  const entries = Object.entries(named).map(([name, values]) => [name, Float32Array.from(values)]);
  return { id, vectors: Object.fromEntries(entries), payload };
}

/** A collection of these points, and a reader of it. */
export function collectionOf(
  spaces: { readonly [name: string]: VectorIndexOptions },
  points: readonly PointChange[] = [],
): { readonly written: WrittenCollection; readonly reader: CollectionReader } {
  const written = new WrittenCollection(spaces);
  if (points.length > 0) written.write(points);
  return { written, reader: new CollectionReader(written.handle(), 4, written.payloads) };
}

/** What a read gives in a snapshot of its own, at once. */
export function readNow<Answer>(reader: CollectionReader, read: (snapshot: Snapshot) => Sliced<Answer>): Answer {
  const snapshot = reader.begin();
  try {
    return finish(read(snapshot));
  } finally {
    snapshot.release();
  }
}

/** Everything that a read emits, at once. */
export function foundBy<Found>(
  reader: CollectionReader,
  read: (snapshot: Snapshot, emit: (found: Found) => void) => Sliced<unknown>,
): Found[] {
  const found: Found[] = [];
  readNow(reader, (snapshot) => read(snapshot, (one) => found.push(one)));
  return found;
}

/** The nearest to (1, 0), or as `more` says. */
export function nearestIn(reader: CollectionReader, more: Partial<PointsQuery> = {}): ScoredRecord[] {
  const query: PointsQuery = { ...toVector([1, 0]), ...more };
  return foundBy<ScoredRecord>(reader, (snapshot, emit) => snapshot.query(query, emit));
}

/** A query of ten points by a vector, without payload and vectors. */
export function toVector(values: readonly number[]): PointsQuery {
  return {
    node: { kind: "nearest", target: { kind: "vector", vector: Float32Array.from(values) } },
    using: "",
    limit: 10,
    offset: 0,
    parameters: {},
    selection: bare,
  };
}

/** Neither payload nor vectors. */
export const bare = { payload: false, vectors: false } as const;

export function tagIs(value: string): Filter {
  return { ...emptyFilter, must: [{ kind: "match-value", key: "tag", value }] };
}
