import type { KeyRange, SummaryRange } from "../gossip/message.js";
import { limits } from "../limits.js";
import type { KeyedHashes } from "./keyed-hashes.js";

/** What follows from another replica's summary of ranges. */
export interface Comparison {
  /** Parts of the ranges that differ, for the other to compare. */
  readonly parts: readonly SummaryRange[];
  /** Ranges that differ and hold so little here that it is sent as it is. */
  readonly small: readonly KeyRange[];
}

/**
 * One step of range-based set reconciliation (Meyer, 2023): ranges that are equal are done with; those that differ are split, until little
 * is left in them. No more than a bound of ranges is gone into at a time: the next round finds the rest.
 */
export function compareRanges(own: KeyedHashes, ranges: readonly SummaryRange[]): Comparison {
  const parts: SummaryRange[] = [];
  const small: KeyRange[] = [];
  for (const range of ranges) {
    const mine = own.summaryOf(range);
    if (mine.count === range.count && mine.digest === range.digest) continue;
    if (small.length + parts.length / limits.reconcileFanOut >= limits.reconcileRangesMax) break;
    if (mine.count <= limits.reconcileSmall) small.push({ from: range.from, to: range.to });
    else parts.push(...own.split(range, limits.reconcileFanOut));
  }
  return { parts, small };
}
