import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import type { PointsAtEpoch } from "./points-at-epoch.js";
import type { SearchParameters } from "./query.js";

/** Points of one epoch, best first. */
export interface Ranked {
  readonly rows: readonly number[];
  /** Of each row, a float32. */
  readonly scores: readonly number[];
  /** What each is ordered by, where that is not the score. */
  readonly orderValues?: readonly (number | bigint)[];
  /** Whether walks saw the graph as of exactly the rows that were read; `undefined`: nothing was walked. */
  readonly isSettled: boolean | undefined;
}

/** No points, for which nothing was walked. */
export const nothingRanked: Ranked = { rows: [], scores: [], isSettled: undefined };

/** What a node is asked for. */
export interface Asked {
  /** Vector name. */
  readonly using: string;
  readonly parameters: SearchParameters;
  /** Points that may be answers; `undefined`: all. Not to be changed. */
  readonly matching: ReadonlyRowSet | undefined;
  /** A float32. */
  readonly scoreThreshold: number | undefined;
  /** Most points. */
  readonly wanted: number;
}

/** Of several parts of a query, those that walked: did all see the graph as of the rows? */
export function settledTogether(parts: readonly Pick<Ranked, "isSettled">[]): boolean | undefined {
  const walked = parts.filter(({ isSettled }) => isSettled !== undefined);
  return walked.length === 0 ? undefined : walked.every(({ isSettled }) => isSettled === true);
}

/**
 * Points by falling score, those of equal score by ascending id; at most as many as are wanted, none with a score under the threshold.
 * `scores` by row: float32 numbers, none of them NaN.
 */
export function* bestFirst(
  points: PointsAtEpoch,
  scores: ReadonlyMap<number, number>,
  { wanted, scoreThreshold }: Pick<Asked, "wanted" | "scoreThreshold">,
  meter = new Meter(),
): Sliced<Pick<Ranked, "rows" | "scores">> {
  const entries: [number, number][] = [];
  for (const entry of scores) if (scoreThreshold === undefined || entry[1] >= scoreThreshold) entries.push(entry);
  const sorted = yield* sortInSlices(entries, (a, b) => b[1] - a[1] || points.compareIds(a[0], b[0]), meter);
  const best = sorted.slice(0, wanted);
  return { rows: best.map(([row]) => row), scores: best.map(([, score]) => score) };
}
