import { MurmurationError } from "../errors.js";
import type { Filter } from "../filter/condition.js";
import type { FieldAccess, OrderView } from "../payload/access.js";
import { compareNumbers } from "../payload/number.js";
import type { ValueGroup } from "../payload/payload-index.js";
import { comparePointIds, type PointId } from "../point/point-id.js";
import type { ReadonlyRowSet, RowSet } from "../row-set.js";
import { scrollRowsMax } from "../segment/reader.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import { matchingRows } from "./matching.js";
import type { Emit, ScrolledRecord, ScrollQuery } from "./query.js";
import type { ReadView } from "./read-view.js";
import { RecordReader } from "./records.js";
import { unheldGroups } from "./unheld-order.js";

/** Below this share of matching points, collecting and sorting them beats walking the ids in order. */
const SORT_SHARE = 1 / 8;

/** How many points match. */
export function* count(view: ReadView, filter: Filter | undefined): Sliced<number> {
  return filter === undefined ? view.points.size : (yield* matchingRows(view, filter)).size;
}

interface Identified {
  readonly row: number;
  readonly id: PointId;
}

/** What a page is made from. */
interface Page {
  readonly view: ReadView;
  readonly records: RecordReader;
  readonly matches: RowSet | undefined;
  readonly limit: number;
  readonly meter: Meter;
}

/** The rows in ascending order of their ids, those before `first` left out. */
function* sortedById(rows: Iterable<number>, { view, meter }: Page, first?: PointId): Sliced<Identified[]> {
  const identified: Identified[] = [];
  for (const row of rows) {
    const id = view.points.idAt(row);
    if (first === undefined || comparePointIds(id, first) >= 0) identified.push({ row, id });
    meter.steps++;
    if (meter.isDue()) yield "pause";
  }
  return yield* sortInSlices(identified, (a, b) => comparePointIds(a.id, b.id), meter);
}

/** Calls `visit` with the matching rows by ascending id until it returns false. */
function* visitById(page: Page, first: PointId | undefined, visit: (row: number) => boolean): Sliced<void> {
  const { view, matches, limit, meter } = page;
  const { points } = view;
  if (matches !== undefined && matches.size < points.size * SORT_SHARE) {
    for (const { row } of yield* sortedById(matches, page, first)) {
      if (!visit(row)) return;
      yield "pause";
    }
    return;
  }
  // one more than the page: the next one begins with it
  const rowsAtOnce = matches === undefined ? Math.min(limit + 1, scrollRowsMax) : scrollRowsMax;
  for (let from = first, isFirst = true; isFirst || from !== undefined; isFirst = false) {
    const { rows, next } = points.segment.scroll(from, rowsAtOnce, points.epoch);
    meter.steps += rows.length;
    for (const row of rows) {
      if (matches?.has(row) === false) continue;
      if (!visit(row)) return;
      yield "pause";
    }
    from = next;
    if (meter.isDue()) yield "pause";
  }
}

function orderedAccess({ points }: ReadView, key: string): FieldAccess & { readonly order: OrderView } {
  const access = points.accessTo(key);
  if (access?.order !== undefined) return { ...access, order: access.order };
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
export function* scroll(view: ReadView, query: ScrollQuery, emit: Emit<ScrolledRecord>): Sliced<PointId | null> {
  const { orderBy, limit } = query;
  const order = orderBy === undefined ? undefined : orderedAccess(view, orderBy.key);
  const records = new RecordReader(view, query.selection);
  const matches = query.filter === undefined ? undefined : yield* matchingRows(view, query.filter);
  const page = { view, records, matches, limit, meter: new Meter() };
  if (orderBy !== undefined && order !== undefined) {
    yield* emitOrdered(page, order, orderBy, emit);
    return null;
  }
  let emitted = 0;
  let next: PointId | null = null;
  yield* visitById(page, query.offset, (row) => {
    if (emitted++ === limit) {
      next = view.points.idAt(row);
      return false;
    }
    emit(records.recordAt(row));
    return true;
  });
  return next;
}

function* emitOrdered(
  page: Page,
  access: FieldAccess & { readonly order: OrderView },
  orderBy: NonNullable<ScrollQuery["orderBy"]>,
  emit: Emit<ScrolledRecord>,
): Sliced<void> {
  const { view, matches, limit, meter, records } = page;
  const { direction, startFrom } = orderBy;
  const among: ReadonlyRowSet = matches ?? (yield* view.points.visibleRows());
  let emitted = 0;
  function* emitGroup({ value, rows }: ValueGroup): Sliced<void> {
    for (const { row } of yield* sortedById(rows, page)) {
      if (emitted++ >= limit) return;
      emit({ ...records.recordAt(row), orderValue: value });
      yield "pause";
    }
  }
  // what the index does not hold is put in between
  const unheld = yield* unheldGroups(view, access, orderBy, among, meter);
  const sign = direction === "asc" ? 1 : -1;
  let at = 0;
  for (let after: number | bigint | undefined; emitted < limit; ) {
    const where = after !== undefined ? { after } : startFrom !== undefined ? { startFrom } : {};
    const groups = yield* access.order.nextGroups({ direction, limit: limit - emitted, ...where }, among, meter);
    for (const group of groups) {
      for (let next = unheld[at]; next !== undefined; next = unheld[++at]) {
        if (compareNumbers(next.value, group.value) * sign > 0 || emitted >= limit) break;
        yield* emitGroup(next);
      }
      if (emitted >= limit) return;
      yield* emitGroup(group);
      after = group.value;
    }
    if (groups.length > 0) continue;
    for (; at < unheld.length && emitted < limit; at++) yield* emitGroup(unheld[at] as ValueGroup);
    return;
  }
}
