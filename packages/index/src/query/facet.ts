import { MurmurationError } from "../errors.js";
import type { IndexableValue } from "../payload/payload-index.js";
import { isPlanted } from "../planted.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import { matchingRows } from "./matching.js";
import type { FacetHit, FacetQuery } from "./query.js";
import type { ReadView } from "./read-view.js";

const noIndex = (key: string) =>
  new MurmurationError(
    "wrong-input",
    `No appropriate index for faceting: \`${key}\`. Please create one to facet on this field. ` +
      "Keyword, integer (with lookup), bool and uuid indexes can be used.",
    "key",
  );

/** Values of one index are of one type, numbers as `number` or `bigint`. */
function compareValues(a: IndexableValue, b: IndexableValue): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Values of an indexed path and how many of the points that match have each, most first, equal counts by ascending value. Always exact. Throws
 * `wrong-input` where no index knows values.
 */
export function* facet(view: ReadView, query: FacetQuery): Sliced<FacetHit[]> {
  const { key, filter, limit } = query;
  const { points } = view;
  const access = points.accessTo(key);
  if (access?.facet === undefined || access.equality === undefined) throw noIndex(key);
  const meter = new Meter();
  const among = filter === undefined ? yield* points.visibleRows() : yield* matchingRows(view, filter);
  view.watch?.enter("walk");
  const counts = yield* access.facet.countsAmong(among, meter);
  const hits: FacetHit[] = [];
  for (const [value, count] of counts) hits.push({ value, count });
  const compareTies = isPlanted("facet-ties-as-met") ? () => 0 : compareValues;
  const sorted = yield* sortInSlices(hits, (a, b) => b.count - a.count || compareTies(a.value, b.value), meter);
  return sorted.slice(0, limit);
}
