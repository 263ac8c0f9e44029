// Columns: the values that rows have at one payload path (src/segment/column-layout.ts). Rows stand in chunks, so that nothing moves when a
// table grows; a chunk is made when its first row has something at the path. Writer only.
//
// A row's cell and sets are written before the epoch that shows it is published, and stay until no reader can see the row any more.
import {
  A_OUT, BOOL_CELLS, C_COUNTS, C_DIRECTORY, C_FROM, C_IS_SHOWN, C_KIND, C_NEXT, C_PATH, C_PATH_BYTES, C_TABLE, C_UNTIL, CHUNK_ROWS, CHUNK_SHIFT, FALSE_ROWS, GEO_CELLS,
  H_COLUMNS, H_NUMBER_KEY, H_POSTING_ROWS, H_POSTING_SHARE, K_BYTES, K_CELLS, K_GREATEST, K_LEAST, K_SETS, KEYWORD_CELLS, LOOKED_UP_CELLS, NUMBER_CELLS, POSTING_ROWS, POSTING_SHARE, SETS, SET_BYTES, SEVERAL,
  TRUE_ROWS, VALUED,
} from "../../src/segment/column-layout";
import { area } from "./areas";
import { retireExtent, returnExtent, takeExtent, takeZeroed } from "./arena";
import { cellAt, cellsOf, cellWidth, chunkOf, hasBitOf, kindOf, setsOf, writeBit } from "./chunks";
import { after, now, oldestEpoch, reached } from "./epochs";
import { capacity } from "./regions";
import { addToValue, dropUnused, internNumber, removeFromValue, valueOfNumber } from "./values";
import { isPlantedInColumns, OLDER_VALUE, POSTING_STAYS, SETS_STAY } from "./planted";

// @ts-ignore: decorator

/** A fresh table has no columns. */
export function createColumns(): void {
  store<u32>(H_POSTING_SHARE, POSTING_SHARE);
  store<u32>(H_POSTING_ROWS, POSTING_ROWS);
}
/** Make a column of this kind; the bytes of its path are to be put at C_PATH. 0: the memory is full. */
export function createColumn(kind: u32, pathBytes: u32): usize {
  const directoryBytes = <usize>(capacity + CHUNK_ROWS - 1 >> CHUNK_SHIFT) * K_BYTES;
  const column = takeZeroed(C_PATH + <usize>pathBytes);
  if (!column) return 0;
  const directory = takeZeroed(directoryBytes);
  if (!directory) {
    returnExtent(column);
    return 0;
  }
  store<u32>(column + C_KIND, kind);
  store<u32>(column + C_DIRECTORY, <u32>directory);
  store<u32>(column + C_PATH_BYTES, pathBytes);
  return column;
}
/** Put a column on the list: from here on rows leave it by themselves when they are given back. No reader uses it yet. */
export function addColumn(column: usize): void {
  store<u32>(column + C_NEXT, load<u32>(H_COLUMNS));
  atomic.store<u32>(H_COLUMNS, <u32>column);
}
function unlinkColumn(column: usize): void {
  let at: usize = H_COLUMNS;
  while (load<u32>(at) && <usize>load<u32>(at) != column) at = <usize>load<u32>(at) + C_NEXT;
  if (load<u32>(at)) atomic.store<u32>(at, load<u32>(column + C_NEXT));
}
/** Let readers from the epoch in work on use a column. */
export function showColumn(column: usize): void {
  store<u32>(column + C_FROM, after(now()));
  atomic.store<u32>(column + C_IS_SHOWN, 1);
}
/** Of a failed group: no reader uses it. */
export function unshowColumn(column: usize): void { atomic.store<u32>(column + C_IS_SHOWN, 0); }
/** Let no reader from the epoch in work on use it. */
export function hideColumn(column: usize): void { atomic.store<u32>(column + C_UNTIL, after(now())); }
/** Of a failed group: readers use it as before. */
export function unhideColumn(column: usize): void { atomic.store<u32>(column + C_UNTIL, 0); }
/** The first column, and the one after a column; 0: none. */
export function columnAfter(column: usize): usize { return <usize>atomic.load<u32>(column ? column + C_NEXT : H_COLUMNS); }
/** Does a reader at this epoch use it? */
export function isColumnAt(column: usize, epoch: u32): bool {
  if (!atomic.load<u32>(column + C_IS_SHOWN)) return false;
  const from = load<u32>(column + C_FROM), until = atomic.load<u32>(column + C_UNTIL);
  return (!from || reached(epoch, from)) && (!until || !reached(epoch, until));
}
/** Was it never shown, or hidden before every epoch that a reader is at? From then on it can be emptied. */
export function isColumnLeft(column: usize): bool {
  if (!load<u32>(column + C_IS_SHOWN)) return true;
  const until = load<u32>(column + C_UNTIL);
  return until && reached(oldestEpoch(), until);
}
/** Columns that all readers use are so for good, however far epochs go on. */
export function settleColumns(): void {
  const oldest = oldestEpoch();
  for (let column = columnAfter(0); column; column = columnAfter(column)) {
    const from = load<u32>(column + C_FROM);
    if (from && reached(oldest, from)) store<u32>(column + C_FROM, 0);
  }
}
/** Take rows out of a column that no reader uses. */
export function leaveRows(column: usize, from: u32, to: u32): void {
  for (let row = from; row < to; row++) leaveRow(column, row);
}
/** Give back a column that no reader uses and that has no rows. Threads that are walking the list may still be at it. */
export function removeColumn(column: usize): void {
  unlinkColumn(column);
  for (let row: u32 = 0; row < capacity; row += CHUNK_ROWS) {
    const chunk = chunkOf(column, row), sets = setsOf(chunk);
    if (!sets) continue;
    retireExtent(cellsOf(chunk));
    retireExtent(sets);
  }
  const table = <usize>load<u32>(column + C_TABLE);
  if (table) retireExtent(table);
  retireExtent(<usize>load<u32>(column + C_DIRECTORY));
  retireExtent(column);
}

function ensureChunk(column: usize, row: u32): bool {
  const chunk = chunkOf(column, row);
  if (setsOf(chunk)) return true;
  const kind = kindOf(column), cells = kind == BOOL_CELLS ? takeZeroed(2 * SET_BYTES) : takeExtent(<usize>CHUNK_ROWS * cellWidth(kind));
  if (!cells) return false;
  const sets = takeZeroed(<usize>SETS * SET_BYTES);
  if (!sets) {
    returnExtent(cells);
    return false;
  }
  store<u64>(chunk + K_LEAST, i64.MAX_VALUE);
  store<u64>(chunk + K_GREATEST, i64.MIN_VALUE);
  store<u32>(chunk + K_CELLS, <u32>cells);
  atomic.store<u32>(chunk + K_SETS, <u32>sets);
  return true;
}
/** Room for the several values of a row, to be filled from 8 on and handed to `enterRow`. 0: the memory is full. */
export function takeValues(column: usize, count: u32): usize {
  const values = takeExtent(8 + <usize>count * cellWidth(kindOf(column)));
  if (values) store<u32>(values, count);
  return values;
}

/** Undo `internNumber` of the first keys of a row that cannot be entered. */
function dropNumbers(column: usize, first: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const value = valueOfNumber(column, load<i64>(first + (<usize>i << 3)));
    if (value) dropUnused(column, value);
  }
}
/** Undo what came before `enterRow` for a row that is not to be entered. */
export function forgetValues(column: usize, values: usize, count: u32, single: u32): void {
  const kind = kindOf(column);
  if (kind == KEYWORD_CELLS) {
    for (let i: u32 = 0; i < count; i++) {
      const value = values ? <usize>load<u32>(values + 8 + (<usize>i << 2)) : <usize>single;
      if (value) dropUnused(column, value);
    }
  }
  if (values) returnExtent(values);
}
/**
 * Enter a row that the column does not have: `flags` say which sets it is in, `low` and `high` are its only value (of a place the longitude; its latitude stands at A_OUT + 8), or `values` (of `takeValues`) hold
 * `count` different ones. False: the memory is full, and nothing has changed but that `forgetValues` is to be called.
 */
export function enterRow(column: usize, row: u32, flags: u32, count: u32, values: usize, low: u32, high: u32): bool {
  if (!flags) return true;
  const single = <u64>high << 32 | low;
  if (!ensureChunk(column, row)) return false;
  const kind = kindOf(column), chunk = chunkOf(column, row), sets = setsOf(chunk), cells = cellsOf(chunk);
  if (kind == BOOL_CELLS) {
    writeBit(cells, 0, row, flags >> TRUE_ROWS & 1);
    writeBit(cells, 1, row, flags >> FALSE_ROWS & 1);
  } else if (count) {
    const cell = cellAt(cells, kind, row);
    if (!isPlantedInColumns(OLDER_VALUE) || values || !load<u32>(cell)) {
      if (kind == KEYWORD_CELLS) store<u32>(cell, values ? <u32>values : <u32>single);
      else store<u64>(cell, values ? <u64>values : single);
      // the second half of a single place stands where the host wrote it
      if (kind == GEO_CELLS) store<u64>(cell + 8, load<u64>(area + A_OUT + 8));
    }
    if (kind == LOOKED_UP_CELLS) {
      const first = values ? values + 8 : cell;
      for (let i: u32 = 0; i < count; i++) {
        if (internNumber(column, load<i64>(first + (<usize>i << 3)))) continue;
        dropNumbers(column, first, i);
        return false;
      }
    }
    if (kind == NUMBER_CELLS || kind == LOOKED_UP_CELLS) {
      const first = values ? values + 8 : cell;
      for (let i: u32 = 0; i < count; i++) widen(chunk, load<i64>(first + (<usize>i << 3)));
    }
  }
  for (let set: u32 = 0; set < SETS; set++) {
    const has = flags >> set & 1;
    writeBit(sets, set, row, has);
    const counter = column + C_COUNTS + (<usize>set << 2);
    store<u32>(counter, load<u32>(counter) + has);
  }
  for (let i: u32 = 0; i < count; i++) {
    const value = valueAt(column, kind, values, single, i);
    if (value) addToValue(column, value, row);
  }
  return true;
}
// @ts-ignore: decorator
@inline function valueAt(column: usize, kind: u32, values: usize, single: u64, i: u32): usize {
  if (kind == KEYWORD_CELLS) return values ? <usize>load<u32>(values + 8 + (<usize>i << 2)) : <usize>single;
  if (kind != LOOKED_UP_CELLS) return 0;
  return valueOfNumber(column, values ? load<i64>(values + 8 + (<usize>i << 3)) : <i64>single);
}
function widen(chunk: usize, key: i64): void {
  if (key < load<i64>(chunk + K_LEAST)) atomic.store<u64>(chunk + K_LEAST, <u64>key);
  if (key > load<i64>(chunk + K_GREATEST)) atomic.store<u64>(chunk + K_GREATEST, <u64>key);
}
/** Take a row out of all columns: it is given back. */
export function leaveColumns(row: u32): void {
  for (let column = columnAfter(0); column; column = columnAfter(column)) leaveRow(column, row);
}
/** Take a row out that no reader can see: one that was given back, or that a failed group had. */
export function leaveRow(column: usize, row: u32): void {
  const kind = kindOf(column), chunk = chunkOf(column, row), sets = setsOf(chunk);
  if (!sets) return;
  const isValued = hasBitOf(sets, VALUED, row), isSeveral = hasBitOf(sets, SEVERAL, row);
  for (let set: u32 = 0; set < SETS; set++) {
    if (!hasBitOf(sets, set, row)) continue;
    if (!isPlantedInColumns(SETS_STAY)) writeBit(sets, set, row, 0);
    const counter = column + C_COUNTS + (<usize>set << 2);
    store<u32>(counter, load<u32>(counter) - 1);
  }
  if (!isValued || kind == BOOL_CELLS) return;
  const cell = cellAt(cellsOf(chunk), kind, row);
  const single = kind == KEYWORD_CELLS ? <u64>load<u32>(cell) : load<u64>(cell);
  const values: usize = isSeveral ? <usize>single : 0;
  const count = isSeveral ? load<u32>(values) : 1;
  for (let i: u32 = 0; i < count; i++) {
    const value = valueAt(column, kind, values, single, i);
    if (value && !isPlantedInColumns(POSTING_STAYS)) removeFromValue(column, value, row);
  }
  if (values) returnExtent(values);
  // of a number the cell is the value itself
  if (!isPlantedInColumns(OLDER_VALUE)) memory.fill(cell, 0, cellWidth(kind));
}
/** Have the least and greatest keys of all chunks be those of rows that the columns have: they are not kept up when rows leave. */
export function narrowColumns(): void {
  store<i64>(H_NUMBER_KEY, 0);
  for (let column = columnAfter(0); column; column = columnAfter(column)) {
    const kind = kindOf(column);
    if (kind != NUMBER_CELLS && kind != LOOKED_UP_CELLS) continue;
    for (let row: u32 = 0; row < capacity; row += CHUNK_ROWS) narrow(column, row);
  }
}
function narrow(column: usize, from: u32): void {
  const chunk = chunkOf(column, from), sets = setsOf(chunk);
  if (!sets) return;
  let least = i64.MAX_VALUE, greatest = i64.MIN_VALUE;
  for (let row = from, end = min(from + CHUNK_ROWS, capacity); row < end; row++) {
    if (!hasBitOf(sets, VALUED, row)) continue;
    const cell = cellAt(cellsOf(chunk), kindOf(column), row);
    const isSeveral = hasBitOf(sets, SEVERAL, row), first = isSeveral ? <usize>load<u64>(cell) + 8 : cell;
    for (let i: u32 = 0, count = isSeveral ? load<u32>(first - 8) : 1; i < count; i++) {
      const key = load<i64>(first + (<usize>i << 3));
      least = min(least, key);
      greatest = max(greatest, key);
    }
  }
  atomic.store<i64>(chunk + K_LEAST, least);
  atomic.store<i64>(chunk + K_GREATEST, greatest);
}
