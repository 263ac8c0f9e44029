import type { Collection } from "@murmuration/core";
import type { Condition, Filter } from "@murmuration/index";
import type { StrictModeConfig } from "../http/schemas/strict-mode.js";
import { type AskedField, fieldsOf, unindexedAmong } from "./filter-fields.js";
import { strictError } from "./strict-error.js";

/** Every condition of a filter that is no filter itself. */
function* conditionsOf({ must, should, mustNot, minShould }: Filter): Generator<Condition> {
  for (const condition of [...must, ...should, ...mustNot, ...(minShould?.conditions ?? [])]) {
    if (condition.kind === "filter" || condition.kind === "nested") yield* conditionsOf(condition.filter);
    else yield condition;
  }
}

/** How many values, ids or points a condition names. */
function sizeOf(condition: Condition): number {
  switch (condition.kind) {
    case "match-any":
    case "match-except":
      return condition.values.length;
    case "has-id":
      return condition.ids.length;
    case "geo-polygon":
      return condition.interiors.reduce((sum, ring) => sum + ring.length, condition.exterior.length);
    default:
      return 1;
  }
}

/** Throws where a filter is larger than a collection in strict mode takes, or asks about a path that must have an index and has none. */
export function checkFilter(
  filter: Filter,
  config: StrictModeConfig,
  collection: Collection,
  mayBeUnindexed: boolean | undefined,
): void {
  if (config.filter_max_conditions !== undefined || config.condition_max_size !== undefined) {
    let count = 0;
    for (const condition of conditionsOf(filter)) {
      count++;
      const size = sizeOf(condition);
      if (config.condition_max_size !== undefined && size > config.condition_max_size) {
        const problem = `Condition size limit reached (${size} > ${config.condition_max_size})`;
        throw strictError(problem, "Reduce the size of your condition.");
      }
    }
    if (config.filter_max_conditions !== undefined && count > config.filter_max_conditions) {
      const problem = `Filter condition limit reached (${count} > ${config.filter_max_conditions})`;
      throw strictError(problem, "Reduce the amount of conditions of your filter.");
    }
  }
  if (mayBeUnindexed !== false) return;
  requireIndexed(fieldsOf(filter), collection);
}

/** Throws where one of these paths has no index that answers what is asked about it. */
export function requireIndexed(fields: Iterable<AskedField>, collection: Collection): void {
  const field = unindexedAmong(fields, collection);
  if (field === undefined) return;
  throw strictError(
    `Index required but not found for "${field.key}" of one of the following types: [${[...field.kinds].sort().join(", ")}]`,
    "Create an index for this key or use a different filter.",
  );
}
