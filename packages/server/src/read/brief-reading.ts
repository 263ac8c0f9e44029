import { defaultEfSearch, type Filter, type PointsQuery, type Selection } from "@murmuration/index";
import type { ReadableCollection } from "./readers.js";
import type { Reading } from "./reading.js";

/** Points that are answered with at most. */
const POINTS_MAX = 100;
/** The same where something of each is answered with beside its id and score. */
const RECORDS_MAX = 64;
/** Candidates of a walk, times what one costs by its dimensions: some 0.7 ms. */
const WALK_COST_MAX = 100_000;
/** A candidate costs as much as so many dimensions beside its own. */
const CANDIDATE_DIMENSIONS = 100;

/** Are payloads or vectors answered with? */
export const selectsMore = ({ payload, vectors }: Selection): boolean => payload !== false || vectors !== false;

/** Are all vectors of a collection in memory, so that reading one takes no disk? */
function areInMemory({ handle }: ReadableCollection): boolean {
  return handle.spaces.every(({ graph }) => !("rows" in graph) || graph.rows === undefined);
}

function isBriefPage(points: number, selection: Selection, readable: ReadableCollection): boolean {
  if (!selectsMore(selection)) return points <= POINTS_MAX;
  return points <= RECORDS_MAX && (selection.vectors === false || areInMemory(readable));
}

/** Is a query one walk of bounded width over vectors in memory, with a few points for an answer, but for its filter? */
function isBriefQuery(query: PointsQuery, readable: ReadableCollection): boolean {
  const { node, parameters, selection, prefetch } = query;
  if (node.kind !== "nearest" || node.target.kind !== "vector") return false;
  if (prefetch !== undefined && prefetch.length > 0) return false;
  const points = query.limit + query.offset;
  if (!isBriefPage(points, selection, readable)) return false;
  if (parameters.exact === true || parameters.oversampling !== undefined) return false;
  const graph = readable.handle.spaces.find(({ name }) => name === query.using)?.graph;
  if (graph === undefined || "kind" in graph || graph.rows !== undefined) return false;
  const candidates = Math.max(parameters.efSearch ?? defaultEfSearch, points);
  return candidates * (graph.options.dimensions + CANDIDATE_DIMENSIONS) <= WALK_COST_MAX;
}

/** The one query of a reading that asks for nothing else. */
function onlyQuery(reading: Reading): PointsQuery | undefined {
  return reading.kind === "searches" && !reading.isBatch && reading.untilSettled !== true
    ? reading.searches[0]
    : undefined;
}

/**
 * Does a reading take no longer than about a millisecond, as far as its form tells, but for its filter: one walk of bounded width over vectors in
 * memory, or a few points by their ids or from a page?
 */
export function isBriefWithFilter(reading: Reading, searched: ReadableCollection): boolean {
  switch (reading.kind) {
    case "searches": {
      const query = onlyQuery(reading);
      return query !== undefined && isBriefQuery(query, searched);
    }
    case "retrieve":
      return isBriefPage(reading.ids.length, reading.selection, searched);
    case "point":
      return areInMemory(searched);
    case "scroll":
      return (
        reading.request.orderBy === undefined && isBriefPage(reading.request.limit, reading.request.selection, searched)
      );
    case "count":
      return true;
    default:
      return false;
  }
}

/** The same of a query without a filter that is answered with ids and scores: no disk is asked. */
export function isBrief([searched]: readonly ReadableCollection[], reading: Reading): boolean {
  const query = onlyQuery(reading);
  if (searched === undefined || query === undefined || query.filter !== undefined) return false;
  return !selectsMore(query.selection) && isBriefQuery(query, searched);
}

/** What a brief reading is filtered by, if it is. */
export function filterOf(reading: Reading): Filter | undefined {
  switch (reading.kind) {
    case "searches":
      return reading.searches[0]?.filter;
    case "scroll":
      return reading.request.filter;
    case "count":
      return reading.filter;
    default:
      return undefined;
  }
}

/** How many points a brief reading is answered with at most, and what of each; `undefined`: with none. */
export function pageOf(reading: Reading): { readonly points: number; readonly selection: Selection } | undefined {
  switch (reading.kind) {
    case "searches": {
      const query = onlyQuery(reading);
      return query && { points: query.limit, selection: query.selection };
    }
    case "retrieve":
      return { points: reading.ids.length, selection: reading.selection };
    case "point":
      return { points: 1, selection: { payload: true, vectors: true } };
    case "scroll":
      return { points: reading.request.limit, selection: reading.request.selection };
    default:
      return undefined;
  }
}
