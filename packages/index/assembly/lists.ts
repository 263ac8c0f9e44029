// Neighbour lists. S(u, level) is a set; its *effective* part is what walks see: all of it up to twice the cap, else the closest by
// (distance, dot). A list of at most cap members stands in its place: count, then slots. A longer one, which only merging makes, is in
// a block: the first word says where; there: effective count, then slots, the effective ones first.
import { METRIC_EUCLID, METRIC_MANHATTAN, OVERFLOW, S, capOf, codeBytes, codeOf, dotOf, H, listOf, metric, pair, scratch, vectorOf, word } from "./layout";
import { RAW_MAX } from "../src/vector-index/graph-limits";
import { observe, publish } from "./epoch";
import { BLOCK_HEAD, blockBytes, retireBlock, takeBlockFor } from "./blocks";
import { DotCodes, DotVectors, EuclidCodes, EuclidVectors, ManhattanVectors } from "./metric";
import { rowDistance } from "./kernels";
import { distanceAt, put, slotAt } from "./pool";
import { isPlanted, LOWEST_SLOTS } from "./planted";

/** Position of a slot in a list of n, 0 when it is not there. */
// @ts-ignore: decorator
@inline export function positionOf(list: usize, n: u32, slot: u32): u32 {
  const wanted = i32x4.splat(slot);
  let i: u32 = 1;
  for (; i + 3 <= n; i += 4) {
    const hits = i32x4.bitmask(i32x4.eq(v128.load(word(list, i)), wanted));
    if (hits) return i + ctz(hits);
  }
  for (; i <= n; i++) if (load<u32>(word(list, i)) == slot) return i;
  return 0;
}
/**
 * Where the effective members of a list are: count, then slots. For the writer: beside it, the count may no longer be one when it is
 * read. Readers look at the head once, with `headOf`, and then ask `membersBy` and `countBy`.
 */
// @ts-ignore: decorator
@inline export function effective(list: usize): usize { return membersBy(list, headOf(list)); }
/** First word of a list, to be read once by who reads beside the writer. */
// @ts-ignore: decorator
@inline export function headOf(list: usize): u32 { return observe(list); }
/** Address of a word, behind which the effective members of a list with this head stand. */
// @ts-ignore: decorator
@inline export function membersBy(list: usize, head: u32): usize {
  return head & OVERFLOW ? (<usize>(head & ~OVERFLOW) << 4) + BLOCK_HEAD : list;
}
/** Number of effective members of a list with this head. */
// @ts-ignore: decorator
@inline export function countBy(head: u32): u32 {
  return head & OVERFLOW ? load<u32>(<usize>(head & ~OVERFLOW) << 4, BLOCK_HEAD) : head;
}
/** Members of a list, those beyond its effective part included: they stand at effective(list). */
// @ts-ignore: decorator
@inline export function sizeOf(list: usize): u32 {
  const head = load<u32>(list);
  return head & OVERFLOW ? load<u32>(<usize>(head & ~OVERFLOW) << 4, 12) : head;
}
// @ts-ignore: decorator
@inline export function hasMember(list: usize, slot: u32): bool { return positionOf(effective(list), sizeOf(list), slot) != 0; }

/** Distance of two nodes on the rows that the graph is walked on. */
export function nodeDistance(a: u32, b: u32): f32 {
  if (codeBytes) return metric == METRIC_EUCLID ? rowDistance<EuclidCodes>(codeOf(a), codeOf(b)) : rowDistance<DotCodes>(codeOf(a), codeOf(b));
  if (metric == METRIC_EUCLID) return rowDistance<EuclidVectors>(vectorOf(a), vectorOf(b));
  return metric == METRIC_MANHATTAN ? rowDistance<ManhattanVectors>(vectorOf(a), vectorOf(b)) : rowDistance<DotVectors>(vectorOf(a), vectorOf(b));
}
/** Sort the n pairs at S.RAW by (distance to `slot`, dot). */
function sortByDistance(slot: u32, n: u32): void {
  const raw = scratch + S.RAW, lowest = isPlanted(LOWEST_SLOTS);
  for (let i: u32 = 0; i < n; i++) {
    const member = slotAt(raw, i), d = lowest ? <f32>member : nodeDistance(slot, member);
    let j = i;
    for (; j > 0 && (distanceAt(raw, j - 1) > d || (distanceAt(raw, j - 1) == d && dotOf(slotAt(raw, j - 1)) > dotOf(member))); j--) {
      store<u64>(pair(raw, j), load<u64>(pair(raw, j - 1)));
    }
    put(raw, j, d, member);
  }
}
/** The list of `slot` without the slots at `gone` and with those at `added`, which are not in it: made anew, then published. */
export function rewrite(slot: u32, level: u32, gone: usize, goneCount: u32, added: usize, addedCount: u32): void {
  const list = listOf(slot, level), old = load<u32>(list), from = effective(list), size = sizeOf(list), cap = capOf(level);
  const raw = scratch + S.RAW;
  let n: u32 = 0;
  for (let i: u32 = 1; i <= size; i++) {
    const member = load<u32>(word(from, i));
    let g: u32 = 0;
    while (g < goneCount && load<u32>(word(gone, g)) != member) g++;
    if (g == goneCount) put(raw, n++, 0, member);
  }
  if (n + addedCount > RAW_MAX) unreachable(); // deltas were checked
  for (let i: u32 = 0; i < addedCount; i++) put(raw, n++, 0, load<u32>(word(added, i)));
  const oldBlock: usize = old & OVERFLOW ? <usize>(old & ~OVERFLOW) << 4 : 0;
  if (n <= cap) {
    // readers of a block do not look here; readers of the place see survivors, perhaps twice, and removed slots that still route
    for (let i: u32 = 0; i < n; i++) publish(word(list, i + 1), slotAt(raw, i));
    publish(list, n);
  } else {
    const most: u32 = cap << 1;
    if (n > most) sortByDistance(slot, n);
    const block = takeBlockFor(<usize>(n + 1) << 2);
    store<u32>(block, n, 12);
    store<u32>(block + BLOCK_HEAD, min(n, most));
    for (let i: u32 = 0; i < n; i++) store<u32>(word(block + BLOCK_HEAD, i + 1), slotAt(raw, i));
    publish(list, OVERFLOW | <u32>(block >> 4));
    store<u32>(H.OVERFLOW_LISTS, load<u32>(H.OVERFLOW_LISTS) + 1);
    store<u32>(H.OVERFLOW_BYTES, load<u32>(H.OVERFLOW_BYTES) + <u32>blockBytes(block));
  }
  if (oldBlock) releaseBlock(oldBlock);
}
function releaseBlock(block: usize): void {
  store<u32>(H.OVERFLOW_LISTS, load<u32>(H.OVERFLOW_LISTS) - 1);
  store<u32>(H.OVERFLOW_BYTES, load<u32>(H.OVERFLOW_BYTES) - <u32>blockBytes(block));
  retireBlock(block);
}
/** Give back what a list that nobody will read any more has beside its place. */
export function releaseList(list: usize): void {
  const head = load<u32>(list);
  if (head & OVERFLOW) releaseBlock(<usize>(head & ~OVERFLOW) << 4);
}
