import type { IndexableValue, PayloadIndex } from "../payload/payload-index.js";
import type { IsEmpty, IsNull, MatchAny, MatchExcept, MatchValue, Range } from "./condition.js";
import { compileCondition } from "./matches.js";
import { type Plan, scan } from "./plan.js";
import type { PointSource } from "./point-source.js";
import type { Predicate } from "./predicate.js";
import { type ReadonlyRowSet, RowSet } from "./row-set.js";

export type FieldCondition = MatchValue | MatchAny | MatchExcept | Range | IsEmpty | IsNull;

type Access = Pick<Plan, "estimate" | "entriesVisited" | "keep">;

/** Keeps the rows that are `certain`, and those of the `doubtful` that pass the predicate. */
function keepFrom(
  rows: RowSet,
  certain: ReadonlyRowSet,
  doubtful: ReadonlyRowSet | undefined,
  predicate: () => Predicate,
  source: PointSource,
): void {
  if (doubtful === undefined || doubtful.size === 0) {
    rows.and(certain);
    return;
  }
  const verified = rows.clone();
  verified.and(doubtful);
  verified.andNot(certain);
  scan(verified, predicate(), source);
  rows.and(certain);
  rows.or(verified);
}

function planMatch(
  values: readonly IndexableValue[],
  index: PayloadIndex,
  predicate: () => Predicate,
  source: PointSource,
): Access | undefined {
  if (!index.servesEquality) return undefined;
  const doubtful = values.every((value) => index.holds(value)) ? undefined : index.rowsWithOtherValue();
  return {
    estimate: index.estimateMatching(values) + (doubtful?.size ?? 0),
    entriesVisited: 0,
    keep: (rows) => keepFrom(rows, index.rowsMatching(values) ?? new RowSet(), doubtful, predicate, source),
  };
}

/** Rows whose only held value is excepted fail for certain; those with further values have to be looked at. */
function planExcept(
  { values }: MatchExcept,
  index: PayloadIndex,
  predicate: () => Predicate,
  source: PointSource,
): Access | undefined {
  if (!index.servesEquality) return undefined;
  return {
    estimate: index.pointCount + index.rowsWithOtherValue().size,
    entriesVisited: 0,
    keep(rows) {
      const matching = index.rowsMatching(values) ?? new RowSet();
      const certain = index.rowsWithValue().clone();
      certain.andNot(matching);
      const doubtful = index.rowsWithSeveralValues().clone();
      doubtful.and(matching);
      doubtful.or(index.rowsWithOtherValue());
      keepFrom(rows, certain, doubtful, predicate, source);
    },
  };
}

function planRange(
  condition: Range,
  index: PayloadIndex,
  predicate: () => Predicate,
  source: PointSource,
): Access | undefined {
  if (!index.servesRange) return undefined;
  const estimate = index.estimateInRange(condition);
  // Only a float index holds every number there is.
  const doubtful = index.kind === "float" ? undefined : index.rowsWithOtherValue();
  return {
    estimate: estimate + (doubtful?.size ?? 0),
    entriesVisited: estimate,
    keep: (rows) => keepFrom(rows, index.rowsInRange(condition) ?? new RowSet(), doubtful, predicate, source),
  };
}

function planIsEmpty(index: PayloadIndex, predicate: () => Predicate, source: PointSource): Access {
  return {
    estimate: Math.max(0, source.liveRows.size - index.pointCount),
    entriesVisited: 0,
    keep(rows) {
      rows.andNot(index.rowsWithValue());
      rows.andNot(index.rowsWithOtherValue());
      // A null is empty where it stands alone, and content where it stands in an array.
      const doubtful = index.rowsWithNull();
      if (doubtful.size === 0) return;
      const verified = rows.clone();
      verified.and(doubtful);
      rows.andNot(doubtful);
      scan(verified, predicate(), source);
      rows.or(verified);
    },
  };
}

function planIsNull(index: PayloadIndex, predicate: () => Predicate, source: PointSource): Access {
  return {
    estimate: index.rowsWithNull().size,
    entriesVisited: 0,
    keep(rows) {
      rows.and(index.rowsWithNull());
      if (rows.size > 0) scan(rows, predicate(), source);
    },
  };
}

function access(
  condition: FieldCondition,
  index: PayloadIndex,
  predicate: () => Predicate,
  source: PointSource,
): Access | undefined {
  switch (condition.kind) {
    case "match-value":
      return planMatch([condition.value], index, predicate, source);
    case "match-any":
      return planMatch(condition.values, index, predicate, source);
    case "match-except":
      return planExcept(condition, index, predicate, source);
    case "range":
      return planRange(condition, index, predicate, source);
    case "is-empty":
      return planIsEmpty(index, predicate, source);
    case "is-null":
      return planIsNull(index, predicate, source);
  }
}

/** Plan of a field condition by the index on its path, or `undefined` when there is none that serves it. */
export function planField(condition: FieldCondition, source: PointSource): Plan | undefined {
  const index = source.indexOn(condition.key);
  if (index === undefined) return undefined;
  const predicate = (): Predicate => compileCondition(condition);
  const found = access(condition, index, predicate, source);
  return found === undefined ? undefined : { coverage: "full", ...found, predicate };
}
