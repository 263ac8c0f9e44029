import type { TextIndexes } from "../payload/schema.js";
import type { Condition, Filter } from "./condition.js";
import { elementPath } from "./nested.js";

function bound(condition: Condition, indexes: TextIndexes, base: string): Condition {
  switch (condition.kind) {
    case "match-text": {
      const path = base + condition.key;
      return Object.hasOwn(indexes, path)
        ? { ...condition, analysis: indexes[path] as TextIndexes[string] }
        : condition;
    }
    case "filter":
      return { ...condition, filter: boundFilter(condition.filter, indexes, base) };
    case "nested": {
      const inner = `${base}${elementPath(condition.key).text}.`;
      return { ...condition, filter: boundFilter(condition.filter, indexes, inner) };
    }
    default:
      return condition;
  }
}

function boundFilter({ must, should, mustNot, minShould }: Filter, indexes: TextIndexes, base: string): Filter {
  const all = (conditions: readonly Condition[]) => conditions.map((one) => bound(one, indexes, base));
  return {
    must: all(must),
    should: all(should),
    mustNot: all(mustNot),
    ...(minShould === undefined ? {} : { minShould: { ...minShould, conditions: all(minShould.conditions) } }),
  };
}

/**
 * A filter whose text conditions say how terms are found, where the collection has a text index on their path: that decides what they mean,
 * whether or not the index is built already. A filter means the same wherever the same indexes are known.
 */
export function bindTexts(filter: Filter, indexes: TextIndexes | undefined): Filter {
  return indexes === undefined ? filter : boundFilter(filter, indexes, "");
}
