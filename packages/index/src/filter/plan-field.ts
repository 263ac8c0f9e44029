import type { EqualityView, FieldAccess, PrefixView, PresenceView, RangeView } from "../payload/access.js";
import type { IndexableValue } from "../payload/payload-index.js";
import { RowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type {
  Condition,
  DatetimeRange,
  HasId,
  HasVector,
  MatchExcept,
  MatchPrefix,
  Nested,
  Range,
  Slice,
  SubFilter,
  ValuesCount,
} from "./condition.js";
import { shapeOfCondition } from "./filter-shape.js";
import { compileCondition } from "./matches.js";
import { type Access, keepFrom, once, type Plan, type Planning, scan } from "./plan.js";
import { planGeo } from "./plan-geo.js";
import { planText } from "./plan-text.js";
import type { Predicate } from "./predicate.js";
import { rangeTest } from "./range.js";

export type FieldCondition = Exclude<Condition, HasId | HasVector | Slice | Nested | SubFilter>;

/** A guess of the rows that have a prefix, of those that have a string. */
const SHARE_OF_PREFIX = 1 / 8;

/** Of more values some are looked up for an estimate, and the others taken for like them: looking up each takes as long as finding the rows. */
const VALUES_LOOKED_UP = 1_024;

function estimateMatching(values: readonly IndexableValue[], equality: EqualityView, presence: PresenceView): number {
  const stride = Math.ceil(values.length / VALUES_LOOKED_UP);
  const some = stride <= 1 ? values : values.filter((_, i) => i % stride === 0);
  const unheld = some.every((value) => equality.holds(value)) ? 0 : presence.countIn("other");
  return Math.ceil((equality.estimateMatching(some) * values.length) / Math.max(1, some.length)) + unheld;
}

function* areHeld(values: readonly IndexableValue[], equality: EqualityView, meter: Meter): Sliced<boolean> {
  for (const value of values) {
    if (!equality.holds(value)) return false;
    meter.steps += 2;
    if (meter.isDue()) yield "pause";
  }
  return true;
}

function planMatch(
  values: readonly IndexableValue[],
  equality: EqualityView,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access {
  const { meter } = planning;
  return {
    estimate: estimateMatching(values, equality, presence),
    entriesVisited: 0,
    *keep(rows) {
      const isCertain = yield* areHeld(values, equality, meter);
      const doubtful = isCertain ? undefined : yield* presence.rowsIn("other", meter);
      yield* keepFrom(rows, yield* equality.rowsMatching(values, meter), doubtful, predicate, planning);
    },
  };
}

/** Rows whose only held value is excepted fail for certain; those with further values have to be looked at. */
function planExcept(
  { values }: MatchExcept,
  equality: EqualityView,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access {
  const { meter } = planning;
  return {
    estimate: presence.countIn("valued") + presence.countIn("other"),
    entriesVisited: 0,
    *keep(rows) {
      const matching = yield* equality.rowsMatching(values, meter);
      const certain = (yield* presence.rowsIn("valued", meter)).clone();
      certain.andNot(matching);
      const doubtful = (yield* presence.rowsIn("several", meter)).clone();
      doubtful.and(matching);
      doubtful.or(yield* presence.rowsIn("other", meter));
      yield* keepFrom(rows, certain, doubtful, predicate, planning);
    },
  };
}

function planRange(
  condition: Range | DatetimeRange,
  range: RangeView,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access {
  const { meter } = planning;
  const { missed } = range;
  return {
    estimate: range.estimateInRange(condition) + (missed === undefined ? 0 : presence.countIn(missed)),
    entriesVisited: range.entriesInRange(condition),
    *keep(rows) {
      const certain = yield* range.rowsInRange(condition, meter);
      const doubtful = missed === undefined ? undefined : yield* presence.rowsIn(missed, meter);
      yield* keepFrom(rows, certain, doubtful, predicate, planning);
    },
  };
}

function planPrefix(
  { prefix }: MatchPrefix,
  view: PrefixView,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access {
  const { meter } = planning;
  return {
    estimate: Math.ceil(presence.countIn("valued") * SHARE_OF_PREFIX) + presence.countIn("other"),
    entriesVisited: 0,
    *keep(rows) {
      const certain = yield* view.rowsWithPrefix(prefix, meter);
      yield* keepFrom(rows, certain, yield* presence.rowsIn("other", meter), predicate, planning);
    },
  };
}

/** Where none is too few, only rows with something at the path are looked at. */
function planValuesCount(
  condition: ValuesCount,
  presence: PresenceView,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  const { meter } = planning;
  if (rangeTest(condition)(0)) return undefined;
  const sets = ["valued", "other", "null"] as const;
  return {
    estimate: sets.reduce((sum, set) => sum + presence.countIn(set), 0),
    entriesVisited: 0,
    *keep(rows) {
      const some = new RowSet();
      for (const set of sets) some.or(yield* presence.rowsIn(set, meter));
      rows.and(some);
      yield* scan(rows, predicate(), planning);
    },
  };
}

function planIsEmpty(presence: PresenceView, predicate: () => Predicate, planning: Planning): Access {
  const { meter, source } = planning;
  return {
    estimate: Math.max(0, source.liveRows.size - presence.countIn("valued")),
    entriesVisited: 0,
    *keep(rows) {
      rows.andNot(yield* presence.rowsIn("valued", meter));
      rows.andNot(yield* presence.rowsIn("other", meter));
      // A null is empty where it stands alone, and content where it stands in an array.
      const doubtful = yield* presence.rowsIn("null", meter);
      if (doubtful.size === 0) return;
      const verified = rows.clone();
      verified.and(doubtful);
      rows.andNot(doubtful);
      yield* scan(verified, predicate(), planning);
      rows.or(verified);
    },
  };
}

function planIsNull(presence: PresenceView, predicate: () => Predicate, planning: Planning): Access {
  return {
    estimate: presence.countIn("null"),
    entriesVisited: 0,
    *keep(rows) {
      rows.and(yield* presence.rowsIn("null", planning.meter));
      if (rows.size > 0) yield* scan(rows, predicate(), planning);
    },
  };
}

function access(
  condition: FieldCondition,
  { equality, geo, prefix, presence, range, text, times }: FieldAccess,
  predicate: () => Predicate,
  planning: Planning,
): Access | undefined {
  switch (condition.kind) {
    case "match-value":
      return equality && planMatch([condition.value], equality, presence, predicate, planning);
    case "match-any":
      return equality && planMatch(condition.values, equality, presence, predicate, planning);
    case "match-except":
      return equality && planExcept(condition, equality, presence, predicate, planning);
    case "range":
      return range && planRange(condition, range, presence, predicate, planning);
    case "datetime-range":
      return times && planRange(condition, times, presence, predicate, planning);
    case "match-prefix":
      return prefix && planPrefix(condition, prefix, presence, predicate, planning);
    case "values-count":
      return planValuesCount(condition, presence, predicate, planning);
    case "match-text":
      return text && planText(condition, text, presence, predicate, planning);
    case "geo-box":
    case "geo-radius":
    case "geo-polygon":
      return geo && planGeo(condition, geo, presence, planning);
    case "is-empty":
      return planIsEmpty(presence, predicate, planning);
    case "is-null":
      return planIsNull(presence, predicate, planning);
  }
}

/** Plan of a field condition by the index on its path, or `undefined` when there is none that serves it. */
export function planField(condition: FieldCondition, planning: Planning): Plan | undefined {
  const views = planning.source.accessTo(condition.key);
  if (views === undefined) return undefined;
  const predicate = once(() => compileCondition(condition, planning.meter));
  const found = access(condition, views, predicate, planning);
  const shape = () => shapeOfCondition(condition);
  return found === undefined ? undefined : { coverage: "full", ...found, predicate, shape };
}
