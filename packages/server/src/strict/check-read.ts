import type { Collection } from "@murmuration/core";
import type { StrictModeConfig } from "../http/schemas/strict-mode.js";
import type { Reading } from "../read/reading.js";
import { checkFilter, requireIndexed } from "./check-filter.js";
import { filtersIn } from "./filters-in.js";
import { formulaFieldsIn } from "./formula-fields.js";
import { requireWithin, strictError } from "./strict-error.js";

/** What a query asks for, by the names that it has in readings of every kind, and in what is fetched for them. */
interface Asked {
  readonly limit?: unknown;
  readonly efSearch?: unknown;
  readonly exact?: unknown;
  readonly isWithoutGraph?: unknown;
  readonly oversampling?: unknown;
}

function checkAsked(value: unknown, config: StrictModeConfig): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    if (typeof value[0] === "object") for (const element of value) checkAsked(element, config);
    return;
  }
  const { limit, efSearch, exact, isWithoutGraph, oversampling } = value as Asked;
  if (typeof limit === "number") requireWithin(limit, config.max_query_limit, "limit");
  if (typeof efSearch === "number") requireWithin(efSearch, config.search_max_hnsw_ef, "hnsw_ef");
  if (typeof oversampling === "number") requireWithin(oversampling, config.search_max_oversampling, "oversampling");
  // what is exact because there is no graph, nobody asked for
  if (exact === true && isWithoutGraph !== true && config.search_allow_exact === false)
    throw strictError("Exact search disabled!", "Set exact=false.");
  for (const [key, child] of Object.entries(value)) if (key !== "filter") checkAsked(child, config);
}

/** Throws where points are grouped by a path that has no index of whole values. */
function requireMatchable(path: string, { payloadIndexes }: Collection): void {
  const index = Object.hasOwn(payloadIndexes, path) ? payloadIndexes[path] : undefined;
  const help = "Create an index supporting `match` for this key.";
  if (index === undefined) throw strictError(`Index required but not found for "${path}"`, help);
  const isMatchable = index.kind === "integer" ? index.lookup !== false : matchableKinds.has(index.kind);
  if (!isMatchable) throw strictError(`Index of type "${index.kind}" found for "${path}"`, help);
}

const matchableKinds = new Set(["keyword", "uuid", "bool"]);

/** How much of a read limit a read takes. */
export function costOfRead(reading: Reading): number {
  if (reading.kind === "quality") return reading.query.samples * (1 + reading.query.widths.length);
  return reading.kind === "searches" ? Math.max(1, reading.searches.length) : 1;
}

/** Throws where a read asks for more than a collection in strict mode gives. */
export function checkRead(reading: Reading, config: StrictModeConfig, collection: Collection): void {
  if (reading.kind === "searches" && reading.isBatch)
    requireWithin(reading.searches.length, config.search_max_batchsize, "search_max_batchsize");
  checkAsked(reading, config);
  for (const filter of filtersIn(reading)) checkFilter(filter, config, collection, config.unindexed_filtering_retrieve);
  if (config.unindexed_filtering_retrieve !== false) return;
  requireIndexed(formulaFieldsIn(reading), collection);
  if (reading.kind === "groups") requireMatchable(reading.query.groupBy, collection);
}
