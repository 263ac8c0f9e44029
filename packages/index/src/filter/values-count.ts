import type { Json } from "../payload/json.js";
import { parsePath, someStandingAt } from "../payload/path.js";
import type { Meter } from "../sliced.js";
import type { ValuesCount } from "./condition.js";
import type { Predicate } from "./predicate.js";
import { rangeTest } from "./range.js";

function countOf(value: Json): number {
  if (value === null) return 0;
  return Array.isArray(value) ? value.length : 1;
}

/** Predicate of `values_count`: where the path leads to several things, one of them has so many values; where it leads nowhere, there are none. */
export function valuesCountPredicate(condition: ValuesCount, meter: Meter): Predicate {
  const path = parsePath(condition.key);
  const isWithin = rangeTest(condition);
  const holdsForNone = isWithin(0);
  return (subject) => {
    meter.steps++;
    let leadsNowhere = true;
    const found = someStandingAt(subject.payload, path, (value) => {
      meter.steps++;
      leadsNowhere = false;
      return isWithin(countOf(value));
    });
    return found || (leadsNowhere && holdsForNone);
  };
}
