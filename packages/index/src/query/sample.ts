import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import type { PointsAtEpoch } from "./points-at-epoch.js";
import { type Asked, nothingRanked, type Ranked } from "./ranked.js";
import type { ReadView } from "./read-view.js";

const HASHES = 2 ** 32;

/**
 * `wanted` of the rows (all, where there are fewer), each as likely as any other: those whose ids have the least hashes by the seed, in the order of
 * these. It is a function of seed and ids: where both are equal, so are samples.
 */
export function* sampleRows(
  points: PointsAtEpoch,
  among: ReadonlyRowSet,
  wanted: number,
  seed: number,
): Sliced<number[]> {
  const meter = new Meter();
  const { rows } = points.segment;
  const { size } = among;
  // so many below the bound that fewer than are wanted are hardly ever found
  const expected = wanted + 6 * Math.sqrt(wanted) + 16;
  for (let bound = (expected / Math.max(1, size)) * HASHES; ; bound *= 2) {
    const found: { readonly row: number; readonly hash: number }[] = [];
    for (const row of among) {
      const hash = isPlanted("sample-by-row") ? row : rows.idHashAt(row, seed);
      if (hash < bound) found.push({ row, hash });
      meter.steps++;
      if (meter.isDue()) yield "pause";
    }
    if (found.length < wanted && bound < HASHES) continue;
    const sorted = yield* sortInSlices(found, (a, b) => a.hash - b.hash || points.compareIds(a.row, b.row), meter);
    return sorted.slice(0, wanted).map(({ row }) => row);
  }
}

/** Points at random. They are no better than each other: their score is 0. */
export function* rankSample(view: ReadView, seed: number, asked: Asked): Sliced<Ranked> {
  const { matching, wanted, parameters } = asked;
  const { watch } = view;
  if (parameters.isPrefetched !== true) {
    watch?.plan.decided({ method: "sample", limit: wanted, matches: matching?.size ?? view.points.size });
    watch?.enter("walk");
  }
  if (watch?.isDry === true) return nothingRanked;
  const rows = yield* sampleRows(view.points, matching ?? (yield* view.points.visibleRows()), wanted, seed);
  return { rows, scores: rows.map(() => 0), isSettled: undefined };
}
