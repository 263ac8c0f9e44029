// plan: reads the graph and decides everything that an insert will change; writes nothing but this thread's scratch.
import { EF_MAX } from "../src/vector-index/graph-limits";
import {
  DEAD, H, LINKED, NONE, S, SLOT_MASK, atQuery, atRow, atWords, capOf, efConstruction, levelIn, links, listOf, pair, scratch,
  stateOf, word, dotOf,
} from "./layout";
import { levelOfDot, mix64 } from "./dots";
import { ADD, pack } from "./delta";
import { enter, leave, observe } from "./epoch";
import { prepareQuery, queryDistance, rowDistance, scaleOf } from "./kernels";
import { DotCodes, DotVectors, EuclidCodes, EuclidVectors, ManhattanVectors, isEuclid, onCodes } from "./metric";
import { EXPANDED, NEW, distanceAt, keepBest, put, rank, setNewDot, setTieSalt, shift, slotAt } from "./pool";
import { gatherEntries } from "./entries";
import { effective, sizeOf } from "./lists";
import { descend, descendAll, rowOf, scoreAll, searchFrom } from "./search";
import { isPlanted, LINKS_TO_DEAD } from "./planted";

let newRow: usize = 0;
/** The row that NEW stands for. */
export function setNewRow(row: usize): void { newRow = row; }

// @ts-ignore: decorator
@inline function rowOrNew<Walk>(slot: u32): usize { return slot == NEW ? newRow : rowOf<Walk>(slot); }

/**
 * The heuristic (HNSW paper, algorithm 4, without extension): of the n sorted candidates keep up to `most`, each closer to the
 * origin than to any kept before it. The kept are marked EXPANDED; returns how many. For the new node's own list they stand at
 * S.CHOSEN too, and the dead are passed over: no edge is ever added to a node known to be dead. Candidates at one distance get at
 * most half of the places: among many equal vectors the lists would else hold nothing but equals, and no way out.
 */
// @ts-ignore: decorator
@inline export function choose<Walk>(sorted: usize, n: u32, most: u32, own: bool): u32 {
  const kept = scratch + S.KEPT, chosen = scratch + S.CHOSEN;
  let k: u32 = 0, equals: u32 = 0, last: f32 = Infinity;
  for (let i: u32 = 0; i < n && k < most; i++) {
    const slot = slotAt(sorted, i), d = distanceAt(sorted, i);
    if (own && stateOf(slot) & DEAD && !isPlanted(LINKS_TO_DEAD)) continue;
    if (d == last && equals >= most >> 1) continue;
    const row = rowOrNew<Walk>(slot);
    let j: u32 = 0;
    while (j < k && rowDistance<Walk>(row, <usize>load<u32>(word(kept, j))) >= d) j++;
    if (j < k) continue;
    store<u32>(word(kept, k), <u32>row);
    if (own) put(chosen, k, d, slot);
    equals = d == last ? equals + 1 : 1;
    last = d;
    store<u32>(pair(sorted, i), slot | EXPANDED, 4);
    k++;
  }
  return k;
}
/**
 * The edit that gives `slot`, at distance d of the new node, its reverse link: written at `at`. A full list is chosen anew by the
 * heuristic among its members and the new node; `force` adds the new node in any case. Returns whether it is added.
 */
export function planReverse<Walk>(at: usize, slot: u32, level: u32, d: f32, force: bool): bool {
  const place = listOf(slot, level), list = effective(place), n = load<u32>(list), size = sizeOf(place), cap = capOf(level);
  store<u32>(at, slot);
  store<u32>(at, ADD, 4);
  if (size < cap) return true;
  const sorted = scratch + S.SORT, mine = rowOf<Walk>(slot);
  put(sorted, 0, d, NEW);
  for (let i: u32 = 1; i <= n; i++) {
    const id = load<u32>(word(list, i)), e = rowDistance<Walk>(mine, rowOf<Walk>(id));
    const place = rank(sorted, i, e, id);
    shift(sorted, place, i);
    put(sorted, place, e, id);
  }
  choose<Walk>(sorted, n + 1, cap, false);
  let removed: u32 = 0, added = false;
  for (let i: u32 = 0; i <= n; i++) {
    const id = load<u32>(pair(sorted, i), 4);
    if (id & EXPANDED) {
      if (id == (NEW | EXPANDED)) added = true;
    } else if (id != NEW) store<u32>(word(at, 2 + removed++), id);
  }
  // what lies beyond the effective part goes too, as far as one operation may carry it: merging has left it behind
  for (let i = n + 1; i <= size && removed < 3 * cap; i++) store<u32>(word(at, 2 + removed++), load<u32>(word(list, i)));
  if (force && !added) {
    added = true;
    // make room by the farthest member
    for (let i = n; !removed; i--) {
      const id = slotAt(sorted, i);
      if (id != NEW) store<u32>(word(at, 2 + removed++), id);
    }
  }
  store<u32>(at, removed | (added ? ADD : 0), 4);
  return added;
}
// @ts-ignore: decorator
@inline function countLive(pool: usize, n: u32): u32 {
  let live: u32 = 0;
  for (let i: u32 = 0; i < n; i++) live += u32(!(stateOf(slotAt(pool, i)) & DEAD));
  return live;
}
/** The nearest live nodes by looking at every one: where the dead crowd out every walk. */
// @ts-ignore: decorator
@inline function scanLive<Walk>(most: u32): u32 {
  const pool = scratch + S.POOL, ids = scratch + S.IDS, distances = scratch + S.DISTANCES, end = load<u32>(H.NEXT_SLOT);
  let n: u32 = 0;
  for (let slot: u32 = 0; slot < end;) {
    let k: u32 = 0;
    for (; slot < end && k < 64; slot++) if ((stateOf(slot) & (LINKED | DEAD)) == LINKED) store<u32>(word(ids, k++), slot);
    scoreAll<Walk>(k);
    for (let i: u32 = 0; i < k; i++) n = keepBest(pool, n, most, load<f32>(word(distances, i)), load<u32>(word(ids, i)));
  }
  return n;
}
/**
 * Candidates on one level, sorted at S.POOL. Dead nodes take places in the pool; where they leave too few for live ones the search
 * is repeated with twice the room, and in the end every node is looked at, so that a new node is never left without a
 * neighbour while there is a live one.
 */
// @ts-ignore: decorator
@inline function candidates<Walk>(level: u32, starts: u32): u32 {
  let ef = efConstruction, n = searchFrom<Walk>(level, starts, ef);
  const dead = load<u32>(H.DEAD_COUNT);
  if (level || !dead) return n;
  const pool = scratch + S.POOL, wanted = min(links, load<u32>(H.LINKED_COUNT) - dead);
  while (countLive(pool, n) < wanted) {
    if (n < ef || ef > EF_MAX / 4) return scanLive<Walk>(efConstruction);
    ef *= 2;
    n = searchFrom<Walk>(level, starts, ef);
  }
  return n;
}
/** Sort the k pairs at S.CHOSEN by dot, as the packed delta wants them. */
function sortByDot(k: u32): void {
  const chosen = scratch + S.CHOSEN;
  for (let i: u32 = 1; i < k; i++) {
    const moving = load<u64>(pair(chosen, i)), dot = dotOf(<u32>(moving >> 32));
    let j = i;
    for (; j > 0 && dotOf(slotAt(chosen, j - 1)) > dot; j--) store<u64>(pair(chosen, j), load<u64>(pair(chosen, j - 1)));
    store<u64>(pair(chosen, j), moving);
  }
}
// What is found for an insert, at S.OUT, where another instance on this memory may have left it:
//     lists; per list, the highest level first: level, n, and n times (f32 distance, u32 slot) from the nearest on.

/** Room for it. */
const FOUND_BYTES: usize = <usize>EF_MAX * 16;

/** Have the vector at atQuery stand for the node that is planned; returns by what distances to it are multiplied between nodes. */
// @ts-ignore: decorator
@inline function standIn<Walk>(dot: u64): f32 {
  setTieSalt(mix64(dot) | 1);
  setNewDot(dot);
  prepareQuery<Walk>(atRow);
  newRow = onCodes<Walk>() ? atRow : atQuery;
  // dot products with codes are walked without the query's own scale; between nodes it counts
  return onCodes<Walk>() && !isEuclid<Walk>() ? scaleOf(newRow) : 1;
}
/** Where the walks of an insert go on: a node and its distance, from level to level. */
let walkFrom: u32 = 0;
let walkDistance: f32 = 0;
/** The candidates on one level to S.POOL, at distances as between nodes; the nearest is where the next level begins. */
// @ts-ignore: decorator
@inline function walkLevel<Walk>(level: u32, several: bool, scale: f32): u32 {
  const pool = scratch + S.POOL;
  put(scratch + S.STARTS, 0, walkDistance, walkFrom);
  const n = candidates<Walk>(level, several ? descendAll<Walk>(level, 1) : 1);
  walkFrom = slotAt(pool, 0);
  walkDistance = distanceAt(pool, 0);
  if (scale != 1) for (let i: u32 = 0; i < n; i++) { const p = pair(pool, i); store<f32>(p, load<f32>(p) * scale); }
  return n;
}
/** Choose among the n candidates at S.POOL and write the edits of one level at `at`, of the words; returns where they end. */
function decideLevel<Walk>(level: u32, n: u32, at: usize): usize {
  const chosen = scratch + S.CHOSEN, k = choose<Walk>(scratch + S.POOL, n, links, true), nearest = k ? slotAt(chosen, 0) : NONE;
  sortByDot(k);
  store<u32>(at, level);
  store<u32>(at, k, 4);
  let entryAt = at + 8, added = false;
  // twice only when nobody would link to the new node: then its nearest neighbour must
  for (let pass = 0; pass < 2 && !added; pass++) {
    entryAt = at + 8;
    for (let i: u32 = 0; i < k; i++) {
      const slot = slotAt(chosen, i);
      if (planReverse<Walk>(entryAt, slot, level, distanceAt(chosen, i), pass == 1 && slot == nearest)) added = true;
      entryAt = word(entryAt, 2 + (load<u32>(entryAt, 4) & ~ADD));
    }
    if (!k) break;
  }
  return entryAt;
}
/** Plan the insert of the vector at atQuery as `dot`; returns the bytes of the packed delta at atDelta. */
// @ts-ignore: decorator
@inline function plan<Walk>(dot: u64): u32 {
  const entry = load<u32>(H.ENTRY), level = levelOfDot(dot);
  let lists: u32 = 0, at = atWords + 4;
  if (entry != NONE) {
    const scale = standIn<Walk>(dot), top = entry >> 28, several = gatherEntries() > 1;
    walkFrom = descend<Walk>(entry & SLOT_MASK, top, min(top, level));
    walkDistance = load<f32>(scratch + S.SORT);
    for (let l = <i32>min(top, level); l >= 0; l--, lists++) at = decideLevel<Walk>(l, walkLevel<Walk>(l, several, scale), at);
  }
  store<u32>(atWords, lists);
  return pack(dot);
}
/** The walks of an insert alone, beside the writer if need be: candidates to S.OUT. Returns their bytes; 0: they are too many to be handed on. */
// @ts-ignore: decorator
@inline function find<Walk>(dot: u64): u32 {
  enter();
  const out = scratch + S.OUT, entry = observe(H.ENTRY), level = levelOfDot(dot);
  let lists: u32 = 0, at = out + 4;
  if (entry != NONE) {
    const scale = standIn<Walk>(dot), top = entry >> 28, several = gatherEntries() > 1;
    walkFrom = descend<Walk>(entry & SLOT_MASK, top, min(top, level));
    walkDistance = load<f32>(scratch + S.SORT);
    for (let l = <i32>min(top, level); l >= 0; l--, lists++) {
      const n = walkLevel<Walk>(l, several, scale);
      if (at + 8 + (<usize>n << 3) > out + FOUND_BYTES) {
        leave();
        return 0;
      }
      store<u32>(at, l);
      store<u32>(at, n, 4);
      at += 8;
      for (let i: u32 = 0; i < n; i++) put(at, i, distanceAt(scratch + S.POOL, i), slotAt(scratch + S.POOL, i));
      at += <usize>n << 3;
    }
  }
  store<u32>(out, lists);
  leave();
  return <u32>(at - out);
}
/**
 * Plan the insert of the vector at atQuery as `dot` among what was found for it, at S.OUT, and the `count` nodes at S.RERANK (u32) that
 * were inserted since. Returns the bytes of the packed delta at atDelta; 0: too much of what was found has died since.
 */
// @ts-ignore: decorator
@inline function decide<Walk>(dot: u64, count: u32): u32 {
  const entry = load<u32>(H.ENTRY), level = levelOfDot(dot), pool = scratch + S.POOL, since = scratch + S.RERANK;
  let lists: u32 = 0, at = atWords + 4;
  if (entry != NONE) {
    const scale = standIn<Walk>(dot), dead = load<u32>(H.DEAD_COUNT);
    let from: usize = scratch + S.OUT + 4, left = load<u32>(scratch + S.OUT);
    for (let l = <i32>min(entry >> 28, level); l >= 0; l--, lists++) {
      let n: u32 = 0;
      // an entry that has died since may have taken the highest levels with it
      for (; left && load<u32>(from) >= <u32>l; left--, from += 8 + (<usize>n << 3)) n = load<u32>(from, 4);
      if (n) memory.copy(pool, from - (<usize>n << 3), <usize>n << 3);
      const most = max(n, efConstruction);
      for (let i: u32 = 0; i < count; i++) {
        const slot = load<u32>(word(since, i));
        if (levelIn(stateOf(slot)) >= <u32>l) n = keepBest(pool, n, most, queryDistance<Walk>(rowOf<Walk>(slot)) * scale, slot);
      }
      if (!l && dead && countLive(pool, n) < min(links, load<u32>(H.LINKED_COUNT) - dead)) return 0;
      at = decideLevel<Walk>(l, n, at);
    }
  }
  store<u32>(atWords, lists);
  return pack(dot);
}
// @ts-ignore: decorator
@inline function dotFrom(origin: u32, sequence: f64): u64 { return <u64>origin << 40 | <u64>sequence; }
export function planDotCodes(origin: u32, sequence: f64): u32 { return plan<DotCodes>(dotFrom(origin, sequence)); }
export function planDotVectors(origin: u32, sequence: f64): u32 { return plan<DotVectors>(dotFrom(origin, sequence)); }
export function planEuclidCodes(origin: u32, sequence: f64): u32 { return plan<EuclidCodes>(dotFrom(origin, sequence)); }
export function planEuclidVectors(origin: u32, sequence: f64): u32 { return plan<EuclidVectors>(dotFrom(origin, sequence)); }
export function planManhattanVectors(origin: u32, sequence: f64): u32 { return plan<ManhattanVectors>(dotFrom(origin, sequence)); }
export function findDotCodes(origin: u32, sequence: f64): u32 { return find<DotCodes>(dotFrom(origin, sequence)); }
export function findDotVectors(origin: u32, sequence: f64): u32 { return find<DotVectors>(dotFrom(origin, sequence)); }
export function findEuclidCodes(origin: u32, sequence: f64): u32 { return find<EuclidCodes>(dotFrom(origin, sequence)); }
export function findEuclidVectors(origin: u32, sequence: f64): u32 { return find<EuclidVectors>(dotFrom(origin, sequence)); }
export function findManhattanVectors(origin: u32, sequence: f64): u32 { return find<ManhattanVectors>(dotFrom(origin, sequence)); }
export function decideDotCodes(origin: u32, sequence: f64, count: u32): u32 { return decide<DotCodes>(dotFrom(origin, sequence), count); }
export function decideDotVectors(origin: u32, sequence: f64, count: u32): u32 { return decide<DotVectors>(dotFrom(origin, sequence), count); }
export function decideEuclidCodes(origin: u32, sequence: f64, count: u32): u32 { return decide<EuclidCodes>(dotFrom(origin, sequence), count); }
export function decideEuclidVectors(origin: u32, sequence: f64, count: u32): u32 { return decide<EuclidVectors>(dotFrom(origin, sequence), count); }
export function decideManhattanVectors(origin: u32, sequence: f64, count: u32): u32 { return decide<ManhattanVectors>(dotFrom(origin, sequence), count); }
