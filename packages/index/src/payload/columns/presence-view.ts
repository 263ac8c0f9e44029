import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { C_COUNTS, NULLS, OTHER, SEVERAL, SEVERAL_TEXTS, UNHELD_NUMBER, VALUED } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { PresenceSet, PresenceView } from "../access.js";
import type { ColumnPlace } from "./column-kind.js";
import { scannedRows } from "./scanned-rows.js";

const setNumbers: Readonly<Record<PresenceSet, number>> = {
  valued: VALUED,
  several: SEVERAL,
  other: OTHER,
  null: NULLS,
  "unheld-number": UNHELD_NUMBER,
  "several-texts": SEVERAL_TEXTS,
};

/** Rows by what stands at a column's path. */
export function presenceView({ engine, column, epoch }: ColumnPlace): PresenceView {
  const countIn = (set: PresenceSet): number => engine.u32[((column + C_COUNTS) >>> 2) + setNumbers[set]] as number;
  return {
    *rowsIn(set: PresenceSet, meter: Meter): Sliced<ReadonlyRowSet> {
      // a row that anybody can see is counted
      if (countIn(set) === 0) return new RowSet();
      return yield* scannedRows(engine, (from, to) => engine.scanSet(column, setNumbers[set], from, to, epoch), meter);
    },
    countIn,
  };
}
