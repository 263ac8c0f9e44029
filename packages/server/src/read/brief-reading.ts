import { defaultEfSearch, type PointsQuery } from "@murmuration/index";
import type { ReadableCollection } from "./readers.js";
import type { Reading } from "./reading.js";

/** Points that are answered with at most. */
const POINTS_MAX = 100;
/** Candidates of a walk, times what one costs by its dimensions: some 0.7 ms. */
const WALK_COST_MAX = 100_000;
/** A candidate costs as much as so many dimensions beside its own. */
const CANDIDATE_DIMENSIONS = 100;

/** Is a query one walk of bounded width over vectors in memory, with ids and scores of a few points for an answer, but for its filter? */
export function isBriefQuery(query: PointsQuery, { handle }: ReadableCollection): boolean {
  const { node, parameters, selection, prefetch } = query;
  if (node.kind !== "nearest" || node.target.kind !== "vector") return false;
  if (prefetch !== undefined && prefetch.length > 0) return false;
  if (selection.payload !== false || selection.vectors !== false) return false;
  const points = query.limit + query.offset;
  if (points > POINTS_MAX || parameters.exact === true || parameters.oversampling !== undefined) return false;
  const graph = handle.spaces.find(({ name }) => name === query.using)?.graph;
  if (graph === undefined || "kind" in graph || graph.rows !== undefined) return false;
  const candidates = Math.max(parameters.efSearch ?? defaultEfSearch, points);
  return candidates * (graph.options.dimensions + CANDIDATE_DIMENSIONS) <= WALK_COST_MAX;
}

/**
 * Does a reading take no longer than about a millisecond, as far as its form tells: one walk of bounded width over vectors in memory, with ids
 * and scores of a few points for an answer?
 */
export function isBrief([searched]: readonly ReadableCollection[], reading: Reading): boolean {
  if (reading.kind !== "searches" || reading.isBatch || reading.untilSettled === true) return false;
  const [query] = reading.searches;
  return searched !== undefined && query?.filter === undefined && query !== undefined && isBriefQuery(query, searched);
}
