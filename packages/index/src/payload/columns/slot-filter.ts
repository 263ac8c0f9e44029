import type { ReadonlyRowSet } from "../../filter/row-set.js";
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
  const columns = columnEngine(engine);
  columns.clearSlots(space);
  const end = Math.min(rowEnd(columns), rows.wordCount * 32);
  for (let from = 0; from < end; from += WINDOW_ROWS) {
    const to = Math.min(end, from + WINDOW_ROWS);
    if (askAmong(columns, rows, from, to)) columns.markSlots(space, from, to);
  }
  const at = columns.slotBitsAt() >>> 2;
  const slots = columns.u32[(H_SLOT_CAPACITIES >>> 2) + space] as number;
  return columns.u32.subarray(at, at + ((slots + 31) >>> 5));
}
