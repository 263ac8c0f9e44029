// The engine's face. The host puts vectors at atQuery and packed deltas at atDelta, calls, and reads results at S.OUT.
import { EF_MAX } from "../src/vector-index/graph-limits";
import {
  CONDEMNED, H, LINKED, NONE, S, atDelta, atQuery, atRow, atUpper, capacityOf, derive, filterBits, scratch, stampOf, stateOf,
  visibleBits,
} from "./layout";
import { clearDots, rememberDot } from "./dots";
import { findEntries } from "./entries";
import { leave, pin } from "./epoch";

export * from "../src/vector-index/graph-header";
export * from "../src/vector-index/graph-limits";
export { CONDEMNED, DEAD, LINKED, META, NONE } from "./layout";
export { applyInsert, checkInsert, markDead, revertInsert } from "./apply";
export { condemn, cutLiveEdges, nodesToRepair, purge, purgeable, purgeableOf, scanEnd, unreachable } from "./upkeep";
export { digest, digestNode } from "./digest";
export { applyEdges, checkEdges, hasRoomFor, roomForLists, tagsAdded } from "./edges";
export { epoch, pin } from "./epoch";
export { settleTags } from "./tags";
export { countBy, headOf, membersBy, sizeOf } from "./lists";
export {
  planRescueDotCodes, planRescueDotVectors, planRescueEuclidCodes, planRescueEuclidVectors, planRescueManhattanVectors,
  planStitchDotCodes, planStitchDotVectors, planStitchEuclidCodes, planStitchEuclidVectors, planStitchManhattanVectors,
} from "./plan-links";
export {
  planRepairDotCodes, planRepairDotVectors, planRepairEuclidCodes, planRepairEuclidVectors, planRepairManhattanVectors,
} from "./plan-repair";
export { levelOfDot, slotOfDot } from "./dots";
export { capacityOf, codeOf, listOf, metaOf, vectorOf } from "./layout";
export {
  decideDotCodes, decideDotVectors, decideEuclidCodes, decideEuclidVectors, decideManhattanVectors, findDotCodes, findDotVectors,
  findEuclidCodes, findEuclidVectors, findManhattanVectors,
} from "./plan";
export { planDotCodes, planDotVectors, planEuclidCodes, planEuclidVectors, planManhattanVectors } from "./plan";
export {
  distancesDot, distancesEuclid, distancesManhattan, scanBlockDot, scanBlockEuclid, scanBlockManhattan, scanDot, scanEuclid,
  scanManhattan,
} from "./scan";
export {
  allowedInPool, boundDistances, rankDotCodes, rankDotVectors, rankEuclidCodes, rankEuclidVectors, rankManhattanVectors,
  recordDotCodes, recordDotVectors, recordEuclidCodes, recordEuclidVectors, recordManhattanVectors, searchDotCodes,
  searchDotVectors, searchEuclidCodes, searchEuclidVectors, searchManhattanVectors, walkDotCodes, walkDotVectors, walkEuclidCodes,
  walkEuclidVectors, walkManhattanVectors,
} from "./search";
export { relocate } from "./relocate";
export { keepRowsInFile } from "./rows";
export { reclaim, wipe } from "./slots";

/** Lay out an empty graph in a fresh memory. Returns its capacity in slots; 0 when not one slot fits. */
export function create(dimensions: u32, links: u32, efConstruction: u32, metric: u32, quantized: u32): u32 {
  const capacity = capacityOf(dimensions, links, metric, quantized);
  if (!capacity) return 0;
  store<u32>(H.DIMENSIONS, dimensions);
  store<u32>(H.LINKS, links);
  store<u32>(H.EF_CONSTRUCTION, min(efConstruction, EF_MAX));
  store<u32>(H.METRIC, metric);
  store<u32>(H.QUANTIZED, quantized);
  store<u32>(H.CAPACITY, capacity);
  store<u32>(H.ENTRY, NONE);
  store<u32>(H.FREE_HEAD, NONE);
  store<u32>(H.RETIRED_HEAD, NONE);
  store<u32>(H.RETIRED_TAIL, NONE);
  store<u32>(H.EPOCH, 1);
  store<u32>(H.PUBLISHED, NONE);
  derive(0);
  store<u32>(H.UPPER_NEXT, <u32>atUpper);
  return capacity;
}
/**
 * Every other thread calls this once: sizes from the header, scratch and marks of its own. What an earlier holder of its place left
 * (one that died in a search, perhaps) is wiped: its epoch, its marks, what was visible to it. What it pins stays where this thread itself
 * has pinned it already.
 */
export function attach(thread: u32, hasPinned: bool): void {
  derive(thread);
  leave();
  if (!hasPinned) pin(0);
  const slots = <usize>load<u32>(H.NEXT_SLOT), bytes = (slots + 31 >> 5) << 2;
  memory.fill(stampOf(0), 0, slots << 1);
  memory.fill(visibleBits(), 0, bytes);
  memory.fill(filterBits(), 0, bytes);
}
/** After an image was read into the regions: everything that the image leaves out. */
export function restore(): void {
  clearDots();
  let condemned: u32 = 0;
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
    const state = stateOf(slot);
    if (state & LINKED) rememberDot(slot);
    condemned += u32((state & (LINKED | CONDEMNED)) == (LINKED | CONDEMNED));
  }
  store<u32>(H.CONDEMNED_COUNT, condemned);
  findEntries();
}
/** Addresses of this thread, in the order of `addresses` in src/vector-index/engine.ts. */
export function addressOf(what: u32): usize {
  switch (what) {
    case 0: return atQuery;
    case 1: return scratch + S.OUT;
    case 2: return atDelta;
    case 3: return visibleBits();
    case 4: return filterBits();
    case 5: return scratch + S.RERANK;
    case 6: return atUpper;
    case 7: return scratch + S.IDS;
    case 8: return scratch + S.DISTANCES;
    case 9: return atRow;
    case 10: return scratch + S.PAST;
    case 11: return scratch + S.UNDO;
    case 12: return scratch + S.ORIGINS;
    case 13: return scratch + S.POOL;
    default: return atRow;
  }
}
