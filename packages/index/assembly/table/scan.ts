// Scans of a window of a column into one bit for each row, with visibility at an epoch and-ed in. Each returns the number of rows found.
// `from` is the first row of a chunk, `to` at most WINDOW_ROWS behind it.
import {
  A_INPUT, A_OUT, A_PAIRS, CHUNK_SHIFT, K_GREATEST, K_LEAST, KEYWORD_CELLS, ROWS_LISTED, SETS, SEVERAL,
  SUMMARY_ROWS, SUMMARY_SHIFT, V_KEY, VALUED,
} from "../../src/segment/column-layout";
import { area } from "./areas";
import { cellAt, cellsOf, chunkOf, kindOf, rowHolds, setsOf, wordOf } from "./chunks";
import { bitsAt, entryAt, isSingle, isStale } from "./postings";
import { bits16, findVisible, foundVisible, isSeen, isVisible } from "./visible";

// @ts-ignore: decorator
@inline function outOf(from: u32, row: u32): usize { return area + A_OUT + (<usize>(row - from >> 5) << 2); }
function clearChunk(from: u32, row: u32, end: u32): void {
  memory.fill(outOf(from, row), 0, <usize>(end - row + 31 >> 5) << 2);
}
// @ts-ignore: decorator
@inline function chunkEnd(row: u32, to: u32): u32 { return min(to, (row >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT); }
/** At the first row of a block: which of its rows the epoch shows. */
// @ts-ignore: decorator
@inline function visibleAt(row: u32, epoch: u32): u32 {
  if (!(row & SUMMARY_ROWS - 1)) findVisible(row >> SUMMARY_SHIFT, epoch);
  return foundVisible(row);
}

/** The rows that an epoch shows. */
export function scanVisible(from: u32, to: u32, epoch: u32): u32 {
  let found: u32 = 0;
  for (let row = from; row < to; row += 32) {
    let word = visibleAt(row, epoch);
    if (to - row < 32) word &= (1 << to - row) - 1;
    store<u32>(outOf(from, row), word);
    found += popcnt(word);
  }
  return found;
}
/** The rows in one of the chunk's sets; of a bool column, TRUE_ROWS and FALSE_ROWS as well. */
export function scanSet(column: usize, which: u32, from: u32, to: u32, epoch: u32): u32 {
  let found: u32 = 0;
  for (let row = from; row < to; ) {
    const end = chunkEnd(row, to), chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) {
      clearChunk(from, row, end);
      row = end;
      continue;
    }
    const bitsets = which < SETS ? sets : cellsOf(chunk), set = which < SETS ? which : which - SETS;
    for (; row < end; row += 32) {
      let word = load<u32>(wordOf(bitsets, set, row));
      if (which >= SETS) word &= load<u32>(wordOf(sets, VALUED, row));
      word &= visibleAt(row, epoch);
      store<u32>(outOf(from, row), word);
      found += popcnt(word);
    }
  }
  return found;
}

// ---- keywords

// @ts-ignore: decorator
@inline function isEqual16(cells: usize, value: v128): u32 {
  return bits16(
    i32x4.eq(v128.load(cells), value), i32x4.eq(v128.load(cells + 16), value), i32x4.eq(v128.load(cells + 32), value),
    i32x4.eq(v128.load(cells + 48), value),
  );
}
// @ts-ignore: decorator
@inline function isOneOf4(cells: usize, first: v128, values: u32): v128 {
  const cell = v128.load(cells);
  let is = i32x4.eq(cell, first);
  for (let i: u32 = 1; i < values; i++) is = v128.or(is, i32x4.eq(cell, v128.load32_splat(area + A_INPUT + (<usize>i << 2))));
  return is;
}
// @ts-ignore: decorator
@inline function isOneOf16(cells: usize, first: v128, values: u32): u32 {
  return bits16(
    isOneOf4(cells, first, values), isOneOf4(cells + 16, first, values), isOneOf4(cells + 32, first, values), isOneOf4(cells + 48, first, values),
  );
}
function someIsOneOf(extent: usize, values: u32): bool {
  for (let i: u32 = 0, count = load<u32>(extent); i < count; i++) {
    const value = load<u32>(extent + 8 + (<usize>i << 2));
    for (let j: u32 = 0; j < values; j++) if (value == load<u32>(area + A_INPUT + (<usize>j << 2))) return true;
  }
  return false;
}
/** The rows that have one of `values` keywords, whose addresses are the input. */
export function scanKeywords(column: usize, from: u32, to: u32, values: u32, epoch: u32): u32 {
  const first = v128.load32_splat(area + A_INPUT);
  let found: u32 = 0;
  for (let row = from; row < to; ) {
    const end = chunkEnd(row, to), chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) {
      clearChunk(from, row, end);
      row = end;
      continue;
    }
    const cells = cellsOf(chunk);
    for (; row < end; row += 32) {
      const valued = load<u32>(wordOf(sets, VALUED, row)) & visibleAt(row, epoch), several = load<u32>(wordOf(sets, SEVERAL, row)) & valued;
      let word: u32 = 0;
      if (valued) {
        const at = cellAt(cells, KEYWORD_CELLS, row);
        word = values == 1 ? isEqual16(at, first) | isEqual16(at + 64, first) << 16 : isOneOf16(at, first, values) | isOneOf16(at + 64, first, values) << 16;
        word &= valued & ~several;
        for (let left = several; left; left &= left - 1) {
          const bit = ctz(left);
          if (someIsOneOf(<usize>load<u32>(at + (<usize>bit << 2)), values)) word |= 1 << bit;
        }
      }
      store<u32>(outOf(from, row), word);
      found += popcnt(word);
    }
  }
  return found;
}

// ---- numbers

/** Is key < low or key > high, of two keys: one subtraction and one comparison, by wrapping to where `low` is the least number there is. */
// @ts-ignore: decorator
@inline function isOutside2(cells: usize, shift: v128, width: v128): v128 {
  return i64x2.gt_s(i64x2.sub(v128.load(cells), shift), width);
}
// @ts-ignore: decorator
@inline function isOutside4(cells: usize, shift: v128, width: v128): v128 {
  return v128.shuffle<i32>(isOutside2(cells, shift, width), isOutside2(cells + 16, shift, width), 0, 2, 4, 6);
}
// @ts-ignore: decorator
@inline function isWithin16(cells: usize, shift: v128, width: v128): u32 {
  return ~bits16(
    isOutside4(cells, shift, width), isOutside4(cells + 32, shift, width), isOutside4(cells + 64, shift, width), isOutside4(cells + 96, shift, width),
  ) & 0xffff;
}
function someIsWithin(extent: usize, low: i64, high: i64): bool {
  for (let i: u32 = 0, count = load<u32>(extent); i < count; i++) {
    const key = load<i64>(extent + 8 + (<usize>i << 3));
    if (key >= low && key <= high) return true;
  }
  return false;
}
/** The rows that have a number with a key from `low` to `high`. */
export function scanNumbers(column: usize, from: u32, to: u32, low: i64, high: i64, epoch: u32): u32 {
  const shift = i64x2.splat(low - i64.MIN_VALUE), width = i64x2.splat(high - low + i64.MIN_VALUE);
  let found: u32 = 0;
  for (let row = from; row < to; ) {
    const end = chunkEnd(row, to), chunk = chunkOf(column, row), sets = setsOf(chunk);
    const least = <i64>atomic.load<u64>(chunk + K_LEAST), greatest = <i64>atomic.load<u64>(chunk + K_GREATEST);
    if (!sets || greatest < low || least > high) {
      clearChunk(from, row, end);
      row = end;
      continue;
    }
    const cells = cellsOf(chunk), isAll = low <= least && greatest <= high;
    for (; row < end; row += 32) {
      const valued = load<u32>(wordOf(sets, VALUED, row)) & visibleAt(row, epoch), several = load<u32>(wordOf(sets, SEVERAL, row)) & valued;
      let word: u32 = 0;
      if (isAll) word = valued;
      else if (valued) {
        const at = cellAt(cells, 0, row);
        word = (isWithin16(at, shift, width) | isWithin16(at + 128, shift, width) << 16) & valued & ~several;
        for (let left = several; left; left &= left - 1) {
          const bit = ctz(left);
          if (someIsWithin(<usize>load<u64>(at + (<usize>bit << 3)), low, high)) word |= 1 << bit;
        }
      }
      store<u32>(outOf(from, row), word);
      found += popcnt(word);
    }
  }
  return found;
}

// ---- postings

/** The rows of a common value: `directory` is where its posting says that its bitset is. */
export function scanBits(directory: usize, from: u32, to: u32, epoch: u32): u32 {
  let found: u32 = 0;
  for (let row = from; row < to; ) {
    const end = chunkEnd(row, to), bits = <usize>atomic.load<u32>(bitsAt(directory, row));
    if (!bits) {
      clearChunk(from, row, end);
      row = end;
      continue;
    }
    for (; row < end; row += 32) {
      const word = load<u32>(wordOf(bits, 0, row)) & visibleAt(row, epoch);
      store<u32>(outOf(from, row), word);
      found += popcnt(word);
    }
  }
  return found;
}

/**
 * Of the entries of a posting from `first` on, as many as there is room for: the rows that the epoch shows and that have the value. They are
 * put into the pairs, as u32. `posting` is what a reader read once, so that its entries are those of one moment.
 */
export function listPosting(column: usize, value: usize, posting: u32, first: u32, epoch: u32): u32 {
  const kind = kindOf(column), key: i64 = kind == KEYWORD_CELLS ? 0 : load<i64>(value + V_KEY);
  const entries = entriesOf(posting), limit = min(entries, first + ROWS_LISTED), to = area + A_PAIRS;
  if (isSingle(posting)) {
    const row = posting >> 1;
    if (!isVisible(row, epoch) || !rowHolds(column, row, value, key)) return 0;
    store<u32>(to, row);
    return 1;
  }
  // a row that the epoch shows was not given back: what is not stale needs no other look
  const isExact = !isStale(<usize>posting);
  let found: u32 = 0;
  for (let i = first; i < limit; i++) {
    const row = load<u32>(entryAt(<usize>posting, i));
    // entries are rows anywhere: what is not found to be wrong is kept, without a branch
    store<u32>(to + (<usize>found << 2), row);
    found += u32(isSeen(row, epoch) && (isExact || rowHolds(column, row, value, key)));
  }
  return found;
}
/** Entries of a posting that is not COMMON. */
export function entriesOf(posting: u32): u32 {
  return posting ? isSingle(posting) ? 1 : atomic.load<u32>(<usize>posting) : 0;
}
