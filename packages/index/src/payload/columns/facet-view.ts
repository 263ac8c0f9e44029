import type { ReadonlyRowSet } from "../../row-set.js";
import { A_PAIRS, PAIRS, WINDOW_ROWS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { FacetView } from "../access.js";
import type { IndexableValue } from "../payload-index.js";
import type { ColumnPlace } from "./column-kind.js";
import { askAmong, rowEnd } from "./scanned-rows.js";

/** A row that is counted costs some nanoseconds. */
const ROWS_PER_STEP = 16;

/** Counts of the values in cells. `valueFrom` says which value the two words of a cell mean. */
export function facetView(
  { engine, column }: ColumnPlace,
  cellWords: number,
  valueFrom: (low: number, high: number) => IndexableValue,
): FacetView {
  const { u32, area } = engine;
  const pairs = (area + A_PAIRS) >>> 2;
  return {
    *countsAmong(rows: ReadonlyRowSet, meter: Meter): Sliced<Map<IndexableValue, number>> {
      const counts = new Map<IndexableValue, number>();
      const add = (value: IndexableValue, found: number) => counts.set(value, (counts.get(value) ?? 0) + found);
      const countValues = (values: number, count: number) => {
        const first = (values + 8) >>> 2;
        for (let at = first; at < first + count * cellWords; at += cellWords) {
          add(valueFrom(u32[at] as number, u32[at + 1] as number), 1);
        }
      };
      const end = Math.min(rowEnd(engine), rows.wordCount * 32);
      for (let from = 0; from < end; from += WINDOW_ROWS) {
        const to = Math.min(end, from + WINDOW_ROWS);
        for (let start = from; start < to; ) {
          if (!askAmong(engine, rows, from, to)) break;
          let next = engine.countCells(column, from, start, to) >>> 0;
          for (let at = pairs; at < pairs + 4 * PAIRS; at += 4) {
            const found = u32[at + 2] as number;
            if (found === 0) continue;
            add(valueFrom(u32[at] as number, u32[at + 1] as number), found);
          }
          if (next === start) {
            // a row with more values than the table has room for
            const values = engine.severalAt(column, next) >>> 0;
            countValues(values, u32[values >>> 2] as number);
            next += 1;
          }
          meter.steps += PAIRS / ROWS_PER_STEP + (next - start) / ROWS_PER_STEP;
          start = next;
          if (meter.isDue()) yield "pause";
        }
      }
      return counts;
    },
  };
}
