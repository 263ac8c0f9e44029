import {
  assert,
  finish,
  fixedAtFirst,
  MurmurationError,
  normalise,
  RowSet,
  type SearchOptions,
  type Sliced,
} from "@murmuration/index";
import type { Distance } from "../catalogue/collection.js";
import type { Shard } from "../state/shard.js";
import { matchingRows } from "./matching.js";
import { RecordReader } from "./records.js";
import type { Emit, NearestQuery, ScoredPoint } from "./request.js";

/** So many points cost as much as a few others things do in a slice, with what is returned of them. */
const POINTS_PER_PAUSE = 16;

/** Score of the dialect for a distance of the engine, and its root where that is beyond float32: a finite float32. */
export function scoreOf(distance: number, metric: Distance, root = 0): number {
  if (metric === "Cosine" || metric === "Dot") return 0 - distance;
  if (metric === "Manhattan") return distance;
  return root > 0 ? root : Math.fround(Math.sqrt(Math.max(0, distance)));
}

function isWorse(score: number, threshold: number, metric: Distance): boolean {
  return metric === "Cosine" || metric === "Dot" ? score < threshold : score > threshold;
}

/** The vector as the graph compares it: for cosine of unit length. */
export function canonicalVector(vector: Float32Array, metric: Distance): Float32Array {
  return metric === "Cosine" ? normalise(vector) : vector;
}

/** Slots of one vector's visible versions, of the points at these rows. */
function slotsAt(shard: Shard, vector: string, rows: RowSet): RowSet {
  const slots = shard.table.slotMap(vector);
  assert(slots !== undefined, "every vector of the collection has a slot map");
  const allowed = new RowSet();
  rows.forEach((row) => {
    const slot = slots.slotOf(row);
    if (slot !== undefined) allowed.add(slot);
  });
  return allowed;
}

function queryVector(
  shard: Shard,
  request: NearestQuery,
  lookup: Shard,
): { vector: Float32Array; excludedSlot?: number } {
  const { query, using } = request;
  const metric = shard.collection.vectors[using]?.distance as Distance;
  if (query instanceof Float32Array) return { vector: canonicalVector(query, metric) };
  const from = request.lookupFrom?.vector ?? using;
  const reader = lookup.graph(from).reader;
  const row = lookup.table.rowOf(query.id);
  if (row === undefined) throw new MurmurationError("not-found", `No point with id ${query.id} found`, "query");
  const slot = lookup.table.slotMap(from)?.slotOf(row);
  if (slot === undefined) {
    throw new MurmurationError("wrong-input", `Point with id ${query.id} has no vector "${from}"`, "query");
  }
  const vector = reader.vectorAt(slot);
  if (lookup === shard && from === using) return { vector, excludedSlot: slot };
  return { vector: canonicalVector(vector, metric) };
}

/**
 * The nearest points of a vector, or of a stored point's vector (which is left out itself), best first. `lookup` is the shard that a query
 * by id takes its vector from.
 */
export function* nearestInSlices(
  shard: Shard,
  request: NearestQuery,
  emit: Emit<ScoredPoint>,
  lookup: Shard = shard,
): Sliced<void> {
  const { using, parameters, limit, offset } = request;
  // scores are float32: compared with one that is not, a score would be other than itself
  const scoreThreshold = request.scoreThreshold === undefined ? undefined : Math.fround(request.scoreThreshold);
  const { reader } = shard.graph(using);
  const metric = shard.collection.vectors[using]?.distance as Distance;
  const matching = request.filter === undefined ? undefined : yield* matchingRows(shard.table, request.filter);
  const { vector, excludedSlot } = queryVector(shard, request, lookup);
  const options: SearchOptions = {
    limit: limit + offset + (excludedSlot === undefined ? 0 : 1),
    allEntries: shard.windows.isOpen(),
    ...(matching === undefined ? {} : { allowed: slotsAt(shard, using, matching) }),
    ...(parameters.efSearch === undefined ? {} : { efSearch: parameters.efSearch }),
    ...(parameters.exact === undefined ? {} : { exact: parameters.exact }),
    ...(parameters.rescore === undefined ? {} : { rescore: parameters.rescore }),
    ...(parameters.oversampling === undefined ? {} : { oversampling: parameters.oversampling }),
  };
  const records = new RecordReader(shard, request.selection);
  try {
    const { slots, distances, roots } = yield* fixedAtFirst(reader.searchInSlices(vector, options));
    let rank = 0;
    let emitted = 0;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as number;
      if (slot === excludedSlot) continue;
      const score = scoreOf(distances[i] as number, metric, roots?.[i]);
      if (scoreThreshold !== undefined && isWorse(score, scoreThreshold, metric)) break;
      if (rank++ < offset) continue;
      if (emitted++ === limit) break;
      const row = records.points.rowAt(using, slot);
      assert(row !== undefined, "a visible slot belongs to a live point");
      emit(records.scoredAt(row, score));
      if (emitted % POINTS_PER_PAUSE === 0) yield "pause";
    }
  } finally {
    records.end();
  }
}

/** The same at once. */
export function nearest(shard: Shard, request: NearestQuery, lookup: Shard = shard): ScoredPoint[] {
  const points: ScoredPoint[] = [];
  finish(nearestInSlices(shard, request, (point) => points.push(point), lookup));
  return points;
}
