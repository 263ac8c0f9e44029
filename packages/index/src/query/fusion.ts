import { Meter, type Sliced } from "../sliced.js";
import type { PointsAtEpoch } from "./points-at-epoch.js";
import type { ReciprocalRankNode, ScoreDistributionNode } from "./query-node.js";
import { type Asked, bestFirst, type Ranked, settledTogether } from "./ranked.js";

// Ranking by several lists. Every score is a float32, and so is each sum on the way to it: in the order of the prefetches, so that equal lists
// give equal bits.

/** What one list says of the point at a place. */
type ScoreAt = (place: number) => number;

/** Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods" (2009), with weights. */
function reciprocalRanks({ k, weights }: ReciprocalRankNode, list: number): ScoreAt {
  const weight = weights?.[list] ?? 1;
  return weight > 0 ? (place) => Math.fround(1 / ((place + 1) / weight + k - 1)) : () => 0;
}

/** From three deviations under the mean (0) to three above it (1). All alike, or a single one, is in the middle. */
function scoreDistribution({ scores }: Ranked): ScoreAt {
  const count = scores.length;
  const mean = scores.reduce((sum, score) => sum + score, 0) / count;
  const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (count - 1));
  const from = mean - 3 * deviation;
  const width = 6 * deviation;
  return count > 1 && width > 0 ? (place) => Math.fround(((scores[place] as number) - from) / width) : () => 0.5;
}

/** The points of several lists by the sum of what each says of them. */
export function* fuse(
  points: PointsAtEpoch,
  node: ReciprocalRankNode | ScoreDistributionNode,
  lists: readonly Ranked[],
  asked: Asked,
): Sliced<Ranked> {
  const meter = new Meter();
  const sums = new Map<number, number>();
  for (const [number, list] of lists.entries()) {
    const scoreAt = node.kind === "rrf" ? reciprocalRanks(node, number) : scoreDistribution(list);
    // ordered by a number, a point may come several times: its first place counts
    const seen = list.orderValues === undefined ? undefined : new Set<number>();
    for (const [place, row] of list.rows.entries()) {
      if (seen?.has(row) === true) continue;
      seen?.add(row);
      sums.set(row, Math.fround((sums.get(row) ?? 0) + scoreAt(place)));
      meter.steps++;
      if (meter.isDue()) yield "pause";
    }
  }
  return { ...(yield* bestFirst(points, sums, asked, meter)), isSettled: settledTogether(lists) };
}
