import type { Collection } from "@murmuration/core";
import type { Filter, PointId, PointsQuery } from "@murmuration/index";
import type { Database } from "../engine/database.js";
import { type FollowedLimits, readFollowed } from "./followed-read.js";
import type { Evaluated } from "./live-query.js";
import { type TopRule, topOf } from "./top-points.js";

/** A live query as it is asked for. */
export interface LiveAsked {
  /** As the request names it. */
  readonly collection: string;
  readonly query: PointsQuery;
}

const noFilter: Filter = { must: [], should: [], mustNot: [] };

/** A live query as it is evaluated: it compares every point, or every one of `among`. Equal frontiers have equal answers, and one that is kept true is the one that is found anew. */
export function exactly(query: PointsQuery, among?: readonly PointId[]): PointsQuery {
  const { filter = noFilter, parameters } = query;
  const exact = { ...query, parameters: { ...parameters, exact: true } };
  if (among === undefined) return exact;
  return { ...exact, filter: { ...filter, must: [...filter.must, { kind: "has-id", ids: among }] } };
}

/**
 * How an answer is kept true by what was written alone: where the place of a point depends on that point and nothing else. Not so of what is compared with stored
 * points, of what puts lists together, and of sparse vectors whose indices are counted.
 */
export function ruleOf(
  collection: Collection,
  { node, using, prefetch = [], limit }: PointsQuery,
): TopRule | undefined {
  if (node.kind !== "nearest" || node.target.kind !== "vector" || prefetch.length > 0) return undefined;
  const space = collection.vectors[using];
  if (space === undefined || (space.kind === "sparse" && space.modifier !== undefined)) return undefined;
  return { limit, isAscending: space.distance === "Euclid" || space.distance === "Manhattan" };
}

/** Evaluates a live query once. Rejects as `readFollowed` does. */
export async function evaluateLive(
  database: Database,
  { collection, query }: LiveAsked,
  shard: string,
  among: readonly PointId[] | undefined,
  limits: FollowedLimits,
): Promise<Evaluated> {
  const searches = [exactly(query, among)];
  const reading = { kind: "searches", searches, isBatch: false, shape: "list" } as const;
  const { text, frontier } = await readFollowed(database, { collection, shard }, reading, limits);
  return { top: topOf(text), frontier };
}

/** Work of which so much is done at a time; the rest waits. */
export class Gate {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#open += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#open -= 1;
      else next();
    }
  }
}
