import { type ReadonlyRowSet, RowSet } from "../../row-set.js";
import { A_INPUT, KEYWORD_CELLS, V_BYTES, V_KEY } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import { textFromUtf8 } from "../../text.js";
import type { EqualityView, FieldAccess } from "../access.js";
import type { Json } from "../json.js";
import type { IndexableValue } from "../payload-index.js";
import { keywordBytesMax } from "../payload-limits.js";
import type { ColumnEngine } from "./column-engine.js";
import type { ColumnKind, ColumnPlace, HeldValues } from "./column-kind.js";
import { facetView } from "./facet-view.js";
import { noNumbersInRange } from "./no-numbers.js";
import { postedRows, rowsOfValue, united } from "./posted-rows.js";
import { presenceView } from "./presence-view.js";
import { scannedRows } from "./scanned-rows.js";

const encoder = new TextEncoder();
/** Values that one scan looks for. */
const VALUES_PER_SCAN = 8;
/** Values that are looked up between two pauses at most. */
const VALUES_AT_ONCE = 256;
const STEPS_PER_VALUE = 8;

/** The string, if a column holds it. */
function keyOf(value: Json): string | undefined {
  if (typeof value !== "string" || value.length > keywordBytesMax) return undefined;
  // a UTF-16 unit is 3 bytes at most
  if (value.length * 3 <= keywordBytesMax) return value;
  return encoder.encode(value).length <= keywordBytesMax ? value : undefined;
}

/** Puts a key's bytes into the thread's input; returns how many. */
function putKey({ u8, area }: ColumnEngine, key: string): number {
  // into memory of its own first: an encoder does not write to memory that threads share
  const bytes = encoder.encode(key);
  u8.set(bytes, area + A_INPUT);
  return bytes.length;
}

/** Address of a value; 0: no row has it. */
function find({ engine, column }: ColumnPlace, value: IndexableValue): number {
  const key = keyOf(value);
  return key === undefined ? 0 : engine.findValue(column, engine.area + A_INPUT, putKey(engine, key)) >>> 0;
}

/** The string that stands at an address. */
function keywordAt({ u8, u32 }: ColumnEngine, value: number): string {
  const start = value + V_KEY;
  return textFromUtf8(u8.slice(start, start + (u32[(value + V_BYTES) >>> 2] as number)), "a value of a column");
}

function* rowsMatching(place: ColumnPlace, values: readonly IndexableValue[], meter: Meter): Sliced<ReadonlyRowSet> {
  const { engine, column, epoch } = place;
  let rows: RowSet | undefined;
  const scanned = new Set<number>();
  for (const [i, value] of values.entries()) {
    const found = find(place, value);
    meter.steps += STEPS_PER_VALUE;
    if (found !== 0) {
      const posted = yield* postedRows(place, found, meter);
      if (posted === undefined) scanned.add(found);
      else rows = united(rows, posted);
    }
    if (i % VALUES_AT_ONCE === 0 && meter.isDue()) yield "pause";
  }
  const wanted = [...scanned];
  for (let first = 0; first < wanted.length; first += VALUES_PER_SCAN) {
    const some = wanted.slice(first, first + VALUES_PER_SCAN);
    const scan = (from: number, to: number) => {
      engine.u32.set(some, (engine.area + A_INPUT) >>> 2);
      return engine.scanKeywords(column, from, to, some.length, epoch);
    };
    rows = united(rows, yield* scannedRows(engine, scan, meter));
  }
  return rows ?? new RowSet();
}

function equalityView(place: ColumnPlace): EqualityView {
  return {
    holds: (value) => keyOf(value) !== undefined,
    rowsMatching: (values, meter) => rowsMatching(place, values, meter),
    estimateMatching(values) {
      let rows = 0;
      for (const value of values) {
        const found = find(place, value);
        if (found !== 0) rows += rowsOfValue(place, found);
      }
      return rows;
    },
  };
}

function held(keys: readonly unknown[]): HeldValues {
  return {
    count: keys.length,
    flags: 0,
    write(i, engine, column, at) {
      const value = engine.internValue(column, engine.area + A_INPUT, putKey(engine, keys[i] as string)) >>> 0;
      engine.u32[at] = value;
      return value !== 0;
    },
  };
}

/** Strings: equality and facets. A cell is the address of the value that rows with the same string share. */
export const keywordColumn: ColumnKind = {
  cellsFor: () => KEYWORD_CELLS,
  cellWords: 1,
  keyOf,
  held,
  access(place): FieldAccess {
    return {
      presence: presenceView(place),
      equality: equalityView(place),
      range: noNumbersInRange,
      facet: facetView(place, 1, (low) => keywordAt(place.engine, low)),
    };
  },
};
