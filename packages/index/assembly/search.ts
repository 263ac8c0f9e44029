// Best-first search (HNSW, Malkov and Yashunin, 2018, algorithms 2 and 5), three heads at a time: expanding the three best
// unexpanded candidates together overlaps the cache misses of their neighbours, and is as deterministic as one at a time
// because the pool is totally ordered.
import { BEAM, ROWS_STAGED } from "../src/vector-index/graph-limits";
import { AT, BEGUN, COMPARED, EXPANDED_NODE, KEPT_POOL, LOOKED } from "../src/vector-index/walk-steps";
import {
  H, NONE, S, SLOT_MASK, atRow, baseListOf, codeBytes, codeOf, dotOf, filterBits, hasBit, listBytes, listOf, pair, scratch, stampOf, touch,
  upperBytes, vectorBytes, vectorOf, visibleBits, word,
} from "./layout";
import { enter, leave, observe } from "./epoch";
import { prepareQuery, queryDistance, queryDistance4 } from "./kernels";
import { DotCodes, DotVectors, EuclidCodes, EuclidVectors, ManhattanVectors, onCodes } from "./metric";
import { gatherEntries } from "./entries";
import { countBy, headOf, membersBy } from "./lists";
import { areRowsInFile, stagedRow, stageRows } from "./rows";
import { EXPANDED, before, distanceAt, keepBest, put, rank, setTieSalt, shift, slotAt } from "./pool";
import { Told, tell } from "./told";

/** This thread's mark of the running search: a slot is visited when its stamp equals it. */
let mark: u32 = 0;
/** Candidates of the last search that were allowed. */
let allowedCount: u32 = 0;
export function allowedInPool(): u32 { return allowedCount; }

// @ts-ignore: decorator
@inline export function rowOf<Walk>(slot: u32): usize { return onCodes<Walk>() ? codeOf(slot) : vectorOf(slot); }
// @ts-ignore: decorator
@inline function rowBytes<Walk>(): usize { return onCodes<Walk>() ? codeBytes : vectorBytes; }
/** Append the unvisited members of a list to the k at S.IDS and mark them; returns the new k. */
// @ts-ignore: decorator
@inline function gather(place: usize, k: u32): u32 {
  const ids = scratch + S.IDS, head = headOf(place), list = membersBy(place, head), end = word(list, countBy(head)), stamps = stampOf(0);
  for (let p = list + 4; p <= end; p += 4) {
    const id = load<u32>(p), at = stamps + (<usize>id << 1);
    store<u32>(word(ids, k), id);
    k += u32(<u32>load<u16>(at) != mark);
    store<u16>(at, <u16>mark);
  }
  return k;
}
/** Distances of the k slots at S.IDS to S.DISTANCES, four at a time. */
// @ts-ignore: decorator
@inline export function scoreAll<Walk>(k: u32): void {
  const ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  let i: u32 = 0;
  if (onCodes<Walk>()) for (let z: u32 = 0; z < k; z++) touch(codeOf(load<u32>(word(ids, z))), codeBytes);
  for (; i + 4 <= k; i += 4) {
    if (!onCodes<Walk>()) for (let z = i + 4; z < i + 8 && z < k; z++) touch(vectorOf(load<u32>(word(ids, z))), vectorBytes);
    const p = word(ids, i);
    queryDistance4<Walk>(
      rowOf<Walk>(load<u32>(p)), rowOf<Walk>(load<u32>(p, 4)), rowOf<Walk>(load<u32>(p, 8)), rowOf<Walk>(load<u32>(p, 12)),
      word(distances, i),
    );
  }
  for (; i < k; i++) store<f32>(word(distances, i), queryDistance<Walk>(rowOf<Walk>(load<u32>(word(ids, i)))));
}
/** The same on f32, wherever the rows are. */
// @ts-ignore: decorator
@inline export function scoreExactly<Exact>(k: u32): void {
  if (areRowsInFile()) scoreStaged<Exact>(k);
  else scoreAll<Exact>(k);
}
function scoreStaged<Exact>(k: u32): void {
  const ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  for (let from: u32 = 0; from < k; from += ROWS_STAGED) {
    const n = min(ROWS_STAGED, k - from), out = word(distances, from);
    stageRows(word(ids, from), n);
    let i: u32 = 0;
    for (; i + 4 <= n; i += 4) queryDistance4<Exact>(stagedRow(i), stagedRow(i + 1), stagedRow(i + 2), stagedRow(i + 3), word(out, i));
    for (; i < n; i++) store<f32>(word(out, i), queryDistance<Exact>(stagedRow(i)));
  }
}
/** No distance that is answered with is beyond this on either side: 1 for cosine, which rounding takes a little over it. */
let farthest: f32 = f32.MAX_VALUE;
export function boundDistances(most: f32): void { farthest = most; }
/** Bound the k distances at S.DISTANCES, before anything is ordered by them: what ties then is ordered by dot. */
// @ts-ignore: decorator
@inline export function bound(k: u32): void {
  const distances = scratch + S.DISTANCES, most = f32x4.splat(farthest), least = f32x4.splat(-farthest);
  for (let i: u32 = 0; i < k; i += 4) {
    const p = word(distances, i);
    v128.store(p, f32x4.min(most, f32x4.max(least, v128.load(p))));
  }
}
/** Order the n candidates of a pool by their bounded distances, to S.RERANK. */
function rankBounded(pool: usize, n: u32): void {
  const ranked = scratch + S.RERANK;
  for (let i: u32 = 0; i < n; i++) {
    const slot = slotAt(pool, i), d = min(farthest, max(-farthest, distanceAt(pool, i))), at = rank(ranked, i, d, slot);
    shift(ranked, at, i);
    put(ranked, at, d, slot);
  }
}

/** Greedy descent through the levels (to, from]; returns the slot and leaves its distance at S.SORT. */
// @ts-ignore: decorator
@inline export function descend<Walk, Telling = u8>(slot: u32, from: u32, to: u32): u32 {
  const ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  let d = queryDistance<Walk>(rowOf<Walk>(slot));
  for (let level = from; level > to; level--) {
    for (let start = slot;; start = slot) {
      tell<Telling>(AT, level, slot, 0, d);
      const place = listOf(start, level), head = headOf(place), list = membersBy(place, head), k = countBy(head);
      memory.copy(ids, list + 4, <usize>k << 2);
      scoreAll<Walk>(k);
      tell<Telling>(LOOKED, level, slot, k, d);
      for (let i: u32 = 0; i < k; i++) {
        const id = load<u32>(word(ids, i)), e = load<f32>(word(distances, i));
        if (before(e, id, d, slot)) { d = e; slot = id; }
      }
      if (slot == start) break;
    }
  }
  store<f32>(scratch + S.SORT, d);
  return slot;
}
/** A mark that no slot of this thread has. */
export function newMark(): u32 {
  if (++mark > 65535) {
    memory.fill(stampOf(0), 0, <usize>observe(H.NEXT_SLOT) << 1);
    mark = 1;
  }
  return mark;
}
// @ts-ignore: decorator
@inline function takeStamp(slot: u32): bool {
  const at = stampOf(slot), isNew = <u32>load<u16>(at) != mark;
  store<u16>(at, <u16>mark);
  return isNew;
}
/**
 * Where a walk of one level starts when it starts at the entries of all origins, to S.STARTS behind the `n` that are there: each entry
 * descended to the level, or itself where it does not reach so high. Returns their number.
 */
export function descendAll<Walk, Telling = u8>(level: u32, n: u32): u32 {
  const starts = scratch + S.STARTS, count = gatherEntries();
  for (let i: u32 = 0; i < count; i++) {
    const entry = load<u32>(word(scratch + S.ENTRY_WORDS, i)), top = entry >> 28;
    if (top < level) continue;
    const slot = descend<Walk, Telling>(entry & SLOT_MASK, top, level);
    put(starts, n++, load<f32>(scratch + S.SORT), slot);
  }
  return n;
}
/** Best-first search of one level from one entry; leaves the sorted pool at S.POOL and returns its size, at most ef. */
// @ts-ignore: decorator
@inline export function searchLevel<Walk>(level: u32, entry: u32, entryDistance: f32, ef: u32): u32 {
  put(scratch + S.STARTS, 0, entryDistance, entry);
  return searchFrom<Walk>(level, 1, ef);
}
/** The same from the `starts` nodes at S.STARTS. */
// @ts-ignore: decorator
@inline export function searchFrom<Walk, Telling = u8>(level: u32, starts: u32, ef: u32): u32 {
  newMark();
  const pool = scratch + S.POOL, ids = scratch + S.IDS, distances = scratch + S.DISTANCES, heads = scratch + S.HEADS;
  let n: u32 = 0, cursor: u32 = 0; // everything before the cursor is expanded
  for (let i: u32 = 0; i < starts; i++) {
    const slot = slotAt(scratch + S.STARTS, i);
    if (takeStamp(slot)) n = keepBest(pool, n, ef, distanceAt(scratch + S.STARTS, i), slot);
  }
  tell<Telling>(BEGUN, level, 0, n, 0);
  for (;;) {
    let chosen: u32 = 0;
    for (; cursor < n && chosen < BEAM; cursor++) {
      const p = pair(pool, cursor), id = load<u32>(p, 4);
      if (id & EXPANDED) continue;
      store<u32>(p, id | EXPANDED, 4);
      tell<Telling>(EXPANDED_NODE, level, id, n, 0);
      const list = listOf(id, level);
      store<u32>(word(heads, chosen++), <u32>list);
      touch(list, level ? upperBytes : listBytes);
    }
    if (!chosen) break;
    let k: u32 = 0;
    for (let h: u32 = 0; h < chosen; h++) k = gather(<usize>load<u32>(word(heads, h)), k);
    scoreAll<Walk>(k);
    tell<Telling>(COMPARED, level, 0, k, 0);
    let worst: f32 = n == ef ? distanceAt(pool, n - 1) : Infinity;
    for (let i: u32 = 0; i < k; i++) {
      const e = load<f32>(word(distances, i));
      if (e <= worst) {
        const id = load<u32>(word(ids, i)), at = rank(pool, n, e, id);
        if (at == ef) continue;
        shift(pool, at, n < ef ? n++ : n - 1);
        put(pool, at, e, id);
        cursor = min(cursor, at);
        if (n == ef) worst = distanceAt(pool, n - 1);
      }
    }
    tell<Telling>(KEPT_POOL, level, 0, n, 0);
  }
  return n;
}
/** Copy the first `k` of a sorted pool to S.OUT. */
// @ts-ignore: decorator
@inline export function emit(pool: usize, k: u32): void {
  let out = scratch + S.OUT;
  for (let i: u32 = 0; i < k; i++, out += 16) {
    const slot = slotAt(pool, i);
    store<u64>(out, dotOf(slot));
    store<f32>(out, distanceAt(pool, i), 8);
    store<u32>(out, slot, 12);
  }
}
/** The pool of the ef candidates nearest to the query at atQuery, in order, at S.POOL; returns how many. */
function walk<Walk, Telling = u8>(ef: u32, everywhere: bool): u32 {
  const entry = observe(H.ENTRY);
  if (entry == NONE) return 0;
  setTieSalt(0);
  prepareQuery<Walk>(atRow);
  let starts: u32 = 1;
  if (everywhere && gatherEntries() > 1) starts = descendAll<Walk, Telling>(0, 0);
  else {
    const near = descend<Walk, Telling>(entry & SLOT_MASK, entry >> 28, 0);
    put(scratch + S.STARTS, 0, load<f32>(scratch + S.SORT), near);
  }
  return searchFrom<Walk, Telling>(0, starts, ef);
}
/**
 * The k nearest of the first n of the pool, to S.OUT; returns how many. On codes, the first `depth` of them are ranked again by their exact
 * distance; depth 0 leaves the distances of the codes (dot: without the query's own scale). On vectors, any depth says that the pool is in no
 * order.
 */
function rankPool<Walk, Exact>(k: u32, n: u32, depth: u32): u32 {
  const pool = scratch + S.POOL;
  let ranked = pool;
  if (onCodes<Walk>() && depth) {
    ranked = scratch + S.RERANK;
    n = min(n, max(k, depth));
    rankExactly<Exact>(pool, n);
  } else if (!onCodes<Walk>() && (depth || farthest < f32.MAX_VALUE)) {
    ranked = scratch + S.RERANK;
    rankBounded(pool, n);
  }
  const found = min(k, n);
  emit(ranked, found);
  return found;
}
/**
 * The k nearest allowed slots of the query at atQuery, to S.OUT; returns how many. The pool of ef candidates holds allowed
 * slots and others (dead ones, those outside the filter): they route.
 */
// @ts-ignore: decorator
@inline function search<Walk, Exact>(k: u32, ef: u32, depth: u32, filtered: bool, everywhere: bool): u32 {
  enter();
  const n = walk<Walk>(max(ef, k), everywhere), pool = scratch + S.POOL, allowed = filtered ? filterBits() : visibleBits();
  let candidates: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    if (hasBit(allowed, slotAt(pool, i))) store<u64>(pair(pool, candidates++), load<u64>(pair(pool, i)));
  }
  allowedCount = candidates;
  const found = rankPool<Walk, Exact>(k, candidates, depth);
  leave();
  return found;
}
/** The two halves of a search, where the host decides in between which candidates may be answers: it puts them first in the pool. */
// @ts-ignore: decorator
@inline function walkAlone<Walk, Telling = u8>(ef: u32, everywhere: bool): u32 {
  enter();
  const n = walk<Walk, Telling>(ef, everywhere);
  leave();
  return n;
}
// @ts-ignore: decorator
@inline function rankAlone<Walk, Exact>(k: u32, n: u32, depth: u32): u32 {
  enter();
  setTieSalt(0);
  const found = rankPool<Walk, Exact>(k, n, depth);
  leave();
  return found;
}
/** Rank the n candidates of a pool by exact distance, to S.RERANK. */
// @ts-ignore: decorator
@inline function rankExactly<Exact>(pool: usize, n: u32): void {
  const ranked = scratch + S.RERANK, ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  for (let from: u32 = 0; from < n; from += 64) {
    const k = min<u32>(64, n - from);
    for (let i: u32 = 0; i < k; i++) {
      const slot = slotAt(pool, from + i);
      store<u32>(word(ids, i), slot);
      if (!areRowsInFile()) touch(vectorOf(slot), vectorBytes);
    }
    scoreExactly<Exact>(k);
    bound(k);
    for (let i: u32 = 0; i < k; i++) {
      const slot = load<u32>(word(ids, i)), d = load<f32>(word(distances, i)), at = rank(ranked, from + i, d, slot);
      shift(ranked, at, from + i);
      put(ranked, at, d, slot);
    }
  }
}
export function searchDotCodes(k: u32, ef: u32, depth: u32, filtered: bool, all: bool): u32 { return search<DotCodes, DotVectors>(k, ef, depth, filtered, all); }
export function searchDotVectors(k: u32, ef: u32, depth: u32, filtered: bool, all: bool): u32 { return search<DotVectors, DotVectors>(k, ef, depth, filtered, all); }
export function searchEuclidCodes(k: u32, ef: u32, depth: u32, filtered: bool, all: bool): u32 { return search<EuclidCodes, EuclidVectors>(k, ef, depth, filtered, all); }
export function searchEuclidVectors(k: u32, ef: u32, depth: u32, filtered: bool, all: bool): u32 { return search<EuclidVectors, EuclidVectors>(k, ef, depth, filtered, all); }
export function searchManhattanVectors(k: u32, ef: u32, depth: u32, filtered: bool, all: bool): u32 { return search<ManhattanVectors, ManhattanVectors>(k, ef, depth, filtered, all); }
export function walkDotCodes(ef: u32, all: bool): u32 { return walkAlone<DotCodes>(ef, all); }
export function walkDotVectors(ef: u32, all: bool): u32 { return walkAlone<DotVectors>(ef, all); }
export function walkEuclidCodes(ef: u32, all: bool): u32 { return walkAlone<EuclidCodes>(ef, all); }
export function walkEuclidVectors(ef: u32, all: bool): u32 { return walkAlone<EuclidVectors>(ef, all); }
export function walkManhattanVectors(ef: u32, all: bool): u32 { return walkAlone<ManhattanVectors>(ef, all); }
export function recordDotCodes(ef: u32, all: bool): u32 { return walkAlone<DotCodes, Told>(ef, all); }
export function recordDotVectors(ef: u32, all: bool): u32 { return walkAlone<DotVectors, Told>(ef, all); }
export function recordEuclidCodes(ef: u32, all: bool): u32 { return walkAlone<EuclidCodes, Told>(ef, all); }
export function recordEuclidVectors(ef: u32, all: bool): u32 { return walkAlone<EuclidVectors, Told>(ef, all); }
export function recordManhattanVectors(ef: u32, all: bool): u32 { return walkAlone<ManhattanVectors, Told>(ef, all); }
export function rankDotCodes(k: u32, n: u32, depth: u32): u32 { return rankAlone<DotCodes, DotVectors>(k, n, depth); }
export function rankDotVectors(k: u32, n: u32, depth: u32): u32 { return rankAlone<DotVectors, DotVectors>(k, n, depth); }
export function rankEuclidCodes(k: u32, n: u32, depth: u32): u32 { return rankAlone<EuclidCodes, EuclidVectors>(k, n, depth); }
export function rankEuclidVectors(k: u32, n: u32, depth: u32): u32 { return rankAlone<EuclidVectors, EuclidVectors>(k, n, depth); }
export function rankManhattanVectors(k: u32, n: u32, depth: u32): u32 { return rankAlone<ManhattanVectors, ManhattanVectors>(k, n, depth); }
