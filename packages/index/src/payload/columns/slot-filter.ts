import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { WINDOW_ROWS } from "../../segment/column-layout.js";
import { H_SLOT_CAPACITIES } from "../../segment/layout.js";
import type { TableEngine } from "../../segment/table-engine.js";
import { columnEngine } from "./column-engine.js";
import { askAmong, rowEnd } from "./scanned-rows.js";

/**
 * The slots of rows in a vector space, one bit each: a view on this thread's part of the table's memory, good until the next call. Rows
 * without a vector there have none. The rows are to be visible at an epoch that this thread is at.
 */
export function slotsOfRows(engine: TableEngine, space: number, rows: ReadonlyRowSet): Uint32Array {
  return markedSlots(engine, space, rows, engine.u32[(H_SLOT_CAPACITIES >>> 2) + space] as number).words;
}

/** The same as a set, where every slot that a row can name is below `end`. */
export function slotSetOfRows(engine: TableEngine, space: number, rows: ReadonlyRowSet, end: number): RowSet {
  const { words, count } = markedSlots(engine, space, rows, end);
  const slots = new RowSet();
  if (count > 0) slots.setWords(0, words, count);
  return slots;
}

/** `words` is a view, good until the next call. */
function markedSlots(
  engine: TableEngine,
  space: number,
  rows: ReadonlyRowSet,
  end: number,
): { readonly words: Uint32Array; readonly count: number } {
  const columns = columnEngine(engine);
  columns.clearSlots(end);
  const rowsEnd = Math.min(rowEnd(columns), rows.wordCount * 32);
  let count = 0;
  for (let from = 0; from < rowsEnd; from += WINDOW_ROWS) {
    const to = Math.min(rowsEnd, from + WINDOW_ROWS);
    if (askAmong(columns, rows, from, to)) count += columns.markSlots(space, from, to);
  }
  const at = columns.slotBitsAt() >>> 2;
  return { words: columns.u32.subarray(at, at + ((end + 31) >>> 5)), count };
}
