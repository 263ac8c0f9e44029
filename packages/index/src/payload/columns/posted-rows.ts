import { RowSet } from "../../row-set.js";
import { A_PAIRS, COMMON, POSTING_KIND, ROWS_LISTED, V_POSTING, V_ROWS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { ColumnPlace } from "./column-kind.js";
import { scannedRows } from "./scanned-rows.js";

/** An entry of a posting is a row anywhere: some of them cost a step. */
const ENTRIES_PER_STEP = 4;

/** Rows that have a value, whether or not anybody sees them. */
export function rowsOfValue({ engine }: ColumnPlace, value: number): number {
  return engine.u32[(value + V_ROWS) >>> 2] as number;
}

/**
 * The rows of a value as its posting says. `undefined`: the value is common and there was no memory for its rows, so that it is to be scanned for.
 */
export function* postedRows(place: ColumnPlace, value: number, meter: Meter): Sliced<RowSet | undefined> {
  const { engine, column, epoch } = place;
  // read once: the writer may put another one there
  const posting = Atomics.load(engine.u32, (value + V_POSTING) >>> 2);
  if (posting === COMMON) return undefined;
  if ((posting & POSTING_KIND) === COMMON) {
    const directory = (posting & ~POSTING_KIND) >>> 0;
    return yield* scannedRows(engine, (from, to) => engine.scanBits(directory, from, to, epoch), meter);
  }
  const rows = new RowSet();
  const entries = engine.entriesOf(posting) >>> 0;
  const at = (engine.area + A_PAIRS) >>> 2;
  for (let first = 0; first < entries; first += ROWS_LISTED) {
    const found = engine.listPosting(column, value, posting, first, epoch) >>> 0;
    rows.addAll(engine.u32.subarray(at, at + found));
    meter.steps += 1 + Math.min(ROWS_LISTED, entries - first) / ENTRIES_PER_STEP;
    if (meter.isDue()) yield "pause";
  }
  return rows;
}

/** Two sets of a caller's own as one. */
export function united(a: RowSet | undefined, b: RowSet): RowSet {
  if (a === undefined) return b;
  a.or(b);
  return a;
}
