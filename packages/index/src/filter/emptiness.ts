import type { Json } from "../payload/json.js";
import { parsePath, someStandingAt } from "../payload/path.js";
import type { Meter } from "../sliced.js";
import type { IsEmpty, IsNull } from "./condition.js";
import type { Predicate } from "./predicate.js";

function isContent(value: Json): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

function isNull(value: Json): boolean {
  return value === null;
}

/** Predicate of `is_empty` and `is_null`. A null inside of the array at the key is content of that array. */
export function emptinessPredicate(condition: IsEmpty | IsNull, meter: Meter): Predicate {
  const path = parsePath(condition.key);
  const isEmpty = condition.kind === "is-empty";
  const test = isEmpty ? isContent : isNull;
  const counted = (value: Json): boolean => {
    meter.steps++;
    return test(value);
  };
  return (subject) => {
    meter.steps++;
    return someStandingAt(subject.payload, path, counted) !== isEmpty;
  };
}
