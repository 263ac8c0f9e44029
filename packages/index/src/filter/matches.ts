import { parsePath, someValueAt } from "../payload/path.js";
import type { Condition, Filter } from "./condition.js";
import { emptinessPredicate } from "./emptiness.js";
import { identityPredicate } from "./identity.js";
import { matchTest } from "./match.js";
import { nestedPredicate } from "./nested.js";
import type { Predicate, ValueTest } from "./predicate.js";
import { rangeTest } from "./range.js";

function someValuePredicate(key: string, test: ValueTest): Predicate {
  const path = parsePath(key);
  return (subject) => someValueAt(subject.payload, path, test);
}

/** Predicate of one condition. Throws `format` for a bad path. */
export function compileCondition(condition: Condition): Predicate {
  switch (condition.kind) {
    case "match-value":
    case "match-any":
    case "match-except":
      return someValuePredicate(condition.key, matchTest(condition));
    case "range":
      return someValuePredicate(condition.key, rangeTest(condition));
    case "is-empty":
    case "is-null":
      return emptinessPredicate(condition);
    case "has-id":
    case "has-vector":
      return identityPredicate(condition);
    case "nested":
      return nestedPredicate(condition, compilePredicate(condition.filter));
    case "filter":
      return compilePredicate(condition.filter);
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
 * indexes. Throws `format` for a bad path.
 */
export function compilePredicate(filter: Filter): Predicate {
  const parts = filter.must.map(compileCondition);
  if (filter.should.length > 0) parts.push(atLeast(1, filter.should.map(compileCondition)));
  for (const condition of filter.mustNot) {
    const excluded = compileCondition(condition);
    parts.push((subject) => !excluded(subject));
  }
  if (filter.minShould !== undefined) {
    parts.push(atLeast(filter.minShould.minCount, filter.minShould.conditions.map(compileCondition)));
  }
  return allOf(parts);
}
