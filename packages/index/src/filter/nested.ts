import { isJsonObject } from "../payload/json.js";
import { type JsonPath, parsePath, someStandingAt } from "../payload/path.js";
import type { Meter } from "../sliced.js";
import type { Nested } from "./condition.js";
import type { Predicate } from "./predicate.js";

/** The path of the elements of the array at `key`: `a` and `a[]` mean the same here. */
export function elementPath(key: string): JsonPath {
  const path = parsePath(key);
  return path.steps.at(-1)?.kind === "each" ? path : { text: `${key}[]`, steps: [...path.steps, { kind: "each" }] };
}

/** Predicate of `nested`: `inner` holds for one object of the array. Elements that are no objects are passed over. */
export function nestedPredicate(condition: Nested, inner: Predicate, meter: Meter): Predicate {
  const path = elementPath(condition.key);
  return (subject) => {
    meter.steps++;
    const hasVector = (name: string): boolean => subject.hasVector(name);
    return someStandingAt(subject.payload, path, (element) => {
      meter.steps++;
      return isJsonObject(element) && inner({ id: subject.id, payload: element, hasVector });
    });
  };
}
