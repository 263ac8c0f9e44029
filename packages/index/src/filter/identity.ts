import type { Meter } from "../sliced.js";
import type { HasId, HasVector } from "./condition.js";
import type { Predicate } from "./predicate.js";

/** Predicate of `has_id` and `has_vector`. */
export function identityPredicate(condition: HasId | HasVector, meter: Meter): Predicate {
  if (condition.kind === "has-vector") {
    return (subject) => {
      meter.steps++;
      return subject.hasVector(condition.vector);
    };
  }
  const ids = new Set(condition.ids);
  return (subject) => {
    meter.steps++;
    return ids.has(subject.id);
  };
}
