import type { Range } from "./condition.js";
import type { ValueTest } from "./predicate.js";

/** Test of one value for a range condition: a number within all given bounds. Integers of any size compare exactly. */
export function rangeTest({ lt, gt, lte, gte }: Range): ValueTest {
  return (value) =>
    (typeof value === "number" || typeof value === "bigint") &&
    (lt === undefined || value < lt) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (gte === undefined || value >= gte);
}
