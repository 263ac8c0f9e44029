import { MurmurationError } from "../errors.js";
import type { MultiPlan } from "../multi/multi-search.js";
import { slotSetOfRows } from "../payload/columns/slot-filter.js";
import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet, RowSet } from "../row-set.js";
import { NO_SLOT } from "../segment/layout.js";
import type { Sliced } from "../sliced.js";
import { isDense, isSparse, type Vector } from "../vector/vector.js";
import type { GraphReader } from "../vector-index/graph-reader.js";
import type { SearchOptions, SearchResult, Visibility } from "../vector-index/search-types.js";
import { matchingRows } from "./matching.js";
import { searchSparse } from "./nearest-sparse.js";
import type { SearchPlan } from "./plan-recorder.js";
import type { PointsAtEpoch } from "./points-at-epoch.js";
import type { Emit, PointsQuery, ScoredRecord, SearchParameters } from "./query.js";
import type { NearestNode, QueryTarget } from "./query-node.js";
import type { Asked, Ranked } from "./ranked.js";
import { type ReadView, spaceOf, type Views, viewAt } from "./read-view.js";
import { RecordReader } from "./records.js";
import { isWorse, scoreOf } from "./scores.js";
import type { SpaceReader } from "./space-reader.js";
import { searchWatchOf } from "./told.js";
import { vectorForSpace } from "./vector-of-space.js";

/** So many points cost as much as a few others things do in a slice, with what is returned of them. */
const POINTS_PER_PAUSE = 16;

/**
 * A walk is asked about until it has met 96 that match, which takes 96 · n / m candidates for m of n points: as much as 60 marks each. Measured
 * with 100,000 points.
 */
const MARKS_PER_POINT = 96 * 60;

/** Bytes of vectors that are compared in about a millisecond. */
const CHEAP_BYTES = 4 * 1024 * 1024;

/** Whether walks saw the graph as of exactly the rows that were read. */
interface Settled {
  readonly isSettled: boolean;
}

/** Slots of these rows' vectors in a space. */
function slotsAt({ points }: ReadView, { graph, number }: SpaceReader, rows: ReadonlyRowSet): RowSet {
  return points.matching.slotsOf(rows, number, () =>
    slotSetOfRows(points.segment.engine, number, rows, graph.slotCount),
  );
}

/** What a view knows of the slots of a space, of the points that match. */
export function visibilityIn(view: ReadView, space: SpaceReader, matching: ReadonlyRowSet | undefined): Visibility {
  const { epoch, segment } = view.points;
  return {
    matches: matching && matchesWithVector(view, space, matching),
    keep(slots, count) {
      if (isPlanted("slots-are-points")) return;
      const asked = isPlanted("moved-is-gone") ? slots.slice(0, count) : undefined;
      segment.findVisibleSlots(space.number, slots, count, epoch, matching);
      for (const [i, slot] of asked?.entries() ?? []) if (slots[i] !== slot) slots[i] = NO_SLOT;
    },
    *all() {
      return slotsAt(view, space, matching ?? (yield* view.points.visibleRows()));
    },
  };
}

function matchesWithVector(view: ReadView, space: SpaceReader, matching: ReadonlyRowSet): number {
  const { deadCount, linkedCount } = space.graph;
  // as many live nodes as points: each has one
  const haveAll = linkedCount - deadCount === view.points.size;
  return haveAll ? matching.size : slotsAt(view, space, matching).size;
}

/** A vector to compare with, and where it stands. */
interface Target {
  /** As its space compares it. */
  readonly vector: Vector;
  /** Of the point that it is of, where that is of the collection that is searched. */
  readonly row?: number;
  /** Where that vector is of the space that is searched, too. */
  readonly slot?: number;
}

/**
 * The canonical vector of a target. Throws `not-found` for a point that is not there, `wrong-input` for another kind, other dimensions, or a point
 * without one.
 */
export function targetOf(view: ReadView, space: SpaceReader, target: QueryTarget, views: Views): Target {
  if (target.kind === "vector") return { vector: vectorForSpace(target.vector, space) };
  const lookup = viewAt(views, target.lookupFrom?.collection ?? 0);
  const from = spaceOf(lookup, target.lookupFrom?.vector ?? space.name);
  const { points } = lookup;
  const row = points.rowOf(target.id);
  if (row === undefined) throw new MurmurationError("not-found", `No point with id ${target.id} found`, "query");
  const slot = points.segment.rows.slotAt(row, from.number);
  if (slot === undefined) {
    throw new MurmurationError("wrong-input", `Point with id ${target.id} has no vector "${from.name}"`, "query");
  }
  const vector = points.readVector(row, () => from.vectorAt(slot));
  if (lookup === view && from === space) return { vector, row, slot };
  const canonical = vectorForSpace(vector, space);
  return lookup === view ? { vector: canonical, row } : { vector: canonical };
}

/** Is marking the slots of all that match cheaper than asking about each candidate of a walk, which is the longer the fewer match? */
function isMarkedCheaply(matching: ReadonlyRowSet, { matching: known, size }: PointsAtEpoch): boolean {
  return matching.size ** 2 < MARKS_PER_POINT * size || known.isAskedOften(matching);
}

/** Does comparing with all that match take no more than about a millisecond? */
export function isCheap(
  matching: ReadonlyRowSet | undefined,
  points: PointsAtEpoch,
  { options }: GraphReader,
): boolean {
  const vectorBytes = options.dimensions * Float32Array.BYTES_PER_ELEMENT;
  return (matching?.size ?? points.size) * vectorBytes <= CHEAP_BYTES;
}

const nothingFound = () => ({ slots: new Uint32Array(0), distances: new Float32Array(0), isSettled: true });

function planOfMulti(
  { compared, matches }: MultiPlan,
  { limit, exact, isWithoutGraph }: SearchParameters & { limit: number },
): SearchPlan {
  if (compared !== undefined) return { method: "codes", limit, matches, compared };
  const because = exact === true && isWithoutGraph !== true ? "asked" : "no-graph";
  return { method: "exact", because, limit, matches };
}

/** The nearest of those that match. */
function* search(
  view: ReadView,
  space: SpaceReader,
  vector: Vector,
  matching: ReadonlyRowSet | undefined,
  options: Omit<SearchOptions, "allowed"> & SearchParameters,
): Sliced<SearchResult & Settled> {
  const { watch } = view;
  // what was prefetched is ranked again, by whatever it is compared with
  if (options.isPrefetched !== true) watch?.enter("walk");
  const { limit } = options;
  if (isSparse(vector)) {
    const matches = matching?.size ?? view.points.size;
    if (options.isPrefetched !== true) watch?.plan.decided({ method: "postings", limit, matches });
    if (watch?.isDry === true) return nothingFound();
    const results = yield* searchSparse(view, space, vector, matching, options);
    return { ...results, isSettled: true };
  }
  if (!isDense(vector)) {
    const { multi, number } = space;
    const rows = matching ?? (yield* view.points.visibleRows());
    const allowed = slotSetOfRows(view.points.segment.engine, number, rows, multi.memory.slotCount);
    if (options.isPrefetched !== true) watch?.plan.decided(planOfMulti(multi.plan(vector, allowed, options), options));
    if (watch?.isDry === true) return nothingFound();
    return { ...(yield* multi.search(vector, allowed, options)), isSettled: true };
  }
  return yield* searchGraph(view, space, vector, matching, options);
}

/** The nearest of those that match, by the graph or exactly. */
function* searchGraph(
  view: ReadView,
  space: SpaceReader,
  vector: Float32Array,
  matching: ReadonlyRowSet | undefined,
  given: Omit<SearchOptions, "allowed"> & SearchParameters,
): Sliced<SearchResult & Settled> {
  const { graph } = space;
  const options = { ...given, watch: searchWatchOf(view, given) };
  const { changes, departures } = view.graphs[space.number] as ReadView["graphs"][number];
  const visibility = visibilityIn(view, space, matching);
  // where nothing has changed since, no candidate leads to another version of its point
  const isMarked = matching !== undefined && isMarkedCheaply(matching, view.points) && graph.changes === changes;
  const work = isMarked
    ? graph.searchInSlices(vector, { ...options, allowed: slotsAt(view, space, matching) })
    : graph.searchVisible(vector, options, visibility);
  try {
    // whether to walk is decided in the first slice, and a walk is made whole in it
    let step = work.next();
    const isSettled = graph.changes === changes;
    if (options.watch?.isDry === true && step.done === true) return { ...step.value, isSettled };
    if (graph.departures !== departures && options.exact !== true && isCheap(matching, view.points, graph)) {
      // a node may have been unlinked that these rows still name
      options.watch?.comparesAll();
      const results = yield* graph.searchVisible(vector, { ...given, exact: true }, visibility);
      return { ...results, isSettled: false };
    }
    for (; step.done !== true; step = work.next()) yield step.value;
    return { ...step.value, isSettled };
  } finally {
    work.return(undefined as never);
  }
}

/** The nearest of those that match, those that are as near as a threshold says. `wanted`: with those that are passed over. */
function* nearestOf(
  views: Views,
  { target }: NearestNode,
  { using, parameters, matching, wanted }: Omit<Asked, "scoreThreshold">,
) {
  const view = viewAt(views, 0);
  const space = spaceOf(view, using);
  const { vector, slot: excludedSlot } = targetOf(view, space, target, views);
  const results = yield* search(view, space, vector, matching, {
    ...parameters,
    limit: wanted + (excludedSlot === undefined ? 0 : 1),
    allEntries: view.allEntries,
  });
  return { ...results, rows: view.points.rowsAtSlots(space.number, results.slots), excludedSlot, metric: space.metric };
}

/**
 * The nearest points of a vector, or of a stored point's vector (which is left out itself), best first; equally near ones in the order of the
 * operations that wrote their vectors.
 */
export function* nearest(
  views: Views,
  node: NearestNode,
  query: PointsQuery,
  emit: Emit<ScoredRecord>,
): Sliced<Settled> {
  const { limit, offset, using, parameters } = query;
  const view = viewAt(views, 0);
  // scores are float32: compared with one that is not, a score would be other than itself
  const scoreThreshold = query.scoreThreshold === undefined ? undefined : Math.fround(query.scoreThreshold);
  spaceOf(view, using);
  const records = new RecordReader(view, query.selection);
  const matching = query.filter === undefined ? undefined : yield* matchingRows(view, query.filter);
  const asked = { using, parameters, matching, wanted: limit + offset };
  const { slots, distances, roots, rows, excludedSlot, metric, isSettled } = yield* nearestOf(views, node, asked);
  let rank = 0;
  let emitted = 0;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i] === excludedSlot) continue;
    const score = scoreOf(distances[i] as number, metric, roots?.[i]);
    if (scoreThreshold !== undefined && isWorse(score, scoreThreshold, metric)) break;
    if (rank++ < offset) continue;
    if (emitted++ === limit) break;
    emit(records.scoredAt(rows[i] as number, score));
    if (emitted % POINTS_PER_PAUSE === 0) yield "pause";
  }
  return { isSettled };
}

/** The same points as a list. */
export function* rankNearest(views: Views, node: NearestNode, asked: Asked): Sliced<Ranked> {
  const { scoreThreshold, wanted } = asked;
  const found = yield* nearestOf(views, node, asked);
  const { slots, distances, roots, excludedSlot, metric, isSettled } = found;
  const rows: number[] = [];
  const scores: number[] = [];
  for (let i = 0; i < slots.length && rows.length < wanted; i++) {
    if (slots[i] === excludedSlot) continue;
    const score = scoreOf(distances[i] as number, metric, roots?.[i]);
    if (scoreThreshold !== undefined && isWorse(score, scoreThreshold, metric)) break;
    rows.push(found.rows[i] as number);
    scores.push(score);
  }
  return { rows, scores, isSettled };
}
