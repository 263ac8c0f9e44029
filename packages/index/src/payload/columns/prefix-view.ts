import { C_TABLE, V_BYTES, V_KEY } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { PrefixView } from "../access.js";
import type { ColumnPlace } from "./column-kind.js";
import { rowsOfValues } from "./keyed-column.js";

const encoder = new TextEncoder();
const TABLE_HEAD_BYTES = 16;
/** A place of the table is empty, or its value is gone. */
const GONE = 1;
/** A place is looked at in some nanoseconds. */
const PLACES_PER_STEP = 8;
const PLACES_AT_ONCE = 4_096;

/** Addresses of the values whose bytes begin with these. UTF-8 keeps prefixes: a string begins as its bytes do. */
function* valuesFrom({ engine, column }: ColumnPlace, prefix: Uint8Array, meter: Meter): Sliced<number[]> {
  const { u8, u32 } = engine;
  const found: number[] = [];
  // the table of now: of what an epoch shows all is in it, and what goes stays readable for those who are at that epoch
  const table = Atomics.load(u32, (column + C_TABLE) >>> 2);
  if (table === 0) return found;
  const places = (u32[table >>> 2] as number) + 1;
  const first = (table + TABLE_HEAD_BYTES) >>> 2;
  for (let i = 0; i < places; i++) {
    if (i % PLACES_AT_ONCE === PLACES_AT_ONCE - 1) {
      meter.steps += PLACES_AT_ONCE / PLACES_PER_STEP;
      if (meter.isDue()) yield "pause";
    }
    const value = Atomics.load(u32, first + i);
    if (value <= GONE || (u32[(value + V_BYTES) >>> 2] as number) < prefix.length) continue;
    let at = 0;
    while (at < prefix.length && u8[value + V_KEY + at] === prefix[at]) at++;
    if (at === prefix.length) found.push(value);
  }
  return found;
}

/** Rows by the beginning of a string: all values are passed over, which takes some milliseconds for a million. */
export function prefixView(place: ColumnPlace): PrefixView {
  return {
    *rowsWithPrefix(prefix, meter) {
      return yield* rowsOfValues(place, yield* valuesFrom(place, encoder.encode(prefix), meter), meter);
    },
  };
}
