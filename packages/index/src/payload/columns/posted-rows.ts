import type { RowSet } from "../../filter/row-set.js";
import { A_PAIRS, ROWS_LISTED, V_POSTING, V_ROWS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { ColumnPlace } from "./column-kind.js";

/** An entry of a posting is a row anywhere: some of them cost a step. */
const ENTRIES_PER_STEP = 4;

/** The word of a value that says where its rows stand; read once, since the writer may change it. */
export function postingOf({ engine }: ColumnPlace, value: number): number {
  return Atomics.load(engine.u32, (value + V_POSTING) >>> 2);
}

/** Rows that have a value, whether or not anybody sees them. */
export function rowsOfValue({ engine }: ColumnPlace, value: number): number {
  return engine.u32[(value + V_ROWS) >>> 2] as number;
}

/** Adds the rows of a posting, which is not COMMON. */
export function* addPosted(
  { engine, column, epoch }: ColumnPlace,
  value: number,
  posting: number,
  rows: RowSet,
  meter: Meter,
): Sliced<void> {
  const entries = engine.entriesOf(posting) >>> 0;
  const at = (engine.area + A_PAIRS) >>> 2;
  for (let first = 0; first < entries; first += ROWS_LISTED) {
    const found = engine.listPosting(column, value, posting, first, epoch) >>> 0;
    rows.addAll(engine.u32.subarray(at, at + found));
    meter.steps += 1 + Math.min(ROWS_LISTED, entries - first) / ENTRIES_PER_STEP;
    if (meter.isDue()) yield "pause";
  }
}
