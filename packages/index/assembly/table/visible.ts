// Which rows an epoch shows. A row's epochs are 8 bytes, so that asking all rows of a large table costs more than scanning a column of it.
// Blocks of rows are therefore summed up: a bit for each row, and the epoch from which on the bits are right. The writer takes a summary
// back before it changes a row of the block, and makes it anew once the group is published; in between, and for readers at older epochs,
// the rows themselves are asked. A reader looks at the epoch of a summary before and after it has copied the bits (a sequence lock:
// Lameter, 2005); all of these loads and stores are atomic, so that they keep their order.
import { H_NEXT_ROW } from "../../src/segment/layout";
import {
  A_VISIBLE, H_SUMMARY_BITS, H_SUMMARY_SINCE, H_SUMMARY_STALE, SUMMARY_ROWS, SUMMARY_SHIFT,
} from "../../src/segment/column-layout";
import { area } from "./areas";
import { now, reached } from "./epochs";
import { capacity, shownAt } from "./regions";
import { isPlantedInColumns, STALE_SUMMARY } from "./planted";


// @ts-ignore: decorator
@inline function wordAt(row: u32): usize { return <usize>load<u32>(H_SUMMARY_BITS) + (<usize>(row >> 5) << 2); }
// @ts-ignore: decorator
@inline function sinceAt(block: u32): usize { return <usize>load<u32>(H_SUMMARY_SINCE) + (<usize>block << 2); }
// @ts-ignore: decorator
@inline function staleAt(block: u32): usize { return <usize>load<u32>(H_SUMMARY_STALE) + (<usize>(block >> 5) << 2); }

/**
 * Where the summaries are: before `end`, so that they are no part of an image. Returns where the memory before them ends.
 */
export function createSummaries(end: usize): usize {
  const blocks = <usize>(capacity >> SUMMARY_SHIFT) + 1;
  const bits = end - blocks * (SUMMARY_ROWS >> 3), since = bits - align64(blocks << 2), stale = since - align64((blocks + 31 >> 5) << 2);
  store<u32>(H_SUMMARY_BITS, <u32>bits);
  store<u32>(H_SUMMARY_SINCE, <u32>since);
  store<u32>(H_SUMMARY_STALE, <u32>stale);
  return stale;
}
// @ts-ignore: decorator
@inline function align64(bytes: usize): usize { return bytes + 63 & ~63; }
/** Sum all blocks up: after an image was read. */
export function sumUpAll(): void {
  for (let row: u32 = 0, end = load<u32>(H_NEXT_ROW); row < end; row += SUMMARY_ROWS) sumUpBlock(row >> SUMMARY_SHIFT, now());
}
/** The epochs of a row are about to change. Writer only, as what follows. */
export function touchRow(row: u32): void {
  const block = row >> SUMMARY_SHIFT, at = staleAt(block);
  if (isPlantedInColumns(STALE_SUMMARY) && load<u32>(sinceAt(block))) return;
  atomic.store<u32>(sinceAt(block), 0);
  store<u32>(at, load<u32>(at) | 1 << (block & 31));
}
/** The group that touched the row was published or taken back: its bit is right from this epoch on, that of now. */
export function sumUpRow(row: u32, epoch: u32): void {
  if (isPlantedInColumns(STALE_SUMMARY) && load<u32>(sinceAt(row >> SUMMARY_SHIFT))) return;
  const at = wordAt(row), bit: u32 = 1 << (row & 31), word = load<u32>(at);
  atomic.store<u32>(at, isVisible(row, epoch) ? word | bit : word & ~bit);
}
/** All rows that the group touched were summed up: so are their blocks. */
export function sumUp(epoch: u32): void {
  const words = (load<u32>(H_NEXT_ROW) >> SUMMARY_SHIFT + 5) + 1;
  for (let i: u32 = 0; i < words; i++) {
    const at = staleAt(i << 5);
    for (let left = load<u32>(at); left; left &= left - 1) atomic.store<u32>(sinceAt((i << 5) + ctz(left)), epoch);
    store<u32>(at, 0);
  }
}
function sumUpBlock(block: u32, epoch: u32): void {
  const first = block << SUMMARY_SHIFT, vector = i32x4.splat(epoch), end = load<u32>(H_NEXT_ROW);
  for (let row = first; row < first + SUMMARY_ROWS; row += 32) {
    let word = row < end ? visibleWord(row, vector) : 0;
    // rows that were never in use are none; they are counted in before `touchRow` is called for them
    if (row < end && end - row < 32) word &= (1 << end - row) - 1;
    atomic.store<u32>(wordAt(row), word);
  }
  atomic.store<u32>(sinceAt(block), epoch);
}

/** Of four rows, those with shown ≤ epoch < hidden, by the rules of epochs.ts. */
// @ts-ignore: decorator
@inline function visible4(at: usize, epoch: v128): v128 {
  const a = v128.load(at), b = v128.load(at + 16), zero = i32x4.splat(0);
  const shown = v128.shuffle<i32>(a, b, 0, 2, 4, 6), hidden = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
  const isNotYet = v128.andnot(i32x4.lt_s(i32x4.sub(epoch, shown), zero), i32x4.eq(shown, zero));
  const isGone = v128.andnot(i32x4.ge_s(i32x4.sub(epoch, hidden), zero), i32x4.eq(hidden, zero));
  return v128.not(v128.or(isNotYet, isGone));
}
/** Four vectors of four truths as 16 bits. */
// @ts-ignore: decorator
@inline export function bits16(a: v128, b: v128, c: v128, d: v128): u32 {
  return i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d)));
}
/** Bit i: the epoch shows row + i. `row` is a multiple of 32. Rows that were never in use count as shown. */
// @ts-ignore: decorator
@inline export function visibleWord(row: u32, epoch: v128): u32 {
  const at = shownAt(row);
  return bits16(visible4(at, epoch), visible4(at + 32, epoch), visible4(at + 64, epoch), visible4(at + 96, epoch)) |
    bits16(visible4(at + 128, epoch), visible4(at + 160, epoch), visible4(at + 192, epoch), visible4(at + 224, epoch)) << 16;
}
/** Put the bits of the rows of a block into this thread's area, at A_VISIBLE. */
export function findVisible(block: u32, epoch: u32): void {
  const first = block << SUMMARY_SHIFT, since = atomic.load<u32>(sinceAt(block)), to = area + A_VISIBLE;
  if (since && reached(epoch, since)) {
    for (let i: usize = 0; i < SUMMARY_ROWS >> 3; i += 8) store<u64>(to + i, atomic.load<u64>(wordAt(first) + i));
    if (atomic.load<u32>(sinceAt(block)) == since) return;
  }
  const vector = i32x4.splat(epoch);
  for (let i: u32 = 0; i < SUMMARY_ROWS; i += 32) store<u32>(to + (i >> 3), visibleWord(first + i, vector));
}
/** The word of a row, of the block that was found last. */
// @ts-ignore: decorator
@inline export function foundVisible(row: u32): u32 { return load<u32>(area + A_VISIBLE + ((row & SUMMARY_ROWS - 1) >> 5 << 2)); }
/** Does the epoch show the row? It may be a free one that is being used again: both of its epochs are loaded at once. */
// @ts-ignore: decorator
@inline export function isVisible(row: u32, epoch: u32): bool {
  const both = atomic.load<u64>(shownAt(row)), shown = <u32>both, hidden = <u32>(both >> 32);
  return (!shown || reached(epoch, shown)) && !(hidden && reached(epoch, hidden));
}
/** The same for a row among many anywhere: by the summary of its block where it is right, which is smaller than the rows. */
export function isSeen(row: u32, epoch: u32): bool {
  const block = row >> SUMMARY_SHIFT, since = atomic.load<u32>(sinceAt(block));
  if (since && reached(epoch, since)) {
    const word = atomic.load<u32>(wordAt(row));
    if (atomic.load<u32>(sinceAt(block)) == since) return <bool>(word >> (row & 31) & 1);
  }
  return isVisible(row, epoch);
}
