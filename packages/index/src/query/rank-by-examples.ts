import type { ReadonlyRowSet } from "../row-set.js";
import { NO_SLOT } from "../segment/layout.js";
import { Meter, type Sliced } from "../sliced.js";
import { denseOf, type Vector } from "../vector/vector.js";
import { decideWalk, leastMatches } from "../vector-index/walk-plan.js";
import { type ExampleScores, exampleScores } from "./example-scores.js";
import { isCheap, visibilityIn } from "./nearest.js";
import { weightedIn } from "./nearest-sparse.js";
import type { ExamplesNode } from "./query-node.js";
import { type Asked, nothingRanked, type Ranked } from "./ranked.js";
import { type ReadView, type Views, viewAt } from "./read-view.js";
import { type ScoresOf, walkByScore } from "./score-walk.js";
import { denseSimilarities, similarities, stepsPerDense } from "./similarity.js";
import { searchWatchOf } from "./told.js";
import { TopPoints } from "./top-points.js";

/** Rows that are scored at once. */
const BATCH = 512;
/** Where a walk begins: so many of the nearest to each of the first so many vectors that good points are near. */
const SEEDS_PER_VECTOR = 32;
const SEEDED_VECTORS_MAX = 16;

function scoresBy({ space, vectors, scoreAt }: ExampleScores): ScoresOf {
  return (slots) => {
    const found = vectors.map((vector) => denseSimilarities(space, vector, slots));
    return Float32Array.from(slots, (_, i) => scoreAt(found, i));
  };
}

/** Every point that matches is scored. */
function* rankAll(view: ReadView, scores: ExampleScores, matching: ReadonlyRowSet, asked: Asked): Sliced<Ranked> {
  const meter = new Meter();
  const { space, vectors, scoreAt } = scores;
  const { rows } = view.points.segment;
  const top = new TopPoints(view.points, asked);
  const batch: number[] = [];
  const slots: number[] = [];
  const score = function* (): Sliced<void> {
    const found: Float32Array[] = [];
    for (const vector of vectors) found.push(yield* similarities(space, vector, Uint32Array.from(slots), meter));
    for (const [i, one] of batch.entries()) top.add(one, scoreAt(found, i));
    batch.length = slots.length = 0;
  };
  for (const row of matching) {
    const slot = rows.slotAt(row, space.number);
    meter.steps++;
    if (slot !== undefined) {
      batch.push(row);
      slots.push(slot);
    }
    if (batch.length === BATCH) yield* score();
    if (meter.isDue()) yield "pause";
  }
  yield* score();
  return { ...top.ranked(), isSettled: undefined };
}

/** Where a walk begins. */
function* seedsOf({ space, vectors, wanted }: ExampleScores, view: ReadView, asked: Asked): Sliced<Set<number>> {
  const seeds = new Set<number>();
  const visibility = visibilityIn(view, space, undefined);
  const options = { ...asked.parameters, limit: SEEDS_PER_VECTOR, allEntries: view.allEntries };
  // where nothing is wanted, away from what is not may be anywhere
  const starts = wanted.length > 0 ? wanted : vectors.keys();
  for (const place of [...starts].slice(0, SEEDED_VECTORS_MAX)) {
    const vector = denseOf(vectors[place] as Vector);
    for (const slot of (yield* space.graph.searchVisible(vector, options, visibility)).slots) seeds.add(slot);
    yield "pause";
  }
  return seeds;
}

/** Best of what a walk meets; `undefined`: it met too few that match, or lost some. */
function* rankByWalk(
  view: ReadView,
  scores: ExampleScores,
  matching: ReadonlyRowSet | undefined,
  asked: Asked,
): Sliced<Ranked | undefined> {
  const { space } = scores;
  const { graph } = space;
  const { changes, departures } = view.graphs[space.number] as ReadView["graphs"][number];
  const nodes = graph.linkedCount;
  const matches = visibilityIn(view, space, matching).matches ?? nodes - graph.deadCount;
  const options = { ...asked.parameters, limit: asked.wanted };
  const decision = decideWalk(graph.options, options, asked.wanted, matches, nodes, matching !== undefined);
  const watch = searchWatchOf(view, asked.parameters);
  watch?.decided(decision);
  if (watch?.isDry === true) return nothingRanked;
  const plan = decision.walk;
  if (plan === undefined) return undefined;
  const meter = new Meter();
  const scoresOf = scoresBy(scores);
  const seeds = yield* seedsOf(scores, view, asked);
  const shape = {
    pool: Math.max(plan.widened, asked.wanted),
    stepsPerNode: scores.vectors.length * stepsPerDense(space),
  };
  const walked = yield* walkByScore(graph, seeds, scoresOf, shape, meter);
  const isSettled = graph.changes === changes;
  if (graph.departures !== departures && isCheap(matching, view.points, graph)) {
    watch?.comparesAll();
    return undefined;
  }
  const found = visibleOf(view, scores, matching, walked.slots, scoresOf);
  const least = matching === undefined ? asked.wanted : leastMatches(plan, asked.wanted, matches);
  watch?.walked(found.size, Math.min(least, matches));
  if (found.size < Math.min(least, matches)) {
    watch?.comparesAll();
    return undefined;
  }
  const top = new TopPoints(view.points, asked);
  const slots = Uint32Array.from(found.keys());
  for (const [i, row] of view.points.rowsAtSlots(space.number, slots).entries()) {
    top.add(row, found.get(slots[i] as number) as number);
  }
  return { ...top.ranked(), isSettled };
}

/** Of the slots that a walk met, those that may be answers, and those of points that stood elsewhere at this epoch, with their scores. */
function visibleOf(
  view: ReadView,
  { space }: ExampleScores,
  matching: ReadonlyRowSet | undefined,
  walked: Uint32Array,
  scoresOf: ScoresOf,
): Map<number, number> {
  const slots = new Set<number>();
  for (let from = 0; from < walked.length; from += BATCH) {
    const some = walked.slice(from, from + BATCH);
    visibilityIn(view, space, matching).keep(some, some.length);
    for (const slot of some) if (slot !== NO_SLOT) slots.add(slot);
  }
  const kept = Uint32Array.from(slots);
  const scores = scoresOf(kept);
  return new Map(Array.from(kept, (slot, i) => [slot, scores[i] as number]));
}

/**
 * Points by their similarities to several vectors. Where it is cheaper than to score all that match, a walk looks for dense ones, over the links of
 * those that score best.
 */
export function* rankByExamples(views: Views, node: ExamplesNode, asked: Asked): Sliced<Ranked> {
  const view = viewAt(views, 0);
  const given = exampleScores(views, asked.using, node);
  const scores = { ...given, vectors: yield* weightedIn(view, given.space, given.vectors, asked.parameters) };
  const matching = yield* without(view, asked.matching, scores.named);
  const { watch } = view;
  const isDense = scores.space.kind === "dense";
  if (asked.parameters.isPrefetched !== true) {
    watch?.enter("walk");
    if (!isDense) {
      const matches = matching?.size ?? view.points.size;
      watch?.plan.decided({ method: "exact", because: "no-graph", limit: asked.wanted, matches });
    }
  }
  if (!isDense && watch?.isDry === true) return nothingRanked;
  const walked = isDense ? yield* rankByWalk(view, scores, matching, asked) : undefined;
  return walked ?? (yield* rankAll(view, scores, matching ?? (yield* view.points.visibleRows()), asked));
}

/** The rows that match, but for those that are named. */
export function* without(
  view: ReadView,
  matching: ReadonlyRowSet | undefined,
  named: readonly number[],
): Sliced<ReadonlyRowSet | undefined> {
  if (named.length === 0) return matching;
  const rows = (matching ?? (yield* view.points.visibleRows())).clone();
  for (const row of named) rows.delete(row);
  return rows;
}
