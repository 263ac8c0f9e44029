import { type CompiledFilter, type Filter, prepareFilter, type RowSet, type Sliced } from "@murmuration/index";
import { ChangedRows } from "../state/changed-rows.js";
import type { PointTable } from "../state/point-table.js";

/**
 * Rows of the live points that satisfy a filter, as of the moment when the work ends. Points may change between two slices: those that did
 * are looked at again, until none has.
 */
export function* matchingRows(table: PointTable, filter: Filter): Sliced<RowSet> {
  const compiled = prepareFilter(filter, table);
  const changed = new ChangedRows(table);
  try {
    const rows = yield* compiled.rows();
    for (let again = changed.take(); again.size > 0; again = changed.take()) {
      yield* decideAgain(again, compiled, table, rows);
    }
    return rows;
  } finally {
    changed.end();
  }
}

function* decideAgain(
  changed: RowSet,
  { predicate, meter }: CompiledFilter,
  table: PointTable,
  rows: RowSet,
): Sliced<void> {
  for (const row of changed) {
    if (table.liveRows.has(row) && predicate(table.subjectAt(row))) rows.add(row);
    else rows.delete(row);
    meter.steps++;
    if (meter.isDue()) yield "pause";
  }
}
