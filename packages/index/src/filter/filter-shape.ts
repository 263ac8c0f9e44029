import type { Condition, Filter } from "./condition.js";

/** What a condition looks at, without the values that it compares with: those may be anybody's data. */
export type ConditionShape =
  | {
      readonly kind: Exclude<Condition["kind"], "filter" | "nested">;
      /** The payload path; missing where it looks at none. */
      readonly key?: string;
      /** How many values or ids it compares with, where it may be several. */
      readonly values?: number;
    }
  | { readonly kind: "nested"; readonly key: string; readonly filter: FilterShape }
  | { readonly kind: "filter"; readonly filter: FilterShape }
  | { readonly kind: "not"; readonly of: ConditionShape }
  /** At least so many of them. */
  | { readonly kind: "any"; readonly least: number; readonly of: readonly ConditionShape[] };

/** The clauses of a filter that it has. */
export interface FilterShape {
  readonly must?: readonly ConditionShape[];
  readonly should?: readonly ConditionShape[];
  readonly mustNot?: readonly ConditionShape[];
  readonly minShould?: { readonly minCount: number; readonly conditions: readonly ConditionShape[] };
}

/** Conditions of a clause that a shape shows; of the others it shows none. */
const SHOWN_MAX = 32;
/** Levels of conditions in conditions. */
const DEPTH_MAX = 4;

/** The shape of a condition; of one with very many parts, of the first of them. */
export function shapeOfCondition(condition: Condition, depth = 0): ConditionShape {
  switch (condition.kind) {
    case "filter":
      return { kind: "filter", filter: shapeOfFilter(condition.filter, depth + 1) };
    case "nested":
      return { kind: "nested", key: condition.key, filter: shapeOfFilter(condition.filter, depth + 1) };
    case "has-id":
      return { kind: condition.kind, values: condition.ids.length };
    case "match-any":
    case "match-except":
      return { kind: condition.kind, key: condition.key, values: condition.values.length };
    case "has-vector":
    case "slice":
      return { kind: condition.kind };
    default:
      return { kind: condition.kind, key: condition.key };
  }
}

/** The shape of a filter, as `shapeOfCondition`. */
export function shapeOfFilter({ must, should, mustNot, minShould }: Filter, depth = 0): FilterShape {
  const shapes = (conditions: readonly Condition[]) =>
    depth >= DEPTH_MAX ? [] : conditions.slice(0, SHOWN_MAX).map((one) => shapeOfCondition(one, depth));
  return {
    ...(must.length === 0 ? {} : { must: shapes(must) }),
    ...(should.length === 0 ? {} : { should: shapes(should) }),
    ...(mustNot.length === 0 ? {} : { mustNot: shapes(mustNot) }),
    ...(minShould === undefined
      ? {}
      : { minShould: { minCount: minShould.minCount, conditions: shapes(minShould.conditions) } }),
  };
}
