import { Meter, type Sliced } from "../sliced.js";
import { float32 } from "../vector-index/search-types.js";
import { rankNearest, targetOf } from "./nearest.js";
import { mmrCandidatesMax } from "./query-limits.js";
import type { MmrNode } from "./query-node.js";
import type { Asked, Ranked } from "./ranked.js";
import { spaceOf, type Views, viewAt } from "./read-view.js";
import { similarities, similaritiesOf } from "./similarity.js";

/**
 * Points picked one after the other: first the nearest, then each time the one for which (1 − diversity) · its similarity to the target −
 * diversity · its greatest similarity to what was picked is largest; of equal ones the nearest. Their scores are those of the nearest points; of
 * sparse vectors these may be weighted (`idf`), what they are picked by is not.
 */
export function* rankByMarginalRelevance(views: Views, node: MmrNode, asked: Asked): Sliced<Ranked> {
  const view = viewAt(views, 0);
  const space = spaceOf(view, asked.using);
  const { target, candidates = Math.min(asked.wanted, mmrCandidatesMax) } = node;
  const limit = Math.min(candidates, asked.matching?.size ?? view.points.size);
  const near = yield* rankNearest(views, { kind: "nearest", target }, { ...asked, wanted: limit });
  view.watch?.enter("rerank");
  const diversity = Math.fround(node.diversity);
  const nearness = Math.fround(1 - diversity);
  const slots = Uint32Array.from(near.rows, (row) => view.points.segment.rows.slotAt(row, space.number) as number);
  const closest = new Float32Array(slots.length).fill(Number.NEGATIVE_INFINITY);
  const meter = new Meter();
  const { vector } = targetOf(view, space, target, views);
  const nearTo = yield* similarities(space, vector, slots, meter);
  const worthOf = (place: number): number =>
    float32(Math.fround(nearness * (nearTo[place] as number)) - Math.fround(diversity * (closest[place] as number)));
  // places of those that are left, nearest first
  let left = Array.from(slots.keys());
  const picked: number[] = [];
  while (left.length > 0 && picked.length < asked.wanted) {
    const best = bestOf(left, picked.length === 0 ? (place) => nearTo[place] as number : worthOf);
    const place = left[best] as number;
    picked.push(place);
    left = left.filter((one) => one !== place);
    const others = Uint32Array.from(left, (one) => slots[one] as number);
    const found = yield* similaritiesOf(space, others, slots[place] as number, meter);
    for (const [i, one] of left.entries()) closest[one] = Math.max(closest[one] as number, found[i] as number);
    meter.steps += left.length;
    if (meter.isDue()) yield "pause";
  }
  return {
    rows: picked.map((place) => near.rows[place] as number),
    scores: picked.map((place) => near.scores[place] as number),
    isSettled: near.isSettled,
  };
}

/** The place among `left` of the one that is worth most, the first of equal ones. */
function bestOf(left: readonly number[], worthOf: (place: number) => number): number {
  let best = 0;
  let worth = worthOf(left[0] as number);
  for (let i = 1; i < left.length; i++) {
    const other = worthOf(left[i] as number);
    if (other > worth) [best, worth] = [i, other];
  }
  return best;
}
