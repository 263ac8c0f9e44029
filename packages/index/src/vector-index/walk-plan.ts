import { type VectorIndexOptions, vectorIndexLimits, walksOnCodes } from "./options.js";
import type { SearchOptions } from "./search-types.js";

/** Recall@10 of .99 on 100,000 word embeddings for queries that are words too, and .94 for rare ones far from all others. */
export const defaultEfSearch = 192;
const RERANK_MIN = 20;

/**
 * Price of one candidate of a walk in exact comparisons: an exact search over m of n vectors costs m; a walk that must see
 * n / m times ef candidates to meet ef allowed ones costs ef · (n / m) · this. Measured by `npm run bench -- filter`.
 */
const COMPARISONS_PER_CANDIDATE = 16;

/** A second walk is so much wider than what the first one met asks for. */
const SECOND_WALK_MARGIN = 1.5;

/** How a search walks. */
export interface WalkPlan {
  /** Candidates wanted of those that match, and of all. */
  readonly ef: number;
  readonly widened: number;
  /** How many candidates are ranked again by f32; 0: none. */
  readonly depth: number;
}

/**
 * How to walk among `nodes` nodes of which `matches` may be answers; `undefined`: comparing with all that match is cheaper. It follows from
 * replicated state alone, so that replicas at one frontier answer alike.
 */
export function planWalk(
  graph: VectorIndexOptions,
  options: SearchOptions,
  limit: number,
  matches: number,
  nodes: number,
): WalkPlan | undefined {
  const ef = Math.max(options.efSearch ?? defaultEfSearch, limit);
  const widened = Math.ceil((ef * nodes) / matches);
  if (options.exact === true || !isWorthIt(widened, matches)) return undefined;
  const ranksAgain = walksOnCodes(graph) && options.rescore !== false;
  return { ef, widened, depth: ranksAgain ? Math.max(RERANK_MIN, Math.ceil(limit * (options.oversampling ?? 2))) : 0 };
}

/** Is a walk that keeps so many candidates possible, and cheaper than comparing with all that match? */
function isWorthIt(candidates: number, matches: number): boolean {
  return candidates <= vectorIndexLimits.efSearchMax && matches > candidates * COMPARISONS_PER_CANDIDATE;
}

/**
 * A second walk where the first one met `met` that match instead of `least`: as wide as it takes if they are as rare further out.
 * `undefined`: comparing with all that match is cheaper.
 */
export function widerWalk(plan: WalkPlan, met: number, least: number, matches: number): WalkPlan | undefined {
  if (met === 0) return undefined;
  const widened = Math.ceil((plan.widened * least * SECOND_WALK_MARGIN) / met);
  return isWorthIt(widened, matches) ? { ...plan, widened } : undefined;
}

/** With a filter, a walk that met fewer that match was led astray: their points lie away from the query. */
export function leastMatches({ ef }: WalkPlan, limit: number, matches: number): number {
  return Math.max(limit, Math.min(ef, matches) >> 1);
}
