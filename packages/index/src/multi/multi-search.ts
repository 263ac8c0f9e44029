import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { nearestSlots } from "../sparse/top-slots.js";
import type { MultiVector } from "../vector/vector.js";
import { float32, float32Max, type SearchOptions, type SearchResult } from "../vector-index/search-types.js";
import { type KeptParts, similarityOfSum, sumOfNearest } from "./max-sim.js";
import { codedPartsMax, type PartCodes } from "./part-codes.js";

/** Multivectors of one name, as a thread reads them. */
export interface MultiVectors extends KeptParts {
  readonly codes: PartCodes | undefined;
}

/** How to search multivectors. */
export type MultiSearchOptions = Pick<SearchOptions, "limit" | "efSearch" | "exact" | "oversampling">;

/** How multivectors are searched. */
export interface MultiPlan {
  /** So many, the nearest by their codes, are compared part by part; `undefined`: all that match. */
  readonly compared: number | undefined;
  readonly matches: number;
}

/** Vectors that are compared part by part: those that are nearest by their codes, at least so many, and one of so many. */
const CANDIDATES_MIN = 384;
const CANDIDATES_SHARE = 1 / 64;
/** Of those that are wanted. */
const OVERSAMPLING = 2;
/** Where there are not so many times as many, all of them are. */
const WORTH_IT = 2;

/** How many of those allowed are compared part by part, the nearest by their codes; `undefined`: all. It follows from replicated state alone. */
function candidatesOf(
  matches: number,
  { limit, efSearch, exact, oversampling }: MultiSearchOptions,
): number | undefined {
  const wanted = Math.max(
    efSearch ?? Math.max(CANDIDATES_MIN, Math.ceil(matches * CANDIDATES_SHARE)),
    Math.ceil(limit * (oversampling ?? OVERSAMPLING)),
  );
  return exact === true || matches <= WORTH_IT * wanted ? undefined : wanted;
}

/** How a query is searched among so many that match: the one place where it is decided. */
export function planMulti(
  { codes }: Pick<MultiVectors, "codes">,
  query: MultiVector,
  matches: number,
  options: MultiSearchOptions,
): MultiPlan {
  const isCoded = codes !== undefined && query.values.length <= codedPartsMax * query.dimensions;
  return { compared: isCoded ? candidatesOf(matches, options) : undefined, matches };
}

/**
 * The allowed slots with the largest max-sim, ascending by (distance, dot), by their roots where a square is beyond float32. Where there are codes, the nearest by these are compared
 * with the query part by part; else all. Which these are follows from query and vectors alone, so that replicas with the same vectors answer alike.
 */
export function* searchMulti(
  space: MultiVectors,
  query: MultiVector,
  allowed: ReadonlyRowSet,
  options: MultiSearchOptions,
): Sliced<SearchResult> {
  const { memory, codes } = space;
  const meter = new Meter();
  const scores = new Float32Array(32 * allowed.wordCount);
  let compared: Uint32Array = Uint32Array.from(allowed);
  const { compared: candidates } = planMulti(space, query, compared.length, options);
  if (codes !== undefined && candidates !== undefined) {
    const coded = yield* codes.coded(query, meter);
    yield* codes.estimate(coded, compared, scores, meter);
    compared = isPlanted("codes-by-slot")
      ? compared.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, candidates)
      : nearestSlots(memory, scores, compared, compared.length, candidates).slots;
  }
  const { metric } = space.options;
  const roots = metric === "euclid" ? new Float32Array(scores.length) : undefined;
  let isBeyond = false;
  for (const of of compared) {
    const sum = yield* sumOfNearest(space, of, query, meter);
    scores[of] = similarityOfSum(sum, metric);
    if (roots === undefined) continue;
    const isSquareBeyond = sum > float32Max;
    // a pair has one score, whatever else is compared: the root of the square in float32 where that holds it
    roots[of] = 0 - Math.sqrt(isSquareBeyond ? sum : float32(sum));
    isBeyond ||= isSquareBeyond;
  }
  const byRoots = isBeyond ? roots : undefined;
  const nearest = nearestSlots(memory, byRoots ?? scores, compared, compared.length, options.limit);
  if (byRoots === undefined) return nearest;
  const { slots, distances } = nearest;
  return { slots, distances: distances.map((root) => float32(root * root)), roots: distances };
}
