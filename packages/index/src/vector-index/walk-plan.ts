import { type VectorIndexOptions, vectorIndexLimits, walksOnCodes } from "./options.js";
import type { SearchOptions } from "./search-types.js";
import type { WalkDecision, WalkPlan } from "./walk-decision.js";

/** Recall@10 of .99 on 100,000 word embeddings for queries that are words too, and .94 for rare ones far from all others. */
export const defaultEfSearch = 192;
const RERANK_MIN = 20;

/**
 * Price of one candidate of a walk in exact comparisons: an exact search over m of n vectors costs m; a walk that must see
 * n / m times ef candidates to meet ef allowed ones costs ef · (n / m) · this. Measured by `npm run bench -- filter`.
 */
const COMPARISONS_PER_CANDIDATE = 16;

/**
 * A filter leaves out some of the nearest: so many of the next are looked at for each that an answer may be left without, instead of as many as it takes
 * to meet as many that match as a search without a filter keeps. Measured by `npm run bench -- filter-graph`.
 */
const CANDIDATES_PER_LEFT_OUT = 3;

/** A second walk is so much wider than what the first one met asks for. */
const SECOND_WALK_MARGIN = 1.5;

/**
 * Whether and how to walk among `nodes` nodes of which `matches` may be answers, by a filter or since others are dead. The one place where that is
 * decided. It follows from replicated state alone, so that replicas at one frontier answer alike.
 */
export function decideWalk(
  graph: VectorIndexOptions,
  options: SearchOptions,
  limit: number,
  matches: number,
  nodes: number,
  isFiltered: boolean,
): WalkDecision {
  const ef = Math.max(options.efSearch ?? defaultEfSearch, limit);
  const all = Math.ceil((ef * nodes) / matches);
  const enough = ef + Math.ceil((CANDIDATES_PER_LEFT_OUT * limit * (nodes - matches)) / matches);
  const widened = isFiltered ? Math.min(all, enough) : all;
  const expected = Math.min(ef, Math.floor((widened * matches) / nodes));
  const decided = { limit, ef, width: widened, matches, nodes };
  if (options.exact === true) return { walk: undefined, because: "asked", ...decided };
  if (!isWorthIt(widened, matches)) {
    const isTooWide = widened > vectorIndexLimits.efSearchMax;
    return { walk: undefined, because: matches === 0 ? "none-match" : isTooWide ? "too-wide" : "cheaper", ...decided };
  }
  const ranksAgain = walksOnCodes(graph) && options.rescore !== false;
  const depth = ranksAgain ? Math.max(RERANK_MIN, Math.ceil(limit * (options.oversampling ?? 2))) : 0;
  return { walk: { widened, expected, depth }, because: "worth-it", ...decided };
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
  // if it finds as few again, all are compared after all
  return isWorthIt(widened + plan.widened, matches) ? { ...plan, widened } : undefined;
}

/** With a filter, a walk that met fewer that match was led astray: their points lie away from the query. */
export function leastMatches({ expected }: WalkPlan, limit: number, matches: number): number {
  return Math.max(limit, Math.min(expected, matches) >> 1);
}
