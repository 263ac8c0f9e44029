// Where the rows of a value stand, so that a column need not be scanned for them. The posting of a value is one word: 0 (nothing known), row << 1 | 1
// for a single row, the address of a list, or COMMON and the address of a bitset's directory (0: there was no memory for one).
//
// A list is only ever appended to. A row that is given back leaves its entry behind, and a mark: from then on the column is asked whether an entry
// still means anything, until the list is made anew without those that do not. A bit is cleared when its row is given back, which no reader can see by then.
import { H_NEXT_ROW } from "../../src/segment/layout";
import {
  C_COUNTS, CHUNK_ROWS, CHUNK_SHIFT, COMMON, H_MARKS, H_POSTING_ROWS, H_POSTING_SHARE, KEYWORD_CELLS, POSTING_KIND, SET_BYTES, V_KEY,
  V_POSTING, V_ROWS, VALUED,
} from "../../src/segment/column-layout";
import { retireExtent, returnExtent, roomOf, takeExtent, takeZeroed } from "./arena";
import { chunkOf, kindOf, rowHolds, setsOf, wordOf } from "./chunks";
import { capacity } from "./regions";

const STALE: usize = 8;
const ENTRIES: usize = 16;
/** A row with several values costs a scan as much as so many others. */
const SEVERAL_COST: u32 = 10;

// @ts-ignore: decorator
@inline export function isSingle(posting: u32): bool { return <bool>(posting & 1); }
// @ts-ignore: decorator
@inline export function entryAt(posting: usize, i: u32): usize { return posting + ENTRIES + (<usize>i << 2); }
/** Has a list entries of rows that were given back? Asked before the entries are read. */
// @ts-ignore: decorator
@inline export function isStale(posting: usize): bool { return <bool>atomic.load<u32>(posting + STALE); }
function keyOf(column: usize, value: usize): i64 { return kindOf(column) == KEYWORD_CELLS ? 0 : load<i64>(value + V_KEY); }

/** From this number of rows on a bitset is quicker than a list, and not much larger: measured, see docs/read-model.md. */
function commonFrom(column: usize): u32 {
  return max(load<u32>(H_POSTING_ROWS), load<u32>(column + C_COUNTS + (<usize>VALUED << 2)) / load<u32>(H_POSTING_SHARE));
}
/** The marks that find a row which a posting has twice; all zero between uses. 0: the memory is full. */
function marksFor(rows: u32): usize {
  const marks = <usize>load<u32>(H_MARKS), bytes = <usize>(rows + 31 >> 5) << 2;
  if (marks && roomOf(marks) >= bytes) return marks;
  const larger = takeZeroed(bytes + (bytes >> 1));
  if (!larger) return 0;
  memory.fill(larger, 0, roomOf(larger));
  if (marks) returnExtent(marks);
  store<u32>(H_MARKS, <u32>larger);
  return larger;
}
function hold(value: usize, posting: u32): void {
  const old = load<u32>(value + V_POSTING);
  atomic.store<u32>(value + V_POSTING, posting);
  if (isCommon(old)) retireBits(directoryIn(old));
  else if (old && !isSingle(old)) retireExtent(<usize>old);
}
export function dropPosting(value: usize): void { hold(value, 0); }

// ---- bitsets

// @ts-ignore: decorator
@inline export function isCommon(posting: u32): bool { return (posting & POSTING_KIND) == COMMON; }
// @ts-ignore: decorator
@inline function directoryIn(posting: u32): usize { return <usize>(posting & ~POSTING_KIND); }
// @ts-ignore: decorator
@inline export function bitsAt(directory: usize, row: u32): usize { return directory + (<usize>(row >> CHUNK_SHIFT) << 2); }
function retireBits(directory: usize): void {
  if (!directory) return;
  for (let row: u32 = 0; row < capacity; row += CHUNK_ROWS) {
    const bits = load<u32>(bitsAt(directory, row));
    if (bits) retireExtent(<usize>bits);
  }
  retireExtent(directory);
}
/** False: the memory is full. */
function setBit(directory: usize, row: u32): bool {
  const at = bitsAt(directory, row);
  let bits = <usize>load<u32>(at);
  if (!bits) {
    bits = takeZeroed(SET_BYTES);
    if (!bits) return false;
    atomic.store<u32>(at, <u32>bits);
  }
  const word = wordOf(bits, 0, row);
  store<u32>(word, load<u32>(word) | 1 << (row & 31));
  return true;
}
function clearBit(directory: usize, row: u32): void {
  const word = wordOf(<usize>load<u32>(bitsAt(directory, row)), 0, row);
  store<u32>(word, load<u32>(word) & ~(1 << (row & 31)));
}
/** The value is common from here on: its rows as a bitset, if there is memory for it. */
function makeCommon(column: usize, value: usize, row: u32): void {
  const old = load<u32>(value + V_POSTING), key = keyOf(column, value);
  const directory = takeZeroed(<usize>(capacity + CHUNK_ROWS - 1 >> CHUNK_SHIFT) << 2);
  if (!directory) return hold(value, COMMON);
  const before: u32 = old ? isSingle(old) ? 1 : load<u32>(<usize>old) : 0;
  let hasRoom = setBit(directory, row);
  for (let i: u32 = 0; i < before && hasRoom; i++) {
    const each = isSingle(old) ? old >> 1 : load<u32>(entryAt(<usize>old, i));
    if (rowHolds(column, each, value, key)) hasRoom = setBit(directory, each);
  }
  if (!hasRoom) retireBits(directory);
  hold(value, hasRoom ? <u32>directory | COMMON : COMMON);
}

// ---- lists

/** Add a row, which has the value by its cell. Where there is no room for it, the value becomes one that is scanned for. */
export function addToPosting(column: usize, value: usize, row: u32): void {
  const posting = load<u32>(value + V_POSTING);
  if (isCommon(posting)) {
    if (directoryIn(posting) && !setBit(directoryIn(posting), row)) hold(value, COMMON);
    return;
  }
  if (load<u32>(value + V_ROWS) > commonFrom(column)) return makeCommon(column, value, row);
  if (!posting) return hold(value, row << 1 | 1);
  if (!isSingle(posting)) {
    const at = <usize>posting, entries = load<u32>(at);
    if (entries < load<u32>(at, 4)) {
      store<u32>(entryAt(at, entries), row);
      atomic.store<u32>(at, entries + 1);
      return;
    }
  }
  renew(column, value, row);
}
/** The posting with what it is still right about, and `row`. */
function renew(column: usize, value: usize, row: u32): void {
  const old = load<u32>(value + V_POSTING), key = keyOf(column, value);
  if (isSingle(old)) {
    const first = old >> 1;
    if (first == row || !rowHolds(column, first, value, key)) return hold(value, row << 1 | 1);
  }
  const before: u32 = isSingle(old) ? 1 : load<u32>(<usize>old), marks = marksFor(load<u32>(H_NEXT_ROW));
  const room = load<u32>(value + V_ROWS) + (load<u32>(value + V_ROWS) >> 1) + 2;
  const made = marks ? takeExtent(ENTRIES + (<usize>room << 2)) : 0;
  if (!made) return hold(value, COMMON);
  let entries: u32 = 0;
  for (let i: u32 = 0; i <= before; i++) {
    const each = i == before ? row : isSingle(old) ? old >> 1 : load<u32>(entryAt(<usize>old, i));
    const mark = marks + (<usize>(each >> 5) << 2), bit: u32 = 1 << (each & 31);
    if (load<u32>(mark) & bit || !rowHolds(column, each, value, key)) continue;
    store<u32>(mark, load<u32>(mark) | bit);
    store<u32>(entryAt(made, entries++), each);
  }
  for (let i: u32 = 0; i < entries; i++) store<u32>(marks + (<usize>(load<u32>(entryAt(made, i)) >> 5) << 2), 0);
  store<u32>(made, entries);
  store<u32>(made, <u32>(roomOf(made) - ENTRIES >> 2), 4);
  store<u32>(made, 0, STALE);
  hold(value, <u32>made);
}
/** A row of the value is given back, others have it still. A common value that few rows are left of gets a list again. */
export function removedFromPosting(column: usize, value: usize, row: u32): void {
  const posting = load<u32>(value + V_POSTING), rows = load<u32>(value + V_ROWS);
  if (!isCommon(posting)) {
    if (posting && !isSingle(posting)) atomic.store<u32>(<usize>posting + STALE, 1);
    return;
  }
  const directory = directoryIn(posting);
  if (directory) clearBit(directory, row);
  if (rows * 4 > commonFrom(column)) return;
  const made = takeExtent(ENTRIES + (<usize>(rows + (rows >> 1) + 2) << 2));
  if (!made) return;
  const key = keyOf(column, value);
  let entries: u32 = 0;
  for (let first: u32 = 0, end = load<u32>(H_NEXT_ROW); first < end && entries < rows; ) {
    const bits = directory ? <usize>load<u32>(bitsAt(directory, first)) : setsOf(chunkOf(column, first));
    if (!bits) {
      first = (first >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT;
      continue;
    }
    // VALUED is the first set of a chunk, so both are one
    for (let left = load<u32>(wordOf(bits, VALUED, first)); left; left &= left - 1) {
      const each = first + ctz(left);
      if (directory || rowHolds(column, each, value, key)) store<u32>(entryAt(made, entries++), each);
    }
    first += 32;
  }
  store<u32>(made, entries);
  store<u32>(made, <u32>(roomOf(made) - ENTRIES >> 2), 4);
  store<u32>(made, 0, STALE);
  hold(value, <u32>made);
}
