import type { IndexableValue, PayloadIndex } from "../payload/payload-index.js";
import type { Sliced } from "../sliced.js";
import type { IsEmpty, IsNull, MatchAny, MatchExcept, MatchValue, Range } from "./condition.js";
import { compileCondition } from "./matches.js";
import { once, type Plan, type Planning, scan } from "./plan.js";
import type { Predicate } from "./predicate.js";
import { type ReadonlyRowSet, RowSet } from "./row-set.js";

export type FieldCondition = MatchValue | MatchAny | MatchExcept | Range | IsEmpty | IsNull;

type Access = Pick<Plan, "estimate" | "entriesVisited" | "keep">;

/** Values whose rows are looked up in one go. */
const VALUES_AT_ONCE = 256;
/** A posting is found in some hundred nanoseconds. */
const STEPS_PER_VALUE = 8;

/** Rows with one of these values: a set of the index's own where the values are few. */
function* rowsMatching(
  values: readonly IndexableValue[],
  index: PayloadIndex,
  { meter }: Planning,
): Sliced<ReadonlyRowSet> {
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

/** Keeps the rows that are `certain`, and those of the `doubtful` that pass the predicate. */
function* keepFrom(
  rows: RowSet,
  certain: ReadonlyRowSet,
  doubtful: ReadonlyRowSet | undefined,
  predicate: () => Predicate,
  planning: Planning,
): Sliced<void> {
  if (doubtful === undefined || doubtful.size === 0) {
    rows.and(certain);
    return;
  }
  const verified = rows.clone();
  verified.and(doubtful);
  verified.andNot(certain);
  rows.and(certain);
  yield* scan(verified, predicate(), planning);
  rows.or(verified);
}

function planMatch(
  values: readonly IndexableValue[],
  index: PayloadIndex,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  if (!index.servesEquality) return undefined;
  const doubtful = values.every((value) => index.holds(value)) ? undefined : index.rowsWithOtherValue();
  return {
    estimate: estimateMatching(values, index) + (doubtful?.size ?? 0),
    entriesVisited: 0,
    *keep(rows) {
      yield* keepFrom(rows, yield* rowsMatching(values, index, planning), doubtful, predicate, planning);
    },
  };
}

/** Rows whose only held value is excepted fail for certain; those with further values have to be looked at. */
function planExcept(
  { values }: MatchExcept,
  index: PayloadIndex,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  if (!index.servesEquality) return undefined;
  return {
    estimate: index.pointCount + index.rowsWithOtherValue().size,
    entriesVisited: 0,
    *keep(rows) {
      const matching = yield* rowsMatching(values, index, planning);
      const certain = index.rowsWithValue().clone();
      certain.andNot(matching);
      const doubtful = index.rowsWithSeveralValues().clone();
      doubtful.and(matching);
      doubtful.or(index.rowsWithOtherValue());
      yield* keepFrom(rows, certain, doubtful, predicate, planning);
    },
  };
}

function planRange(
  condition: Range,
  index: PayloadIndex,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  if (!index.servesRange) return undefined;
  const estimate = index.estimateInRange(condition);
  // Only a float index holds every number there is.
  const doubtful = index.kind === "float" ? undefined : index.rowsWithOtherValue();
  return {
    estimate: estimate + (doubtful?.size ?? 0),
    entriesVisited: estimate,
    *keep(rows) {
      const within = index.rowsInRange(condition, planning.meter);
      const certain = within === undefined ? new RowSet() : yield* within;
      yield* keepFrom(rows, certain, doubtful, predicate, planning);
    },
  };
}

function planIsEmpty(index: PayloadIndex, predicate: () => Predicate, planning: Planning): Access {
  return {
    estimate: Math.max(0, planning.source.liveRows.size - index.pointCount),
    entriesVisited: 0,
    *keep(rows) {
      rows.andNot(index.rowsWithValue());
      rows.andNot(index.rowsWithOtherValue());
      // A null is empty where it stands alone, and content where it stands in an array.
      const doubtful = index.rowsWithNull();
      if (doubtful.size === 0) return;
      const verified = rows.clone();
      verified.and(doubtful);
      rows.andNot(doubtful);
      yield* scan(verified, predicate(), planning);
      rows.or(verified);
    },
  };
}

function planIsNull(index: PayloadIndex, predicate: () => Predicate, planning: Planning): Access {
  return {
    estimate: index.rowsWithNull().size,
    entriesVisited: 0,
    *keep(rows) {
      rows.and(index.rowsWithNull());
      if (rows.size > 0) yield* scan(rows, predicate(), planning);
    },
  };
}

function access(
  condition: FieldCondition,
  index: PayloadIndex,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  switch (condition.kind) {
    case "match-value":
      return planMatch([condition.value], index, predicate, planning);
    case "match-any":
      return planMatch(condition.values, index, predicate, planning);
    case "match-except":
      return planExcept(condition, index, predicate, planning);
    case "range":
      return planRange(condition, index, predicate, planning);
    case "is-empty":
      return planIsEmpty(index, predicate, planning);
    case "is-null":
      return planIsNull(index, predicate, planning);
  }
}

/** Plan of a field condition by the index on its path, or `undefined` when there is none that serves it. */
export function planField(condition: FieldCondition, planning: Planning): Plan | undefined {
  const index = planning.source.indexOn(condition.key);
  if (index === undefined) return undefined;
  const predicate = once(() => compileCondition(condition, planning.meter));
  const found = access(condition, index, predicate, planning);
  return found === undefined ? undefined : { coverage: "full", ...found, predicate };
}
