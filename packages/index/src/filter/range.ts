import { datetimeOf } from "../payload/datetime.js";
import type { RangeBounds } from "../payload/payload-index.js";
import type { DatetimeRange } from "./condition.js";
import type { ValueTest } from "./predicate.js";

/** Test of one value for a range condition: a number within all given bounds. Integers of any size compare exactly. */
export function rangeTest({ lt, gt, lte, gte }: RangeBounds): ValueTest {
  return (value) =>
    (typeof value === "number" || typeof value === "bigint") &&
    (lt === undefined || value < lt) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (gte === undefined || value >= gte);
}

/** Test of one value for a range of datetimes: a text in one of their spellings, within all given bounds. */
export function datetimeRangeTest(condition: DatetimeRange): ValueTest {
  const isWithin = rangeTest(condition);
  return (value) => {
    const micros = datetimeOf(value);
    return micros !== undefined && isWithin(micros);
  };
}
