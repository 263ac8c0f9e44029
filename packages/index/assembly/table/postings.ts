// Postings: the rows of a value that few rows have. A value that many have is found by scanning its column, and has none.
//
// The posting of a value is one word: 0 (nothing known), COMMON, row << 1 | 1 for a single row, or the address of
//   u32 entries, u32 room, then u32 rows in the order in which they were entered
// Entries are only ever appended. Whether an entry still means anything is asked of the column: rows that were given back leave theirs
// behind, which are left out when the posting is made anew.
import { H_NEXT_ROW } from "../../src/segment/layout";
import {
  C_COUNTS, CHUNK_SHIFT, COMMON, H_MARKS, H_POSTING_ROWS, H_POSTING_SHARE, KEYWORD_CELLS, SEVERAL, V_KEY, V_POSTING, V_ROWS, VALUED,
} from "../../src/segment/column-layout";
import { retireExtent, returnExtent, roomOf, takeExtent, takeZeroed } from "./arena";
import { chunkOf, kindOf, rowHolds, setsOf, wordOf } from "./chunks";

const ENTRIES: usize = 8;
/** A row with several values costs a scan so many times as much as another one, beyond what it costs as an entry of a posting. */
const SEVERAL_COST: u32 = 4;

// @ts-ignore: decorator
@inline export function isSingle(posting: u32): bool { return <bool>(posting & 1); }
// @ts-ignore: decorator
@inline export function entryAt(posting: usize, i: u32): usize { return posting + ENTRIES + (<usize>i << 2); }
function keyOf(column: usize, value: usize): i64 { return kindOf(column) == KEYWORD_CELLS ? 0 : load<i64>(value + V_KEY); }

/** From this number of rows on a scan is quicker than a posting: measured, see docs/read-model.md. */
function commonFrom(column: usize): u32 {
  const rows = load<u32>(column + C_COUNTS), several = load<u32>(column + C_COUNTS + (<usize>SEVERAL << 2));
  return max(load<u32>(H_POSTING_ROWS), (rows + (SEVERAL_COST - 1) * several) / load<u32>(H_POSTING_SHARE));
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
  if (old > COMMON && !isSingle(old)) retireExtent(<usize>old);
}
export function dropPosting(value: usize): void { hold(value, 0); }

/** Add a row, which has the value by its cell. Where there is no room for it, the value becomes one that is scanned for. */
export function addToPosting(column: usize, value: usize, row: u32): void {
  const posting = load<u32>(value + V_POSTING);
  if (posting == COMMON) return;
  if (load<u32>(value + V_ROWS) > commonFrom(column)) return hold(value, COMMON);
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
  hold(value, <u32>made);
}
/** A row of the value is gone, others have it still. A common value that few are left of gets a posting again, found by a scan. */
export function removedFromPosting(column: usize, value: usize): void {
  const rows = load<u32>(value + V_ROWS);
  if (load<u32>(value + V_POSTING) != COMMON || rows * 4 > commonFrom(column)) return;
  const made = takeExtent(ENTRIES + (<usize>(rows + (rows >> 1) + 2) << 2));
  if (!made) return;
  const kind = kindOf(column), key = keyOf(column, value);
  let entries: u32 = 0;
  for (let row: u32 = 0, end = load<u32>(H_NEXT_ROW); row < end && entries < rows; ) {
    const chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) {
      row = (row >> CHUNK_SHIFT) + 1 << CHUNK_SHIFT;
      continue;
    }
    const word = load<u32>(wordOf(sets, VALUED, row));
    for (let left = word; left; left &= left - 1) {
      const each = row + ctz(left);
      if (rowHolds(column, each, value, key)) store<u32>(entryAt(made, entries++), each);
    }
    row += 32;
  }
  store<u32>(made, entries);
  store<u32>(made, <u32>(roomOf(made) - ENTRIES >> 2), 4);
  hold(value, <u32>made);
}
