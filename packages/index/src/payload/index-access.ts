import { type ReadonlyRowSet, RowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type { EqualityView, FieldAccess, PresenceSet, PresenceView, RangeView } from "./access.js";
import type { IndexableValue, PayloadIndex } from "./payload-index.js";

/** Values whose rows are looked up in one go. */
const VALUES_AT_ONCE = 256;
/** A posting is found in some hundred nanoseconds. */
const STEPS_PER_VALUE = 8;

/** Rows with one of these values: a set of the index's own where the values are few. */
function* rowsMatching(values: readonly IndexableValue[], index: PayloadIndex, meter: Meter): Sliced<ReadonlyRowSet> {
  if (values.length <= VALUES_AT_ONCE) return index.rowsMatching(values) ?? new RowSet();
  const rows = new RowSet();
  for (let from = 0; from < values.length; from += VALUES_AT_ONCE) {
    const some = index.rowsMatching(values.slice(from, from + VALUES_AT_ONCE));
    if (some !== undefined) rows.or(some);
    meter.steps += VALUES_AT_ONCE * STEPS_PER_VALUE;
    if (meter.isDue()) yield "pause";
  }
  return rows;
}

/** How many rows match: of many values a few are looked up. */
function estimateMatching(values: readonly IndexableValue[], index: PayloadIndex): number {
  if (values.length <= VALUES_AT_ONCE) return index.estimateMatching(values);
  return Math.ceil(index.estimateMatching(values.slice(0, VALUES_AT_ONCE)) * (values.length / VALUES_AT_ONCE));
}

function rowsIn(set: PresenceSet, index: PayloadIndex): ReadonlyRowSet {
  switch (set) {
    case "valued":
      return index.rowsWithValue();
    case "several":
      return index.rowsWithSeveralValues();
    case "null":
      return index.rowsWithNull();
    // such an index does not tell numbers from other values that it does not hold
    case "other":
    case "unheld-number":
    case "several-texts":
      return index.rowsWithOtherValue();
  }
}

function presenceView(index: PayloadIndex): PresenceView {
  return {
    // biome-ignore lint/correctness/useYield: the sets are there
    *rowsIn(set) {
      return rowsIn(set, index);
    },
    countIn: (set) => (set === "valued" ? index.pointCount : rowsIn(set, index).size),
  };
}

function equalityView(index: PayloadIndex): EqualityView {
  return {
    holds: (value) => index.holds(value),
    rowsMatching: (values, meter) => rowsMatching(values, index, meter),
    estimateMatching: (values) => estimateMatching(values, index),
  };
}

function rangeView(index: PayloadIndex): RangeView {
  return {
    // only a float index holds every number there is
    missed: index.kind === "float" ? undefined : "unheld-number",
    *rowsInRange(bounds, meter) {
      const within = index.rowsInRange(bounds, meter);
      return within === undefined ? new RowSet() : yield* within;
    },
    estimateInRange: (bounds) => index.estimateInRange(bounds),
    entriesInRange: (bounds) => index.estimateInRange(bounds),
  };
}

/** The views of an index that stands on the heap of one thread. */
export function accessOfIndex(index: PayloadIndex): FieldAccess {
  return {
    presence: presenceView(index),
    ...(index.servesEquality ? { equality: equalityView(index) } : {}),
    ...(index.servesRange ? { range: rangeView(index) } : {}),
  };
}
