// Exact search: every allowed slot is compared with the query, in batches whose rows are touched before they are scored.
import { SCAN_QUERIES, SCAN_RESULTS_MAX } from "../src/vector-index/graph-limits";
import { H, S, atQuery, filterBits, pair, scratch, touch, vectorBytes, vectorOf, visibleBits, word } from "./layout";
import { enter, leave, observe } from "./epoch";
import { vectorDistance4x2 } from "./kernels";
import { DotVectors, EuclidVectors, ManhattanVectors } from "./metric";
import { keepBest, setTieSalt } from "./pool";
import { areRowsInFile, stagedRow, stageRows } from "./rows";
import { bound, emit, scoreExactly } from "./search";

/** Slots gathered before they are scored: fits the cache with their rows' lines. */
const BATCH: u32 = 64;

/** Next batch of allowed slots from bit word `at` on, to S.IDS; the count is left at S.HEADS, the next word returned. */
// @ts-ignore: decorator
@inline function nextBatch(bits: usize, at: u32, words: u32): u32 {
  const ids = scratch + S.IDS;
  let k: u32 = 0;
  for (; at < words && k <= BATCH - 32; at++) {
    let rest = load<u32>(word(bits, at));
    for (; rest; rest &= rest - 1) store<u32>(word(ids, k++), (at << 5) + ctz(rest));
  }
  store<u32>(scratch + S.HEADS, k);
  return at;
}
/** The k nearest allowed slots of the query at atQuery, exactly, to S.OUT; returns how many. */
// @ts-ignore: decorator
@inline function scan<Exact>(k: u32, filtered: bool): u32 {
  enter();
  setTieSalt(0);
  const bits = filtered ? filterBits() : visibleBits(), words = (observe(H.NEXT_SLOT) + 31) >> 5;
  const best = scratch + S.RERANK, ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  let n: u32 = 0;
  for (let at: u32 = 0; at < words;) {
    at = nextBatch(bits, at, words);
    const found = load<u32>(scratch + S.HEADS);
    if (!areRowsInFile()) for (let i: u32 = 0; i < found; i++) touch(vectorOf(load<u32>(word(ids, i))), vectorBytes);
    scoreExactly<Exact>(found);
    bound(found);
    for (let i: u32 = 0; i < found; i++) n = keepBest(best, n, k, load<f32>(word(distances, i)), load<u32>(word(ids, i)));
  }
  emit(best, n);
  leave();
  return n;
}
/**
 * The k (at most SCAN_RESULTS_MAX) nearest allowed slots of each of the SCAN_QUERIES queries at atQuery, two rows at a
 * time against four queries, so that each row is read from memory once for all of them. Pools of (f32, u32 slot) are left
 * at S.RERANK + query · SCAN_RESULTS_MAX entries; returns how many each holds.
 */
// @ts-ignore: decorator
@inline function scanBlock<Exact>(k: u32, filtered: bool): u32 {
  enter();
  setTieSalt(0);
  const bits = filtered ? filterBits() : visibleBits(), words = (observe(H.NEXT_SLOT) + 31) >> 5;
  const best = scratch + S.RERANK, ids = scratch + S.IDS, distances = scratch + S.DISTANCES;
  let n: u32 = 0;
  for (let at: u32 = 0; at < words;) {
    at = nextBatch(bits, at, words);
    const found = load<u32>(scratch + S.HEADS);
    const isStaged = areRowsInFile();
    if (isStaged) stageRows(ids, found);
    if (found & 1) store<u32>(word(ids, found), load<u32>(word(ids, found - 1)));
    for (let i: u32 = 0; i < found; i += 2) {
      const a = load<u32>(word(ids, i)), b = load<u32>(word(ids, i + 1));
      const rowA = isStaged ? stagedRow(i) : vectorOf(a), rowB = isStaged ? stagedRow(min(i + 1, found - 1)) : vectorOf(b);
      vectorDistance4x2<Exact>(atQuery, rowA, rowB, distances);
      bound(2 * SCAN_QUERIES);
      let grown = n;
      for (let q: u32 = 0; q < SCAN_QUERIES; q++) {
        const pool = pair(best, q * SCAN_RESULTS_MAX);
        grown = keepBest(pool, n, k, load<f32>(word(distances, q)), a);
        if (i + 1 < found) grown = keepBest(pool, grown, k, load<f32>(word(distances, q + SCAN_QUERIES)), b);
      }
      n = grown;
    }
  }
  leave();
  return n;
}
/** Exact distances of the query at atQuery to the `count` slots at S.IDS, to S.DISTANCES. */
// @ts-ignore: decorator
@inline function distances<Exact>(count: u32): void {
  enter();
  scoreExactly<Exact>(count);
  bound(count);
  leave();
}
export function distancesDot(count: u32): void { distances<DotVectors>(count); }
export function distancesEuclid(count: u32): void { distances<EuclidVectors>(count); }
export function distancesManhattan(count: u32): void { distances<ManhattanVectors>(count); }
export function scanDot(k: u32, filtered: bool): u32 { return scan<DotVectors>(k, filtered); }
export function scanEuclid(k: u32, filtered: bool): u32 { return scan<EuclidVectors>(k, filtered); }
export function scanManhattan(k: u32, filtered: bool): u32 { return scan<ManhattanVectors>(k, filtered); }
export function scanBlockDot(k: u32, filtered: bool): u32 { return scanBlock<DotVectors>(k, filtered); }
export function scanBlockEuclid(k: u32, filtered: bool): u32 { return scanBlock<EuclidVectors>(k, filtered); }
export function scanBlockManhattan(k: u32, filtered: bool): u32 { return scanBlock<ManhattanVectors>(k, filtered); }
