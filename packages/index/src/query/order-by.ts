import { MurmurationError } from "../errors.js";
import type { FieldAccess, OrderView } from "../payload/access.js";
import { compareNumbers } from "../payload/number.js";
import type { ValueGroup } from "../payload/payload-index.js";
import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortedById, type Visited } from "./by-id.js";
import type { OrderBy } from "./query-node.js";
import { type Asked, nothingRanked, type Ranked } from "./ranked.js";
import type { ReadView } from "./read-view.js";
import { unheldGroups } from "./unheld-order.js";

/** What the column of a path answers, where it has an order. Throws `wrong-input` where there is none. */
export function orderedAccess({ points }: ReadView, key: string): FieldAccess & { readonly order: OrderView } {
  const access = points.accessTo(key);
  if (access?.order !== undefined) return { ...access, order: access.order };
  throw new MurmurationError(
    "wrong-input",
    `No range index for \`order_by\` key: \`${key}\`. Please create one to use \`order_by\`. ` +
      "Integer, float and datetime indexes have a range.",
    "order_by.key",
  );
}

/**
 * Calls `visit` with the matching rows and the value that each is ordered by, `limit` of them; a row with several values comes several times, those
 * of one value by ascending id.
 */
export function* visitOrdered(
  visited: Visited,
  access: FieldAccess & { readonly order: OrderView },
  orderBy: OrderBy,
  visit: (row: number, value: number | bigint) => void,
): Sliced<void> {
  const { view, matches, limit, meter } = visited;
  const { direction, startFrom } = orderBy;
  const among: ReadonlyRowSet = matches ?? (yield* view.points.visibleRows());
  let count = 0;
  function* visitGroup({ value, rows }: ValueGroup): Sliced<void> {
    const byId = yield* sortedById(rows, visited);
    if (isPlanted("order-ties-by-row")) byId.sort((a, b) => a.row - b.row);
    for (const { row } of byId) {
      if (count++ >= limit) return;
      visit(row, value);
      yield "pause";
    }
  }
  // what the index does not hold is put in between
  const unheld = yield* unheldGroups(view, access, orderBy, among, meter);
  const sign = direction === "asc" ? 1 : -1;
  let at = 0;
  for (let after: number | bigint | undefined; count < limit; ) {
    const where = after !== undefined ? { after } : startFrom !== undefined ? { startFrom } : {};
    const groups = yield* access.order.nextGroups({ direction, limit: limit - count, ...where }, among, meter);
    for (const group of groups) {
      for (let next = unheld[at]; next !== undefined; next = unheld[++at]) {
        if (compareNumbers(next.value, group.value) * sign > 0 || count >= limit) break;
        yield* visitGroup(next);
      }
      if (count >= limit) return;
      yield* visitGroup(group);
      after = group.value;
    }
    if (groups.length > 0) continue;
    for (; at < unheld.length && count < limit; at++) yield* visitGroup(unheld[at] as ValueGroup);
    return;
  }
}

/** Tells whoever watches that points are taken in the order of an indexed number. Returns whether they are to be taken. */
export function toldOrder(
  { watch, points }: ReadView,
  { key }: OrderBy,
  limit: number,
  matches: ReadonlyRowSet | undefined,
) {
  watch?.plan.decided({ method: "order", key, limit, matches: matches?.size ?? points.size });
  watch?.enter("walk");
  return watch?.isDry !== true;
}

/** Points in the order of an indexed number. They are no better than each other: their score is 0. */
export function* rankOrdered(view: ReadView, orderBy: OrderBy, asked: Asked): Sliced<Ranked> {
  const { matching, wanted, parameters } = asked;
  const access = orderedAccess(view, orderBy.key);
  if (parameters.isPrefetched !== true && !toldOrder(view, orderBy, wanted, matching)) return nothingRanked;
  const rows: number[] = [];
  const orderValues: (number | bigint)[] = [];
  const visited = { view, matches: matching, limit: wanted, meter: new Meter() };
  yield* visitOrdered(visited, access, orderBy, (row, value) => {
    rows.push(row);
    orderValues.push(value);
  });
  return { rows, scores: rows.map(() => 0), orderValues, isSettled: undefined };
}
