import { geoPointOf } from "../payload/geo.js";
import { parsePath, someValueAt } from "../payload/path.js";
import { Meter } from "../sliced.js";
import type { Condition, Filter, GeoCondition, MatchText } from "./condition.js";
import { emptinessPredicate } from "./emptiness.js";
import { geoTest } from "./geo-test.js";
import { identityPredicate } from "./identity.js";
import { matchTest } from "./match.js";
import { nestedPredicate } from "./nested.js";
import type { Predicate, ValueTest } from "./predicate.js";
import { datetimeRangeTest, rangeTest } from "./range.js";
import { slicePredicate } from "./slice.js";
import { textTest } from "./text-test.js";
import { valuesCountPredicate } from "./values-count.js";

function someValuePredicate(key: string, test: ValueTest, meter: Meter): Predicate {
  const path = parsePath(key);
  const counted: ValueTest = (value) => {
    meter.steps++;
    return test(value);
  };
  return (subject) => {
    meter.steps++;
    return someValueAt(subject.payload, path, counted);
  };
}

/** A text is taken apart at so many characters a step. */
const CHARACTERS_PER_STEP = 8;

function placeTest(condition: GeoCondition): ValueTest {
  const test = geoTest(condition);
  return (value) => {
    const place = geoPointOf(value);
    return place !== undefined && test(place.lon, place.lat);
  };
}

function stringTest(condition: MatchText, meter: Meter): ValueTest {
  const test = textTest(condition, meter);
  return (value) => {
    if (typeof value !== "string") return false;
    meter.steps += value.length / CHARACTERS_PER_STEP;
    return test(value);
  };
}

/** Predicate of one condition; its steps are counted by `meter`. Throws `format` for a bad path. */
export function compileCondition(condition: Condition, meter: Meter): Predicate {
  switch (condition.kind) {
    case "match-value":
    case "match-any":
    case "match-except":
      return someValuePredicate(condition.key, matchTest(condition), meter);
    case "range":
      return someValuePredicate(condition.key, rangeTest(condition), meter);
    case "datetime-range":
      return someValuePredicate(condition.key, datetimeRangeTest(condition), meter);
    case "match-text":
      return someValuePredicate(condition.key, stringTest(condition, meter), meter);
    case "match-prefix": {
      const { key, prefix } = condition;
      return someValuePredicate(key, (value) => typeof value === "string" && value.startsWith(prefix), meter);
    }
    case "geo-box":
    case "geo-radius":
    case "geo-polygon":
      return someValuePredicate(condition.key, placeTest(condition), meter);
    case "values-count":
      return valuesCountPredicate(condition, meter);
    case "slice":
      return slicePredicate(condition, meter);
    case "is-empty":
    case "is-null":
      return emptinessPredicate(condition, meter);
    case "has-id":
    case "has-vector":
      return identityPredicate(condition, meter);
    case "nested":
      return nestedPredicate(condition, compilePredicate(condition.filter, meter), meter);
    case "filter":
      return compilePredicate(condition.filter, meter);
  }
}

/** Do at least `count` of `predicates` hold? */
export function atLeast(count: number, predicates: readonly Predicate[]): Predicate {
  return (subject) => {
    let missing = count;
    for (let i = 0; i < predicates.length && missing > 0; i++) {
      if ((predicates[i] as Predicate)(subject)) missing -= 1;
    }
    return missing <= 0;
  };
}

/** Do all of `predicates` hold? */
export function allOf(predicates: readonly Predicate[]): Predicate {
  const [only] = predicates;
  if (only !== undefined && predicates.length === 1) return only;
  return (subject) => predicates.every((predicate) => predicate(subject));
}

/**
 * Says whether a point satisfies a filter: the reference meaning of filters, which `compileFilter` reproduces with
 * indexes. Its steps are counted by `meter`. Throws `format` for a bad path.
 */
export function compilePredicate(filter: Filter, meter: Meter = new Meter()): Predicate {
  const compile = (condition: Condition): Predicate => compileCondition(condition, meter);
  const parts = filter.must.map(compile);
  if (filter.should.length > 0) parts.push(atLeast(1, filter.should.map(compile)));
  for (const condition of filter.mustNot) {
    const excluded = compile(condition);
    parts.push((subject) => !excluded(subject));
  }
  if (filter.minShould !== undefined) {
    parts.push(atLeast(filter.minShould.minCount, filter.minShould.conditions.map(compile)));
  }
  return allOf(parts);
}
