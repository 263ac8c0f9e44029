import { RowSet } from "../../row-set.js";
import { A_INPUT, KEYWORD_CELLS, V_BYTES, V_KEY } from "../../segment/column-layout.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { EqualityView, FieldAccess } from "../access.js";
import type { Json } from "../json.js";
import type { IndexableValue } from "../payload-index.js";
import type { ColumnEngine } from "./column-engine.js";
import type { ColumnKind, ColumnPlace, HeldValues } from "./column-kind.js";
import { facetView } from "./facet-view.js";
import { noNumbersInRange } from "./no-numbers.js";
import { postedRows, rowsOfValue, united } from "./posted-rows.js";
import { presenceView } from "./presence-view.js";
import { scannedRows } from "./scanned-rows.js";

/** Values that one scan looks for. */
const VALUES_PER_SCAN = 8;
/** Values that are looked up between two pauses at most. */
const VALUES_AT_ONCE = 256;
const STEPS_PER_VALUE = 8;

/** How strings are held as keys. */
export interface KeyCodec {
  /** The string, if a column holds it. */
  keyOf(value: Json): string | undefined;
  /** Its bytes: others than those of any other key, INPUT_BYTES at most. */
  bytesOf(key: string): Uint8Array;
  /** The string of these bytes. */
  keyFrom(bytes: Uint8Array): string;
}

/** Puts a key's bytes into the thread's input; returns how many. */
function putKey({ u8, area }: ColumnEngine, bytes: Uint8Array): number {
  u8.set(bytes, area + A_INPUT);
  return bytes.length;
}

/** Address of the value with these bytes; 0: no row has it. */
export function findKey({ engine, column }: ColumnPlace, bytes: Uint8Array): number {
  return engine.findValue(column, engine.area + A_INPUT, putKey(engine, bytes)) >>> 0;
}

function find(place: ColumnPlace, { keyOf, bytesOf }: KeyCodec, value: IndexableValue): number {
  const key = keyOf(value);
  return key === undefined ? 0 : findKey(place, bytesOf(key));
}

/** The bytes that stand at an address. */
function keyBytesAt({ u8, u32 }: ColumnEngine, value: number): Uint8Array {
  const start = value + V_KEY;
  return u8.slice(start, start + (u32[(value + V_BYTES) >>> 2] as number));
}

/** Rows with one of the values at these addresses; 0: none has it. */
export function* rowsOfValues(place: ColumnPlace, values: Iterable<number>, meter: Meter): Sliced<RowSet> {
  const { engine, column, epoch } = place;
  let rows: RowSet | undefined;
  const scanned = new Set<number>();
  let i = 0;
  for (const found of values) {
    i++;
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

/** Makes the values that the keys stand for, and cells of their addresses. */
export function heldKeys(keys: readonly Uint8Array[]): HeldValues {
  return {
    count: keys.length,
    flags: 0,
    write(i, engine, column, at) {
      const bytes = putKey(engine, keys[i] as Uint8Array);
      const value = engine.internValue(column, engine.area + A_INPUT, bytes) >>> 0;
      engine.u32[at] = value;
      return value !== 0;
    },
  };
}

function* addressesOf(place: ColumnPlace, codec: KeyCodec, values: readonly IndexableValue[]): Iterable<number> {
  for (const value of values) yield find(place, codec, value);
}

function equalityView(place: ColumnPlace, codec: KeyCodec): EqualityView {
  return {
    holds: (value) => codec.keyOf(value) !== undefined,
    rowsMatching: (values, meter) => rowsOfValues(place, addressesOf(place, codec, values), meter),
    estimateMatching(values) {
      let rows = 0;
      for (const value of values) {
        const found = find(place, codec, value);
        if (found !== 0) rows += rowsOfValue(place, found);
      }
      return rows;
    },
  };
}

/** A kind of column of strings: equality and facets, and what `more` gives. A cell is the address of the value that rows with the same string share. */
export function keyedColumn(codec: KeyCodec, more?: (place: ColumnPlace) => Partial<FieldAccess>): ColumnKind {
  const { keyOf, bytesOf, keyFrom } = codec;
  return {
    cellsFor: () => KEYWORD_CELLS,
    cellWords: 1,
    keyOf,
    held: (keys) => heldKeys((keys as readonly string[]).map(bytesOf)),
    access(place): FieldAccess {
      return {
        presence: presenceView(place),
        equality: equalityView(place, codec),
        range: noNumbersInRange,
        facet: facetView(place, 1, (low) => keyFrom(keyBytesAt(place.engine, low))),
        ...more?.(place),
      };
    },
  };
}
