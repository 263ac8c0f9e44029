import type { BuiltIndex } from "./peers/peer.js";

/** The queries and their true answers. */
export interface Truth {
  readonly queries: readonly Float32Array[];
  readonly truth: Uint32Array;
  readonly truthCount: number;
}

/** Recall@k of one answer: the share of the true k nearest that it holds. */
export function recallOf(found: ArrayLike<number>, { truth, truthCount }: Truth, query: number, k: number): number {
  const wanted = new Set(truth.subarray(query * truthCount, query * truthCount + k));
  let hits = 0;
  for (let i = 0; i < Math.min(k, found.length); i++) if (wanted.has(found[i] ?? -1)) hits++;
  return hits / k;
}

/** Mean recall@k over all queries at one search width. */
export function meanRecall(index: BuiltIndex, data: Truth, k: number, ef: number): number {
  let sum = 0;
  data.queries.forEach((query, i) => {
    sum += recallOf(index.search(query, k, ef), data, i, k);
  });
  return sum / data.queries.length;
}

/** A search width and the recall it gives. */
export interface WidthAndRecall {
  readonly ef: number;
  readonly recall: number;
}

/** Two search widths whose recalls enclose a target. */
export interface Bracket {
  readonly below: WidthAndRecall;
  readonly above: WidthAndRecall;
}

const EF_MAX = 2048;
const NARROW_ENOUGH = 1.2;

/**
 * Finds, by measuring, two neighbouring search widths that enclose the target recall@k: doubles, then halves the gap
 * until it is below 20 %. Throws when even the widest search stays below the target.
 */
export function bracketRecall(index: BuiltIndex, data: Truth, k: number, target: number): Bracket {
  const at = (ef: number): WidthAndRecall => ({ ef, recall: meanRecall(index, data, k, ef) });
  let below: WidthAndRecall = { ef: k, recall: 0 };
  let above = at(2 * k);
  while (above.recall < target) {
    if (above.ef >= EF_MAX) throw new Error(`recall ${above.recall.toFixed(4)} at ef ${above.ef} is below ${target}`);
    below = above;
    above = at(above.ef * 2);
  }
  while (above.ef > below.ef * NARROW_ENOUGH && above.ef - below.ef > 1) {
    const middle = at(Math.round(Math.sqrt(above.ef * below.ef)));
    if (middle.recall < target) below = middle;
    else above = middle;
  }
  // Only when the narrowest width is enough already: nothing was measured below.
  return below.recall === 0 ? { below: above, above } : { below, above };
}

/** A value at the target recall, between those measured at the bracket's two widths (linear in recall). */
export function atRecall({ below, above }: Bracket, target: number, valueBelow: number, valueAbove: number): number {
  const span = above.recall - below.recall;
  const share = span > 0 ? (target - below.recall) / span : 1;
  return valueBelow + (valueAbove - valueBelow) * share;
}
