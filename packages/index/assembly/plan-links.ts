// Planning of links between existing nodes: stitch and rescue (docs/convergence.md); repair is in plan-repair.ts. Reads the graph, writes scratch only.
import {
  DEAD, H, LINKED, NONE, S, SLOT_MASK, atQuery, atRow, atWords, baseLinks, capOf, codeOf, levelIn, links, listOf, metaOf, originIn, pair,
  scratch, stateOf, vectorBytes, vectorOf, word, dotOf,
} from "./layout";
import { mix64 } from "./dots";
import { ADD } from "./delta";
import { EF_MAX } from "../src/vector-index/graph-limits";
import { addList, beginEdges, packEdges } from "./edges";
import { gatherEntries } from "./entries";
import { prepareStored, rowDistance, scaleOf } from "./kernels";
import { effective, hasMember, sizeOf } from "./lists";
import { DotCodes, DotVectors, EuclidCodes, EuclidVectors, ManhattanVectors, isEuclid, onCodes } from "./metric";
import { choose, planReverse, setNewRow } from "./plan";
import { EXPANDED, NEW, distanceAt, keepBest, put, rank, setNewDot, setTieSalt, shift, slotAt } from "./pool";
import { descend, rowOf, searchFrom } from "./search";

/** Width of the walk for nodes around a rescued or repaired one. */
export const AROUND_EF: u32 = 32;
/** Width of a stitch's walk, one per foreign origin, and how many of all that they find are candidates. */
const STITCH_EF: u32 = 16;
const STITCH_CANDIDATES: u32 = 256;
const SEEDS_PER_ORIGIN: u32 = 4;
const PAIRWISE_MAX: u32 = 64;
const RESCUERS: u32 = 2;

/** Make the node's own row the query. Returns by how much distances to the query have to be scaled to be distances of nodes. */
// @ts-ignore: decorator
@inline export function queryNode<Walk>(slot: u32): f32 {
  if (onCodes<Walk>()) prepareStored<Walk>(codeOf(slot), atRow);
  else memory.copy(atQuery, vectorOf(slot), vectorBytes);
  setTieSalt(mix64(dotOf(slot)) | 1);
  setNewDot(dotOf(slot));
  setNewRow(rowOf<Walk>(slot));
  return onCodes<Walk>() && !isEuclid<Walk>() ? scaleOf(codeOf(slot)) : 1;
}
// @ts-ignore: decorator
@inline export function distance<Walk>(a: u32, b: u32): f32 { return rowDistance<Walk>(rowOf<Walk>(a), rowOf<Walk>(b)); }
// @ts-ignore: decorator
@inline export function isLive(slot: u32): bool { return (stateOf(slot) & (LINKED | DEAD)) == LINKED; }
/** Insert (d, slot) into the n sorted pairs of a list that is long enough. */
// @ts-ignore: decorator
@inline export function insertSorted(list: usize, n: u32, d: f32, slot: u32): u32 {
  const at = rank(list, n, d, slot);
  shift(list, at, n);
  put(list, at, d, slot);
  return n + 1;
}

/**
 * The nearest to a node among what foreign origins inserted, to S.POOL: a walk per origin, from the nearest few of its seeds and its entry.
 * One walk for all of them would start with the node's own neighbours or end with those of the nearest island, and drop the others before
 * they have led anywhere. An origin's nodes count from its first seed on: the rest was there when the node was inserted.
 */
function foreignAround<Walk>(slot: u32, seeds: u32, scale: f32): u32 {
  const pool = scratch + S.POOL, starts = scratch + S.STARTS, found = scratch + S.RERANK, entries = gatherEntries();
  let total: u32 = 0;
  for (let i: u32 = 0; i < seeds;) {
    const first = dotOf(load<u32>(word(scratch + S.OUT, i))), origin = originIn(first);
    let from: u32 = 0;
    for (; i < seeds; i++) {
      const seed = load<u32>(word(scratch + S.OUT, i));
      if (originIn(dotOf(seed)) != origin) break;
      from = keepBest(starts, from, SEEDS_PER_ORIGIN, distance<Walk>(slot, seed) / scale, seed);
    }
    for (let e: u32 = 0; e < entries; e++) {
      const entry = load<u32>(word(scratch + S.ENTRY_WORDS, e));
      if (originIn(dotOf(entry & SLOT_MASK)) != origin) continue;
      const near = descend<Walk>(entry & SLOT_MASK, entry >> 28, 0);
      put(starts, from++, load<f32>(scratch + S.SORT), near);
    }
    const n = searchFrom<Walk>(0, from, STITCH_EF);
    for (let j: u32 = 0; j < n; j++) {
      const near = slotAt(pool, j), dot = dotOf(near);
      if (originIn(dot) != origin || dot < first) continue;
      const d = distance<Walk>(slot, near), at = rank(found, total, d, near);
      if (at && slotAt(found, at - 1) == near) continue; // the origin's seeds came in two parts
      total = keepBest(found, total, STITCH_CANDIDATES, d, near);
    }
  }
  memory.copy(pool, found, <usize>total << 3);
  return total;
}

/**
 * Link a node on layer 0 to nodes that were inserted concurrently. `seeds` slots of such nodes are at S.OUT (u32), those of one origin
 * together and by sequence. Walking, they are where searches start; else they are the candidates themselves. Links only: nothing is
 * removed, except from lists over their cap. Returns the bytes of the delta.
 */
function planStitch<Walk>(slot: u32, seeds: u32, walk: bool): u32 {
  const scale = queryNode<Walk>(slot), pool = scratch + S.POOL, place = listOf(slot, 0);
  const own = effective(place), ownCount = load<u32>(own), size = sizeOf(place);
  let n: u32 = 0;
  if (walk) {
    n = foreignAround<Walk>(slot, seeds, scale);
  } else {
    for (let i: u32 = 0; i < seeds; i++) {
      const seed = load<u32>(word(scratch + S.OUT, i));
      n = keepBest(pool, n, PAIRWISE_MAX, distance<Walk>(slot, seed), seed);
    }
  }
  // The node's members stand as they are. A candidate must be nearer to the node than to any candidate before it and, where any node may be
  // a candidate, to any nearer member. Between islands it need not: the member has most likely no link to that side.
  const sorted = scratch + S.SORT, kept = scratch + S.KEPT, chosen = scratch + S.CHOSEN;
  let m: u32 = 0;
  for (let i: u32 = 1; i <= ownCount; i++) {
    const neighbour = load<u32>(word(own, i));
    m = insertSorted(sorted, m, distance<Walk>(slot, neighbour), neighbour);
  }
  let k: u32 = 0, added: u32 = 0, next: u32 = 0;
  for (let i: u32 = 0; i < n && added < links; i++) {
    const candidate = slotAt(pool, i), d = distanceAt(pool, i);
    if (candidate == slot || !isLive(candidate) || hasMember(place, candidate)) continue;
    for (; !walk && next < m && distanceAt(sorted, next) <= d; next++) store<u32>(word(kept, k++), <u32>rowOf<Walk>(slotAt(sorted, next)));
    const row = rowOf<Walk>(candidate);
    let j: u32 = 0;
    while (j < k && rowDistance<Walk>(row, <usize>load<u32>(word(kept, j))) >= d) j++;
    if (j < k) continue;
    store<u32>(word(kept, k++), <u32>row);
    put(chosen, added++, d, candidate);
  }
  if (!added) return 0;
  for (let i: u32 = 0; i < added; i++) store<u64>(pair(scratch + S.RERANK, i), load<u64>(pair(chosen, i)));
  beginEdges();
  // the node's own list
  const gone = scratch + S.GONE, fresh = scratch + S.ADDED;
  let removed: u32 = 0, kept2: u32 = 0;
  if (size + added <= capOf(0)) for (let i: u32 = 0; i < added; i++) store<u32>(word(fresh, kept2++), slotAt(scratch + S.RERANK, i));
  else {
    for (let i: u32 = 0; i < added; i++) m = insertSorted(sorted, m, distanceAt(scratch + S.RERANK, i), slotAt(scratch + S.RERANK, i));
    choose<Walk>(sorted, m, capOf(0), false);
    for (let i: u32 = 0; i < m; i++) {
      const id = load<u32>(pair(sorted, i), 4), isOwn = hasMember(place, id & ~EXPANDED);
      if (id & EXPANDED) {
        if (!isOwn) store<u32>(word(fresh, kept2++), id & ~EXPANDED);
      } else if (isOwn) store<u32>(word(gone, removed++), id);
    }
    for (let i = ownCount + 1; i <= size && removed < 6 * links; i++) store<u32>(word(gone, removed++), load<u32>(word(own, i)));
  }
  addList(slot, 0, gone, removed, fresh, kept2);
  // and theirs: for the reverse link the node stands where a new one would
  const edit = scratch + S.RAW;
  for (let i: u32 = 0; i < added; i++) {
    const other = slotAt(scratch + S.RERANK, i);
    if (hasMember(listOf(other, 0), slot)) continue;
    planReverse<Walk>(edit, other, 0, distanceAt(scratch + S.RERANK, i), false);
    const edits = load<u32>(edit, 4);
    store<u32>(fresh, slot);
    addList(other, 0, edit + 8, edits & ~ADD, fresh, edits >> 31);
  }
  return packEdges();
}

/**
 * Where every list is full: the nearest of the n nodes at S.POOL that leads to a node which the last breadth-first walk (upkeep.ts) reached
 * from elsewhere takes `slot` in its place. The tree of that walk stays whole: whatever was reached is reached.
 */
function displace(slot: u32, n: u32): void {
  const pool = scratch + S.POOL, gone = scratch + S.GONE, fresh = scratch + S.ADDED;
  for (let i: u32 = 0; i < n; i++) {
    const other = slotAt(pool, i), place = listOf(other, 0), list = effective(place), size = sizeOf(place), most: u32 = capOf(0) << 1;
    if (other == slot || !isLive(other) || hasMember(place, slot)) continue;
    for (let m = load<u32>(list); m > 0; m--) {
      const member = load<u32>(word(list, m));
      if (metaOf(member).epoch == other) continue;
      let removed: u32 = 0;
      store<u32>(word(gone, removed++), member);
      // members beyond the effective ones would come up in its stead
      for (let j = most + 1; j <= size && removed < 6 * links; j++) store<u32>(word(gone, removed++), load<u32>(word(list, j)));
      store<u32>(fresh, slot);
      addList(other, 0, gone, removed, fresh, 1);
      return;
    }
  }
}

/**
 * Make a node reachable: links to it from the nearest live nodes that a walk from the entry finds, on layer 0, where their lists have
 * room in their effective part. `forced`: only where no list has room; then one gives way, right after `unreachable`. Returns the bytes of
 * the delta, 0 when there is nothing to do.
 */
function planRescue<Walk>(slot: u32, forced: bool): u32 {
  const entry = load<u32>(H.ENTRY), pool = scratch + S.POOL, fresh = scratch + S.ADDED;
  if (entry == NONE) return 0;
  const scale = queryNode<Walk>(slot);
  // on layer 0 from the entry itself: what a descent through upper layers comes to may be just as lost
  const near = entry & SLOT_MASK, d = distance<Walk>(slot, near) / scale;
  beginEdges();
  let found: u32 = 0;
  // among many equal vectors the lists of all that is near may be full: look further
  for (let ef = AROUND_EF; !found; ef <<= 2) {
    put(scratch + S.STARTS, 0, d, near);
    const n = searchFrom<Walk>(0, 1, min(ef, EF_MAX));
    for (let i: u32 = 0; i < n && found < RESCUERS; i++) {
      const other = slotAt(pool, i), place = listOf(other, 0);
      if (other == slot || !isLive(other) || sizeOf(place) >= 2 * baseLinks || hasMember(place, slot)) continue;
      store<u32>(fresh, slot);
      addList(other, 0, fresh, 0, fresh, 1);
      found++;
    }
    if (n < ef || ef >= EF_MAX) {
      if (!found && forced) displace(slot, n);
      else if (forced) return 0; // there is room: its owner sees to it
      break;
    }
    if (found && forced) return 0;
  }
  return packEdges();
}

// one export per walk and plan: the host picks by metric
export function planStitchDotCodes(slot: u32, seeds: u32, walk: bool): u32 { return planStitch<DotCodes>(slot, seeds, walk); }
export function planStitchDotVectors(slot: u32, seeds: u32, walk: bool): u32 { return planStitch<DotVectors>(slot, seeds, walk); }
export function planStitchEuclidCodes(slot: u32, seeds: u32, walk: bool): u32 { return planStitch<EuclidCodes>(slot, seeds, walk); }
export function planStitchEuclidVectors(slot: u32, seeds: u32, walk: bool): u32 { return planStitch<EuclidVectors>(slot, seeds, walk); }
export function planStitchManhattanVectors(slot: u32, seeds: u32, walk: bool): u32 { return planStitch<ManhattanVectors>(slot, seeds, walk); }
export function planRescueDotCodes(slot: u32, forced: bool): u32 { return planRescue<DotCodes>(slot, forced); }
export function planRescueDotVectors(slot: u32, forced: bool): u32 { return planRescue<DotVectors>(slot, forced); }
export function planRescueEuclidCodes(slot: u32, forced: bool): u32 { return planRescue<EuclidCodes>(slot, forced); }
export function planRescueEuclidVectors(slot: u32, forced: bool): u32 { return planRescue<EuclidVectors>(slot, forced); }
export function planRescueManhattanVectors(slot: u32, forced: bool): u32 { return planRescue<ManhattanVectors>(slot, forced); }
