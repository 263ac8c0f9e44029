import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { BOOL_CELLS, FALSE_ROWS, TRUE_ROWS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { EqualityView, FacetView, FieldAccess } from "../access.js";
import type { IndexableValue } from "../payload-index.js";
import type { ColumnKind, ColumnPlace } from "./column-kind.js";
import { noNumbersInRange } from "./no-numbers.js";
import { presenceView } from "./presence-view.js";
import { scannedRows } from "./scanned-rows.js";

function rowsWith({ engine, column, epoch }: ColumnPlace, value: boolean, meter: Meter): Sliced<RowSet> {
  const set = value ? TRUE_ROWS : FALSE_ROWS;
  return scannedRows(engine, (from, to) => engine.scanSet(column, set, from, to, epoch), meter);
}

function equalityView(place: ColumnPlace): EqualityView {
  return {
    holds: (value) => typeof value === "boolean",
    *rowsMatching(values, meter) {
      const rows = new RowSet();
      for (const wanted of [true, false]) {
        if (values.includes(wanted)) rows.or(yield* rowsWith(place, wanted, meter));
      }
      return rows;
    },
    estimateMatching(values) {
      const wanted = [true, false].filter((value) => values.includes(value)).length;
      return Math.ceil((presenceView(place).countIn("valued") * wanted) / 2);
    },
  };
}

function facetView(place: ColumnPlace): FacetView {
  return {
    *countsAmong(among: ReadonlyRowSet, meter: Meter) {
      const counts = new Map<IndexableValue, number>();
      for (const value of [true, false]) {
        const rows = yield* rowsWith(place, value, meter);
        rows.and(among);
        if (rows.size > 0) counts.set(value, rows.size);
      }
      return counts;
    },
  };
}

/** Booleans: equality and facets. Cells are two bitsets. */
export const boolColumn: ColumnKind = {
  cellsFor: () => BOOL_CELLS,
  cellWords: 0,
  keyOf: (value) => (typeof value === "boolean" ? value : undefined),
  held: (keys) => ({
    count: 0,
    flags: (keys.includes(true) ? 1 << TRUE_ROWS : 0) | (keys.includes(false) ? 1 << FALSE_ROWS : 0),
    write: () => true,
  }),
  access(place): FieldAccess {
    return {
      presence: presenceView(place),
      equality: equalityView(place),
      range: noNumbersInRange,
      facet: facetView(place),
    };
  },
};
