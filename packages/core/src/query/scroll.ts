import {
  comparePointIds,
  type Filter,
  finish,
  Meter,
  MurmurationError,
  type PayloadIndex,
  type PointId,
  type RowSet,
  type Sliced,
  sortInSlices,
  type ValueGroup,
} from "@murmuration/index";
import type { Shard } from "../state/shard.js";
import type { OrderedRows } from "../state/table-rows.js";
import { matchingRows } from "./matching.js";
import { RecordReader } from "./records.js";
import type { Emit, ScrolledPoint, ScrollPage, ScrollRequest } from "./request.js";

/** Below this share of matching points, collecting and sorting them beats walking the ids in order. */
const SORT_SHARE = 1 / 8;

/** How many live points match. */
export function* countInSlices(shard: Shard, filter: Filter | undefined): Sliced<number> {
  const { size } = filter === undefined ? shard.table : yield* matchingRows(shard.table, filter);
  yield "fixed";
  return size;
}

/** The same at once. */
export function count(shard: Shard, filter: Filter | undefined): number {
  return finish(countInSlices(shard, filter));
}

/** What a page is made from, as of one moment. */
interface Frozen {
  readonly records: RecordReader;
  readonly ordered: OrderedRows;
  /** Number of live points. */
  readonly size: number;
  readonly matches: RowSet | undefined;
  readonly meter: Meter;
}

/** The rows in ascending order of their ids. */
function sortedById(rows: readonly number[], { records, meter }: Frozen): Sliced<number[]> {
  const { points } = records;
  return sortInSlices(rows, (a, b) => comparePointIds(points.at(a).id, points.at(b).id), meter);
}

/** Calls `visit` with the matching rows by ascending id until it returns false. */
function* visitById(frozen: Frozen, first: PointId | undefined, visit: (row: number) => boolean): Sliced<void> {
  const { matches, meter, ordered, records } = frozen;
  let rows: Iterable<number> = ordered.from(first);
  if (matches !== undefined && matches.size < frozen.size * SORT_SHARE) {
    const collected: number[] = [];
    for (const row of matches) {
      if (first === undefined || comparePointIds(records.points.at(row).id, first) >= 0) collected.push(row);
      meter.steps++;
      if (meter.isDue()) yield "pause";
    }
    rows = yield* sortedById(collected, frozen);
  }
  for (const row of rows) {
    meter.steps++;
    if (matches === undefined || matches.has(row)) {
      if (!visit(row)) return;
      yield "pause";
    } else if (meter.isDue()) yield "pause";
  }
}

function orderingIndex(shard: Shard, key: string): PayloadIndex {
  const index = shard.table.indexOn(key);
  if (index?.servesOrder === true) return index;
  throw new MurmurationError(
    "wrong-input",
    `No range index for \`order_by\` key: \`${key}\`. Please create one to use \`order_by\`. ` +
      "Integer and float indexes have a range.",
    "order_by.key",
  );
}

/**
 * A page of points by ascending id, from `offset` (inclusive) on, or by an indexed number. Returns the id that the next page begins with
 * (`null`: none, or ordered by a number).
 */
export function* scrollInSlices(
  shard: Shard,
  request: ScrollRequest,
  emit: Emit<ScrolledPoint>,
): Sliced<PointId | null> {
  const { orderBy, limit } = request;
  if (orderBy !== undefined) orderingIndex(shard, orderBy.key);
  const matches = request.filter === undefined ? undefined : yield* matchingRows(shard.table, request.filter);
  // the index may be another one by now
  const order = orderBy === undefined ? undefined : orderingIndex(shard, orderBy.key).freezeOrder();
  const records = new RecordReader(shard, request.selection);
  try {
    const { table } = shard;
    const frozen = { records, ordered: table.orderedRows(), size: table.size, matches, meter: new Meter() };
    yield "fixed";
    if (orderBy !== undefined && order !== undefined) {
      yield* emitOrdered(frozen, order.groups(orderBy.direction, orderBy.startFrom), limit, emit);
      return null;
    }
    let emitted = 0;
    let next: PointId | null = null;
    yield* visitById(frozen, request.offset, (row) => {
      if (emitted++ === limit) {
        next = records.points.at(row).id;
        return false;
      }
      emit(records.recordAt(row));
      return true;
    });
    return next;
  } finally {
    order?.end();
    records.end();
  }
}

function* emitOrdered(
  frozen: Frozen,
  groups: Iterable<ValueGroup>,
  limit: number,
  emit: Emit<ScrolledPoint>,
): Sliced<void> {
  const { matches, meter, records } = frozen;
  let emitted = 0;
  for (const { value, rows } of groups) {
    const matching: number[] = [];
    for (const row of rows) {
      if (matches === undefined || matches.has(row)) matching.push(row);
      meter.steps++;
      if (meter.isDue()) yield "pause";
    }
    for (const row of yield* sortedById(matching, frozen)) {
      if (emitted++ === limit) return;
      emit({ ...records.recordAt(row), orderValue: value });
      yield "pause";
    }
  }
}

/** The same at once. */
export function scroll(shard: Shard, request: ScrollRequest): ScrollPage {
  const points: ScrolledPoint[] = [];
  const nextOffset = finish(scrollInSlices(shard, request, (point) => points.push(point)));
  return { points, nextOffset };
}
