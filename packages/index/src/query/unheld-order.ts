import type { FieldAccess, OrderView } from "../payload/access.js";
import { compareNumbers } from "../payload/number.js";
import { parsePath, valuesAt } from "../payload/path.js";
import type { ValueGroup } from "../payload/payload-index.js";
import { parsePayload } from "../payload/payload-text.js";
import type { ReadonlyRowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import type { OrderBy } from "./query-node.js";
import type { ReadView } from "./read-view.js";

/** A payload that is read and parsed costs some microseconds. */
const STEPS_PER_PAYLOAD = 64;

/**
 * Numbers that have a place in an order and that the index does not hold, of the rows given, from `startFrom` on: their rows are looked at one by one.
 * They are few, unless a float index is made over integers that no float equals.
 */
export function* unheldGroups(
  { points }: ReadView,
  { presence, order }: FieldAccess & { readonly order: OrderView },
  { key, direction, startFrom }: OrderBy,
  among: ReadonlyRowSet,
  meter: Meter,
): Sliced<ValueGroup[]> {
  if (presence.countIn("unheld-number") === 0) return [];
  const path = parsePath(key);
  const sign = direction === "asc" ? 1 : -1;
  const groups = new Map<number | bigint, number[]>();
  for (const row of yield* presence.rowsIn("unheld-number", meter)) {
    meter.steps++;
    if (among.has(row)) {
      for (const value of new Set(valuesAt(points.readPayload(row, parsePayload), path).map(order.unheldPlace))) {
        if (value === undefined || (startFrom !== undefined && compareNumbers(value, startFrom) * sign < 0)) continue;
        const rows = groups.get(value);
        if (rows === undefined) groups.set(value, [row]);
        else rows.push(row);
      }
      meter.steps += STEPS_PER_PAYLOAD;
    }
    if (meter.isDue()) yield "pause";
  }
  const unsorted = Array.from(groups, ([value, rows]) => ({ value, rows }));
  return yield* sortInSlices(unsorted, (a, b) => compareNumbers(a.value, b.value) * sign, meter);
}
