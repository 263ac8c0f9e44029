import type { Json } from "../payload/json.js";
import { canonicalNumber } from "../payload/number.js";
import type { Meter, Sliced } from "../sliced.js";
import type { Condition, Filter, MatchScalar } from "./condition.js";

/** Sets of more values are made in slices, where whoever needs them is. */
const LONG = 1_024;

/** Sets that were made in slices, by the list that they are of. */
const made = new WeakMap<readonly MatchScalar[], ReadonlySet<MatchScalar | undefined>>();

/** Equal scalars have the same canonical form; objects, arrays and null have none. */
export function canonicalScalar(value: Json): MatchScalar | undefined {
  return typeof value === "string" || typeof value === "boolean" ? value : canonicalNumber(value);
}

/** The set of a list's values, each in its canonical form. Takes milliseconds for a long list that was not prepared. */
export function setOf(values: readonly MatchScalar[]): ReadonlySet<MatchScalar | undefined> {
  return made.get(values) ?? new Set(values.map(canonicalScalar));
}

function* makeSet(values: readonly MatchScalar[], meter: Meter): Sliced<void> {
  if (made.has(values)) return;
  const set = new Set<MatchScalar | undefined>();
  for (const value of values) {
    set.add(canonicalScalar(value));
    meter.steps += 2;
    if (meter.isDue()) yield "pause";
  }
  made.set(values, set);
}

/** Make the long sets that predicates need, so that these are compiled in no time; those at paths that are indexed are not needed. */
export function* prepareSets(
  { must, should, mustNot, minShould }: Filter,
  meter: Meter,
  isIndexed: (path: string) => boolean,
): Sliced<void> {
  for (const conditions of [must, should, mustNot, minShould?.conditions ?? []]) {
    for (const condition of conditions) yield* prepareFor(condition, meter, isIndexed);
  }
}

function* prepareFor(condition: Condition, meter: Meter, isIndexed: (path: string) => boolean): Sliced<void> {
  switch (condition.kind) {
    case "match-any":
    case "match-except": {
      const { key, values } = condition;
      if (values.length > LONG && !isIndexed(key)) yield* makeSet(values, meter);
      return;
    }
    case "filter":
      yield* prepareSets(condition.filter, meter, isIndexed);
      return;
    case "nested":
      yield* prepareSets(condition.filter, meter, () => false);
  }
}
