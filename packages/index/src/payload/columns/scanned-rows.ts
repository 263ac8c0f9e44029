import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { A_AMONG, A_OUT, WINDOW_ROWS } from "../../segment/column-layout.js";
import { H_NEXT_ROW } from "../../segment/layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { ColumnEngine } from "./column-engine.js";

/** A scan passes over so many rows while a step is made. */
const ROWS_PER_STEP = 128;

/** One more than the highest row that an epoch which this thread is at can show. */
export function rowEnd({ u32 }: ColumnEngine): number {
  return Atomics.load(u32, H_NEXT_ROW >>> 2);
}

/** What a scan of one window does: leaves the rows that it finds in the thread's area and returns how many. */
export type WindowScan = (from: number, to: number) => number;

/**
 * The rows that a scan finds, window by window. Others may use this thread's area between two windows: a scan puts its input there anew each
 * time.
 */
export function* scannedRows(engine: ColumnEngine, scan: WindowScan, meter: Meter): Sliced<RowSet> {
  const rows = new RowSet();
  const end = rowEnd(engine);
  const out = (engine.area + A_OUT) >>> 2;
  rows.reserve(end);
  for (let from = 0; from < end; from += WINDOW_ROWS) {
    const to = Math.min(end, from + WINDOW_ROWS);
    const found = scan(from, to);
    if (found > 0) rows.setWords(from >>> 5, engine.u32.subarray(out, out + ((to - from + 31) >>> 5)), found);
    meter.steps += (to - from) / ROWS_PER_STEP;
    if (meter.isDue()) yield "pause";
  }
  return rows;
}

/** Put the members of `rows` within a window into the thread's area; are there any? */
export function askAmong({ u32, area }: ColumnEngine, rows: ReadonlyRowSet, from: number, to: number): boolean {
  const [first, last] = [from >>> 5, Math.min(rows.wordCount, (to + 31) >>> 5)];
  const at = (area + A_AMONG) >>> 2;
  if (last <= first) return false;
  u32.set(rows.words.subarray(first, last), at);
  u32.fill(0, at + last - first, at + ((to - from + 31) >>> 5));
  return true;
}
