import type { Filter } from "../filter/condition.js";
import type { PointId } from "../point/point-id.js";
import { Meter, type Sliced } from "../sliced.js";
import { type Visited, visitById } from "./by-id.js";
import { matchingRows } from "./matching.js";
import { orderedAccess, toldOrder, visitOrdered } from "./order-by.js";
import type { Emit, ScrolledRecord, ScrollQuery } from "./query.js";
import type { OrderBy } from "./query-node.js";
import type { ReadView } from "./read-view.js";
import { RecordReader } from "./records.js";

/** How many points match. */
export function* count(view: ReadView, filter: Filter | undefined): Sliced<number> {
  return filter === undefined ? view.points.size : (yield* matchingRows(view, filter)).size;
}

/** What a page is made from. */
interface Page extends Visited {
  readonly records: RecordReader;
}

/**
 * A page of points by ascending id, from `offset` (inclusive) on, or by an indexed number. Returns the id that the next page begins with
 * (`null`: none, or ordered by a number).
 */
export function* scroll(view: ReadView, query: ScrollQuery, emit: Emit<ScrolledRecord>): Sliced<PointId | null> {
  const { orderBy, limit } = query;
  if (orderBy !== undefined) orderedAccess(view, orderBy.key);
  const records = new RecordReader(view, query.selection);
  const matches = query.filter === undefined ? undefined : yield* matchingRows(view, query.filter);
  const page = { view, records, matches, limit, meter: new Meter() };
  if (orderBy !== undefined) {
    if (toldOrder(view, orderBy, limit, matches)) yield* emitOrdered(page, orderBy, emit);
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

function* emitOrdered(page: Page, orderBy: OrderBy, emit: Emit<ScrolledRecord>): Sliced<void> {
  const { view, records } = page;
  yield* visitOrdered(page, orderedAccess(view, orderBy.key), orderBy, (row, orderValue) =>
    emit({ ...records.recordAt(row), orderValue }),
  );
}
