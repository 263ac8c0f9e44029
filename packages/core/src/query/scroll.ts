import { comparePointIds, compileFilter, type Filter, MurmurationError, type RowSet } from "@murmuration/index";
import type { Shard } from "../state/shard.js";
import { recordAt } from "./records.js";
import type { ScrollPage, ScrollRequest } from "./request.js";

/** Below this share of matching points, collecting and sorting them beats walking the ids in order. */
const SORT_SHARE = 1 / 8;

/** How many live points match. */
export function count(shard: Shard, filter: Filter | undefined): number {
  return filter === undefined ? shard.table.size : compileFilter(filter, shard.table).size;
}

function* rowsById(
  shard: Shard,
  offset: ScrollRequest["offset"],
  matches: RowSet | undefined,
): IterableIterator<number> {
  const { table } = shard;
  if (matches !== undefined && matches.size < table.size * SORT_SHARE) {
    const rows = [...matches].filter((row) => offset === undefined || comparePointIds(table.at(row).id, offset) >= 0);
    yield* rows.sort((a, b) => comparePointIds(table.at(a).id, table.at(b).id));
    return;
  }
  for (const row of table.rowsFrom(offset)) if (matches === undefined || matches.has(row)) yield row;
}

/** A page of points by ascending id, from `offset` (inclusive) on, or by an indexed number. */
export function scroll(shard: Shard, request: ScrollRequest): ScrollPage {
  const matches = request.filter === undefined ? undefined : compileFilter(request.filter, shard.table);
  if (request.orderBy !== undefined) return scrollOrdered(shard, request, request.orderBy, matches);
  const points: ScrollPage["points"][number][] = [];
  for (const row of rowsById(shard, request.offset, matches)) {
    if (points.length === request.limit) return { points, nextOffset: shard.table.at(row).id };
    points.push(recordAt(shard, row, request.selection));
  }
  return { points, nextOffset: null };
}

function scrollOrdered(
  shard: Shard,
  request: ScrollRequest,
  orderBy: NonNullable<ScrollRequest["orderBy"]>,
  matches: RowSet | undefined,
): ScrollPage {
  const { table } = shard;
  const groups = table.indexOn(orderBy.key)?.ordered(orderBy.direction, orderBy.startFrom);
  if (groups === undefined) {
    throw new MurmurationError(
      "wrong-input",
      `No range index for \`order_by\` key: \`${orderBy.key}\`. Please create one to use \`order_by\`. ` +
        "Integer and float indexes have a range.",
      "order_by.key",
    );
  }
  const points: ScrollPage["points"][number][] = [];
  for (const { value, rows } of groups) {
    const sorted = [...rows].filter((row) => matches === undefined || matches.has(row));
    sorted.sort((a, b) => comparePointIds(table.at(a).id, table.at(b).id));
    for (const row of sorted) {
      if (points.length === request.limit) return { points, nextOffset: null };
      points.push({ ...recordAt(shard, row, request.selection), orderValue: value });
    }
  }
  return { points, nextOffset: null };
}
