import { isPlanted } from "../../planted.js";
import { RowSet } from "../../row-set.js";
import { GEO_CELLS } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { GeoView, Region } from "../access.js";
import { type GeoPoint, geoPointOf } from "../geo.js";
import { cellOf } from "./cell.js";
import type { ColumnKind, ColumnPlace } from "./column-kind.js";
import { noNumbersInRange } from "./no-numbers.js";
import { presenceView } from "./presence-view.js";
import { scannedRows } from "./scanned-rows.js";

const WORDS = 4;
/** A test of a place costs so much. */
const STEPS_PER_TEST = 2;

const place = new Float64Array(2);
const placeWords = new Uint32Array(place.buffer);

/** Does one of a row's places pass? */
function somePasses({ engine, column }: ColumnPlace, row: number, test: NonNullable<Region["test"]>): boolean {
  const { u32 } = engine;
  const { at, isSeveral } = cellOf(engine, column, row, WORDS);
  const values = isSeveral ? (u32[at] as number) >>> 2 : 0;
  const count = isSeveral ? (u32[values] as number) : 1;
  for (let i = 0; i < count; i++) {
    const first = isSeveral ? values + 2 + i * WORDS : at;
    placeWords.set(u32.subarray(first, first + WORDS));
    if (test(place[0] as number, place[1] as number)) return true;
  }
  return false;
}

function* rowsWithin(where: ColumnPlace, { boxes, test }: Region, meter: Meter): Sliced<RowSet> {
  const { engine, column, epoch } = where;
  const rows = new RowSet();
  for (const { west, south, east, north } of boxes) {
    const scan = (from: number, to: number) => engine.scanBox(column, from, to, west, south, east, north, epoch);
    rows.or(yield* scannedRows(engine, scan, meter));
  }
  if (test === undefined) return rows;
  for (const row of rows) {
    meter.steps += STEPS_PER_TEST;
    if (!somePasses(where, row, test)) rows.delete(row);
    if (meter.isDue()) yield "pause";
  }
  return rows;
}

function geoView(where: ColumnPlace): GeoView {
  return { rowsWithin: (region, meter) => rowsWithin(where, region, meter) };
}

/** Places, as two floats of 64 bits: boxes by a scan, other regions by a test of the places in their boxes. */
export const geoColumn: ColumnKind = {
  cellsFor: () => GEO_CELLS,
  cellWords: WORDS,
  keyOf: geoPointOf,
  held: (keys) => ({
    count: isPlanted("place-left-out") && keys.length > 1 ? keys.length - 1 : keys.length,
    flags: 0,
    write(i, { u32 }, _column, at) {
      const { lon, lat } = keys[i] as GeoPoint;
      place[0] = lon;
      place[1] = lat;
      u32.set(placeWords, at);
      return true;
    },
  }),
  access: (where) => ({ presence: presenceView(where), range: noNumbersInRange, geo: geoView(where) }),
};
