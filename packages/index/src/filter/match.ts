import type { MatchAny, MatchExcept, MatchScalar, MatchValue } from "./condition.js";
import type { ValueTest } from "./predicate.js";
import { canonicalScalar, setOf } from "./value-sets.js";

function isOneOf(values: readonly MatchScalar[]): ValueTest {
  const [only] = values;
  if (values.length === 1 && (typeof only === "string" || typeof only === "boolean")) return (value) => value === only;
  const wanted = setOf(values);
  return (value) => {
    const scalar = canonicalScalar(value);
    return scalar !== undefined && wanted.has(scalar);
  };
}

/** Test of one value for a match condition. Numbers are equal by value, values of different types never are. */
export function matchTest(condition: MatchValue | MatchAny | MatchExcept): ValueTest {
  switch (condition.kind) {
    case "match-value":
      return isOneOf([condition.value]);
    case "match-any":
      return isOneOf(condition.values);
    case "match-except": {
      const isExcepted = isOneOf(condition.values);
      return (value) => value !== null && !isExcepted(value);
    }
  }
}
