import { MurmurationError } from "../errors.js";
import type { Filter } from "../filter/condition.js";
import type { FieldAccess, OrderView } from "../payload/access.js";
import { compareNumbers } from "../payload/number.js";
import type { ValueGroup } from "../payload/payload-index.js";
import type { PointId } from "../point/point-id.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortedById, type Visited, visitById } from "./by-id.js";
import { matchingRows } from "./matching.js";
import type { Emit, ScrolledRecord, ScrollQuery } from "./query.js";
import type { ReadView } from "./read-view.js";
import { RecordReader } from "./records.js";
import { unheldGroups } from "./unheld-order.js";

/** How many points match. */
export function* count(view: ReadView, filter: Filter | undefined): Sliced<number> {
  return filter === undefined ? view.points.size : (yield* matchingRows(view, filter)).size;
}

/** What a page is made from. */
interface Page extends Visited {
  readonly records: RecordReader;
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
