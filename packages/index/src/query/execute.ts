import { assert } from "../errors.js";
import { type ReadonlyRowSet, RowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import { rankByAverage } from "./average-vector.js";
import { rankById } from "./by-id.js";
import { fuse } from "./fusion.js";
import { matchingRows } from "./matching.js";
import { rankByMarginalRelevance } from "./mmr.js";
import { nearest, rankNearest } from "./nearest.js";
import { rankOrdered } from "./order-by.js";
import type { Emit, PointsQuery, ScoredRecord, Source } from "./query.js";
import { rankByExamples } from "./rank-by-examples.js";
import { rankByFormula } from "./rank-by-formula.js";
import { type Asked, type Ranked, settledTogether } from "./ranked.js";
import { type Views, viewAt } from "./read-view.js";
import { RecordReader } from "./records.js";
import { rankSample } from "./sample.js";
import { toldSource } from "./told.js";

/** How an answer was found. */
export interface QueryOutcome {
  /**
   * Walks saw the graph as of exactly the rows that were read: replicas at the same frontier answer alike. false: writes were applied
   * meanwhile that are not visible yet, and near candidates of a walk may have been other ones; every point is right all the same. `undefined`:
   * nothing was walked.
   */
  readonly isSettled: boolean | undefined;
}

/** The points that a query finds, best first. */
export function* execute(views: Views, query: PointsQuery, emit: Emit<ScoredRecord>): Sliced<QueryOutcome> {
  const { node, prefetch, offset, limit, selection } = query;
  // the most common one gives its points out as it finds them
  const view = viewAt(views, 0);
  if (node.kind === "nearest" && (prefetch === undefined || prefetch.length === 0)) {
    return yield* toldSource(view, query, nearest(views, node, query, emit));
  }
  const records = new RecordReader(view, selection);
  const { rows, scores, orderValues, isSettled } = yield* rank(views, { ...query, limit: offset + limit }, undefined);
  for (let i = offset; i < rows.length; i++) {
    const found = records.scoredAt(rows[i] as number, scores[i] as number);
    emit(orderValues === undefined ? found : { ...found, orderValue: orderValues[i] as number | bigint });
    yield "pause";
  }
  return { isSettled };
}

/** The rows that satisfy a filter too, of those of the queries around. */
function* matchingBoth(
  views: Views,
  { filter }: Source,
  around: ReadonlyRowSet | undefined,
): Sliced<ReadonlyRowSet | undefined> {
  if (filter === undefined) return around;
  const matching = yield* matchingRows(viewAt(views, 0), filter);
  if (around === undefined) return matching;
  const rows = matching.clone();
  rows.and(around);
  return rows;
}

function unionOf(lists: readonly Ranked[]): RowSet {
  const union = new RowSet();
  for (const { rows } of lists) for (const row of rows) union.add(row);
  return union;
}

/** What a source finds, best first, among the rows given (`undefined`: all). */
export function rank(views: Views, source: Source, around: ReadonlyRowSet | undefined): Sliced<Ranked> {
  return toldSource(viewAt(views, 0), source, rankSource(views, source, around));
}

function* rankSource(views: Views, source: Source, around: ReadonlyRowSet | undefined): Sliced<Ranked> {
  const { using, prefetch = [] } = source;
  const { watch } = viewAt(views, 0);
  const matching = yield* matchingBoth(views, source, around);
  const lists: Ranked[] = [];
  for (const one of prefetch) lists.push(yield* rank(views, one, matching));
  const candidates = lists.length === 0 ? matching : unionOf(lists);
  const scoreThreshold = source.scoreThreshold === undefined ? undefined : Math.fround(source.scoreThreshold);
  // a point with several values comes several times
  const most = candidates?.size ?? viewAt(views, 0).points.size;
  const wanted = source.node.kind === "order-by" ? source.limit : Math.min(source.limit, most);
  // what was fetched is ranked again, and not looked for
  const parameters = lists.length === 0 ? source.parameters : { ...source.parameters, exact: true, isPrefetched: true };
  if (lists.length > 0) {
    const prefetched = prefetch.reduce((sum, { limit }) => sum + limit, 0);
    watch?.plan.decided({ method: "prefetched", limit: source.limit, prefetched });
    watch?.enter("rerank");
  }
  const asked = { using, parameters, matching: candidates, scoreThreshold, wanted };
  const ranked = yield* rankBy(views, source, asked, lists);
  return { ...ranked, isSettled: settledTogether([...lists, ranked]) };
}

function rankBy(views: Views, { node }: Source, asked: Asked, lists: readonly Ranked[]): Sliced<Ranked> {
  const view = viewAt(views, 0);
  switch (node.kind) {
    case "nearest":
      return rankNearest(views, node, asked);
    case "mmr":
      return rankByMarginalRelevance(views, node, asked);
    case "recommend":
      return node.strategy === "average-vector"
        ? rankByAverage(views, node, asked)
        : rankByExamples(views, node, asked);
    case "discover":
    case "context":
    case "relevance-feedback":
      return rankByExamples(views, node, asked);
    case "by-id":
      return rankById(view, asked);
    case "order-by":
      return rankOrdered(view, node.orderBy, asked);
    case "sample":
      return rankSample(view, node.seed, asked);
    case "formula":
      assert(lists.length > 0, "a formula has something to rank");
      return rankByFormula(view, node.formula, lists, asked);
    case "rrf":
    case "dbsf":
      assert(lists.length > 0, "a fusion has something to fuse");
      return fuse(view.points, node, lists, asked);
  }
}
