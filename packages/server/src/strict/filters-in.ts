import type { Filter } from "@murmuration/index";

const clauses = ["must", "should", "mustNot"];

function isFilter(value: object): value is Filter {
  return clauses.every((clause) => clause in value && Array.isArray((value as { [key: string]: unknown })[clause]));
}

/** Values that are large and hold no filter. */
function isOpaque(value: unknown): boolean {
  return typeof value !== "object" || value === null || ArrayBuffer.isView(value);
}

/**
 * Every filter that stands in a read, wherever it stands: of the query itself, of what is fetched before it, of expressions. Filters inside of
 * filters are parts of these.
 */
export function* filtersIn(value: unknown): Generator<Filter> {
  if (isOpaque(value)) return;
  if (Array.isArray(value)) {
    // vectors, ids and the like are of one kind
    if (value.length > 0 && isOpaque(value[0])) return;
    for (const element of value) yield* filtersIn(element);
    return;
  }
  if (isFilter(value as object)) {
    yield value as Filter;
    return;
  }
  for (const child of Object.values(value as object)) yield* filtersIn(child);
}
