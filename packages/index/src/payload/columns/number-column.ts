import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import {
  A_INPUT,
  C_DIRECTORY,
  CHUNK_ROWS,
  K_BYTES,
  K_GREATEST,
  K_LEAST,
  K_SETS,
  LOOKED_UP_CELLS,
  NUMBER_CELLS,
} from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { EqualityView, FieldAccess, RangeView } from "../access.js";
import type { IndexableValue, RangeBounds } from "../payload-index.js";
import type { PayloadIndexSchema } from "../schema.js";
import type { ColumnKind, ColumnPlace } from "./column-kind.js";
import { facetView } from "./facet-view.js";
import type { KeyRange, NumberKeys } from "./number-keys.js";
import { orderView } from "./order-view.js";
import { postedRows, rowsOfValue, united } from "./posted-rows.js";
import { presenceView } from "./presence-view.js";
import { rowEnd, scannedRows } from "./scanned-rows.js";

/** Numbers that are looked up by a scan each: a guess of the share of rows that has one of them. */
const SHARE_OF_VALUE = 1 / 16;
const STEPS_PER_VALUE = 8;

/** The rows with keys in a range. */
export function rowsInKeys({ engine, column, epoch }: ColumnPlace, range: KeyRange, meter: Meter): Sliced<RowSet> {
  const { low, high } = range;
  return scannedRows(engine, (from, to) => engine.scanNumbers(column, from, to, low, high, epoch), meter);
}

/** Address of a number that is looked up; 0: no row has it. */
function find({ engine, column }: ColumnPlace, keys: NumberKeys, held: number | bigint): number {
  keys.write(held, engine.u32, (engine.area + A_INPUT) >>> 2);
  return engine.findValue(column, engine.area + A_INPUT, 8) >>> 0;
}

function* rowsMatching(
  place: ColumnPlace,
  keys: NumberKeys,
  isLookedUp: boolean,
  values: readonly IndexableValue[],
  meter: Meter,
): Sliced<ReadonlyRowSet> {
  let rows: RowSet | undefined;
  const wanted = new Set<number | bigint | undefined>();
  for (const value of values) {
    wanted.add(keys.keyOf(value));
    meter.steps += 2;
    if (meter.isDue()) yield "pause";
  }
  wanted.delete(undefined);
  for (const held of wanted as Set<number | bigint>) {
    const found = isLookedUp ? find(place, keys, held) : 0;
    meter.steps += STEPS_PER_VALUE;
    const posted = found === 0 ? undefined : yield* postedRows(place, found, meter);
    const range = keys.rangeOf({ gte: held, lte: held });
    if (posted !== undefined) rows = united(rows, posted);
    else if (range !== undefined && (found !== 0 || !isLookedUp)) {
      rows = united(rows, yield* rowsInKeys(place, range, meter));
    }
    if (meter.isDue()) yield "pause";
  }
  return rows ?? new RowSet();
}

function equalityView(place: ColumnPlace, keys: NumberKeys, isLookedUp: boolean): EqualityView {
  return {
    holds: (value) => keys.keyOf(value) !== undefined,
    rowsMatching: (values, meter) => rowsMatching(place, keys, isLookedUp, values, meter),
    estimateMatching(values) {
      let rows = 0;
      for (const value of values) {
        const held = keys.keyOf(value);
        if (held === undefined) continue;
        if (!isLookedUp) rows += presenceView(place).countIn("valued") * SHARE_OF_VALUE;
        else {
          const found = find(place, keys, held);
          if (found !== 0) rows += rowsOfValue(place, found);
        }
      }
      return Math.ceil(rows);
    },
  };
}

/** Least and greatest of all numbers that were ever entered, as of the words of their chunks. */
function extremes({ engine, column }: ColumnPlace, keys: NumberKeys): readonly [number, number] {
  const { u32 } = engine;
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const directory = u32[(column + C_DIRECTORY) >>> 2] as number;
  const valueAt = (at: number) => Number(keys.valueOf(u32[at >>> 2] as number, u32[(at >>> 2) + 1] as number));
  for (let row = 0, chunk = directory; row < rowEnd(engine); row += CHUNK_ROWS, chunk += K_BYTES) {
    if (u32[(chunk + K_SETS) >>> 2] === 0) continue;
    least = Math.min(least, valueAt(chunk + K_LEAST));
    greatest = Math.max(greatest, valueAt(chunk + K_GREATEST));
  }
  return [least, greatest];
}

function estimateInRange(place: ColumnPlace, keys: NumberKeys, bounds: RangeBounds): number {
  const rows = presenceView(place).countIn("valued");
  if (keys.rangeOf(bounds) === undefined) return 0;
  const [least, greatest] = extremes(place, keys);
  const low = Math.max(least, Number(bounds.gte ?? bounds.gt ?? least));
  const high = Math.min(greatest, Number(bounds.lte ?? bounds.lt ?? greatest));
  const share = (high - low) / (greatest - least);
  return Number.isFinite(share) ? Math.ceil(Math.min(Math.max(share, 0), 1) * rows) : rows;
}

function rangeView(place: ColumnPlace, keys: NumberKeys): RangeView {
  return {
    missed: "unheld-number",
    *rowsInRange(bounds, meter) {
      const range = keys.rangeOf(bounds);
      return range === undefined ? new RowSet() : yield* rowsInKeys(place, range, meter);
    },
    estimateInRange: (bounds) => estimateInRange(place, keys, bounds),
    entriesInRange: () => 0,
  };
}

/** What a number column serves. */
export interface NumberServices {
  readonly equality: boolean;
  /** Equality by a table of values, not by scans. */
  readonly isLookedUp: boolean;
  readonly range: boolean;
}

/** A kind of column of numbers. */
export function numberColumn(keys: NumberKeys, servicesOf: (schema: PayloadIndexSchema) => NumberServices): ColumnKind {
  return {
    cellsFor: (schema) => (servicesOf(schema).isLookedUp ? LOOKED_UP_CELLS : NUMBER_CELLS),
    cellWords: 2,
    keyOf: (value) => keys.keyOf(value),
    held: (held) => ({
      count: held.length,
      flags: 0,
      write(i, { u32 }, _column, at) {
        keys.write(held[i] as number | bigint, u32, at);
        return true;
      },
    }),
    access(place, schema): FieldAccess {
      const { equality, isLookedUp, range } = servicesOf(schema);
      return {
        presence: presenceView(place),
        ...(equality ? { equality: equalityView(place, keys, isLookedUp) } : {}),
        ...(range ? { range: rangeView(place, keys), order: orderView(place, keys) } : {}),
        facet: facetView(place, 2, (low, high) => keys.valueOf(low, high)),
      };
    },
  };
}
