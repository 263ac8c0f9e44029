import type { HasId, HasVector } from "./condition.js";
import type { Predicate } from "./predicate.js";

/** Predicate of `has_id` and `has_vector`. */
export function identityPredicate(condition: HasId | HasVector): Predicate {
  if (condition.kind === "has-vector") return (subject) => subject.hasVector(condition.vector);
  const ids = new Set(condition.ids);
  return (subject) => ids.has(subject.id);
}
