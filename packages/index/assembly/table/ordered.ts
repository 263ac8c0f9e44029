// Numbers in order: of the rows in question, those with the least keys, a window at a time. And how many rows have each value.
import { A_AMONG, A_PAIRS, CHUNK_SHIFT, KEYWORD_CELLS, PAIRS, SEVERAL, VALUED } from "../../src/segment/column-layout";
import { area } from "./areas";
import { cellAt, cellsOf, chunkOf, kindOf, setsOf, wordOf } from "./chunks";

// ---- the pool: a heap of (i64 key, u32 row), the greatest on top

// @ts-ignore: decorator
@inline function pairAt(i: u32): usize { return area + A_PAIRS + (<usize>i << 4); }
// @ts-ignore: decorator
@inline function comesBefore(aKey: i64, aRow: u32, bKey: i64, bRow: u32): bool { return aKey < bKey || (aKey == bKey && aRow < bRow); }
// @ts-ignore: decorator
@inline function put(i: u32, key: i64, row: u32): void {
  store<i64>(pairAt(i), key);
  store<u32>(pairAt(i), row, 8);
}
function siftUp(i: u32, key: i64, row: u32): void {
  while (i) {
    const parent = i - 1 >> 1, at = pairAt(parent);
    if (comesBefore(key, row, load<i64>(at), load<u32>(at, 8))) break;
    put(i, load<i64>(at), load<u32>(at, 8));
    i = parent;
  }
  put(i, key, row);
}
function siftDown(pairs: u32, key: i64, row: u32): void {
  let i: u32 = 0;
  for (;;) {
    let child: u32 = 2 * i + 1;
    if (child >= pairs) break;
    let at = pairAt(child);
    if (child + 1 < pairs) {
      const other = pairAt(child + 1);
      if (comesBefore(load<i64>(at), load<u32>(at, 8), load<i64>(other), load<u32>(other, 8))) {
        child++;
        at = other;
      }
    }
    if (!comesBefore(key, row, load<i64>(at), load<u32>(at, 8))) break;
    put(i, load<i64>(at), load<u32>(at, 8));
    i = child;
  }
  put(i, key, row);
}
// @ts-ignore: decorator
@inline function offer(pairs: u32, limit: u32, key: i64, row: u32): u32 {
  if (pairs < limit) {
    siftUp(pairs, key, row);
    return pairs + 1;
  }
  if (comesBefore(key, row, load<i64>(pairAt(0)), load<u32>(pairAt(0), 8))) siftDown(pairs, key, row);
  return pairs;
}
/**
 * Of the keys of the rows `amongAt`, the `limit` (at most PAIRS) first ones from `first` to `last`, in no order; how many they are.
 * `flip` is 0, or −1 for the order from the greatest: keys, `first` and `last` are then complements.
 */
export function leastKeys(column: usize, from: u32, to: u32, first: i64, last: i64, flip: i64, limit: u32): u32 {
  let pairs: u32 = 0;
  for (let row = from; row < to; ) {
    const end = min(to, (row >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT), chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) {
      row = end;
      continue;
    }
    const cells = cellsOf(chunk);
    for (; row < end; row += 32) {
      const among = load<u32>(area + A_AMONG + (<usize>(row - from >> 5) << 2)) & load<u32>(wordOf(sets, VALUED, row));
      const several = load<u32>(wordOf(sets, SEVERAL, row));
      for (let left = among; left; left &= left - 1) {
        const bit = ctz(left), cell = load<i64>(cellAt(cells, 0, row + bit));
        if (!(several >> bit & 1)) {
          const key = cell ^ flip;
          if (key >= first && key <= last) pairs = offer(pairs, limit, key, row + bit);
          continue;
        }
        const values = <usize>cell;
        for (let i: u32 = 0, count = load<u32>(values); i < count; i++) {
          const key = load<i64>(values + 8 + (<usize>i << 3)) ^ flip;
          if (key >= first && key <= last) pairs = offer(pairs, limit, key, row + bit);
        }
      }
    }
  }
  return pairs;
}

// ---- counts: a table of (u64 cell, u32 rows, u32 0) with open addressing; an empty place has no rows

function countOne(cell: u64): bool {
  let at = pairAt(<u32>((cell * 0x9e3779b97f4a7c15) >> 40) & PAIRS - 1);
  while (load<u32>(at, 8) && load<u64>(at) != cell) at = at + 16 < pairAt(PAIRS) ? at + 16 : (area + A_PAIRS);
  const rows = load<u32>(at, 8);
  store<u64>(at, cell);
  store<u32>(at, rows + 1, 8);
  return !rows;
}
/**
 * How many of the rows `amongAt` have each cell's value: a key, or the address of a keyword. Counting stops before the table is full, for
 * good before the row that is returned; a row with more values than there is room for is counted by `from` alone and returned as it.
 */
export function countCells(column: usize, from: u32, start: u32, to: u32): u32 {
  memory.fill((area + A_PAIRS), 0, <usize>PAIRS << 4);
  const isKeyword = kindOf(column) == KEYWORD_CELLS, limit = PAIRS / 4 * 3;
  let used: u32 = 0;
  for (let row = start; row < to; row++) {
    const chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) {
      row = (row >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT;
      row--;
      continue;
    }
    let left = load<u32>(area + A_AMONG + (<usize>(row - from >> 5) << 2)) & load<u32>(wordOf(sets, VALUED, row));
    left = left >> (row & 31) << (row & 31);
    if (!left) {
      row |= 31;
      continue;
    }
    row = (row & ~31) + ctz(left);
    if (row >= to) break;
    const at = cellAt(cellsOf(chunk), isKeyword ? KEYWORD_CELLS : 0, row);
    const cell: u64 = isKeyword ? <u64>load<u32>(at) : load<u64>(at);
    const isSeveral = <bool>(load<u32>(wordOf(sets, SEVERAL, row)) >> (row & 31) & 1);
    if (used + (isSeveral ? load<u32>(<usize>cell) : 1) > limit) return row;
    if (!isSeveral) {
      used += u32(countOne(cell));
      continue;
    }
    const values = <usize>cell, count = load<u32>(values);
    for (let i: u32 = 0; i < count; i++) {
      used += u32(countOne(isKeyword ? <u64>load<u32>(values + 8 + (<usize>i << 2)) : load<u64>(values + 8 + (<usize>i << 3))));
    }
  }
  return to;
}
