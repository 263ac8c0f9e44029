import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { A_PAIRS, PAIRS, WINDOW_ROWS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { OrderRequest, OrderView } from "../access.js";
import type { ValueGroup } from "../payload-index.js";
import type { ColumnPlace } from "./column-kind.js";
import type { NumberKeys } from "./number-keys.js";
import { askAmong, rowEnd, scannedRows } from "./scanned-rows.js";

/** A row that is looked at costs some nanoseconds. */
const ROWS_PER_STEP = 16;
/** Least pairs of a page: a smaller one costs as much. */
const PAGE_PAIRS_MIN = 256;

interface Pair {
  /** Or its complement, in descending order. */
  readonly key: bigint;
  readonly row: number;
}

function inOrder(a: Pair, b: Pair): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : a.row - b.row;
}

/** Of the rows given, the `limit` first keys from `first` to `last`, in order; of equal keys, those of the lowest rows. */
function* firstPairs(
  { engine, column }: ColumnPlace,
  among: ReadonlyRowSet,
  { first, last, flip }: { readonly first: bigint; readonly last: bigint; readonly flip: bigint },
  limit: number,
  meter: Meter,
): Sliced<Pair[]> {
  const { u32, i64, area } = engine;
  const pairs = area + A_PAIRS;
  const end = Math.min(rowEnd(engine), among.wordCount * 32);
  let best: Pair[] = [];
  for (let from = 0; from < end; from += WINDOW_ROWS) {
    const to = Math.min(end, from + WINDOW_ROWS);
    if (!askAmong(engine, among, from, to)) continue;
    // what comes after all that are known already is of no use
    const bound = best.length < limit ? last : (best.at(-1)?.key ?? last);
    const found = engine.leastKeys(column, from, to, first, bound, flip, limit) >>> 0;
    for (let i = 0, at = pairs; i < found; i++, at += 16) {
      best.push({ key: i64[at >>> 3] as bigint, row: u32[(at + 8) >>> 2] as number });
    }
    best = best.sort(inOrder).slice(0, limit);
    meter.steps += (to - from) / ROWS_PER_STEP;
    if (meter.isDue()) yield "pause";
  }
  return best;
}

/** Order of a column's numbers. Each page passes over the rows given, and no order is kept for it. */
export function orderView(place: ColumnPlace, keys: NumberKeys): OrderView {
  const { engine, column, epoch } = place;
  return {
    unheldPlace: (value) => keys.unheldOf(value),
    *nextGroups(request: OrderRequest, among: ReadonlyRowSet, meter: Meter): Sliced<ValueGroup[]> {
      const { direction, startFrom, after } = request;
      const isUp = direction === "asc";
      const range = keys.rangeOf({
        ...(startFrom === undefined ? {} : isUp ? { gte: startFrom } : { lte: startFrom }),
        ...(after === undefined ? {} : isUp ? { gt: after } : { lt: after }),
      });
      if (range === undefined) return [];
      const span = isUp
        ? { first: range.low, last: range.high, flip: 0n }
        : { first: ~range.high, last: ~range.low, flip: -1n };
      const limit = Math.min(Math.max(request.limit, PAGE_PAIRS_MIN), PAIRS);
      const pairs = yield* firstPairs(place, among, span, limit, meter);
      const groups = new Map<bigint, number[]>();
      for (const { key, row } of pairs) {
        const rows = groups.get(key);
        if (rows === undefined) groups.set(key, [row]);
        else rows.push(row);
      }
      const lastKey = pairs.at(-1)?.key;
      const found: ValueGroup[] = [];
      for (const [flipped, rows] of groups) {
        const key = flipped ^ span.flip;
        const value = keys.valueOf(Number(BigInt.asUintN(32, key)), Number(BigInt.asUintN(32, key >> 32n)));
        if (flipped !== lastKey || pairs.length < limit) {
          found.push({ value, rows });
          continue;
        }
        // more rows may have the last value than the page has room for
        const scan = (from: number, to: number) => engine.scanNumbers(column, from, to, key, key, epoch);
        const all = new RowSet();
        all.or(yield* scannedRows(engine, scan, meter));
        all.and(among);
        found.push({ value, rows: all });
      }
      return found;
    },
  };
}
