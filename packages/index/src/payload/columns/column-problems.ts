import {
  C_COUNTS,
  C_DIRECTORY,
  C_KIND,
  C_TABLE,
  C_VALUES,
  CHUNK_ROWS,
  CHUNK_SHIFT,
  COMMON,
  K_BYTES,
  K_CELLS,
  K_SETS,
  KEYWORD_CELLS,
  LOOKED_UP_CELLS,
  POSTING_KIND,
  SET_BYTES,
  SETS,
  SEVERAL,
  V_KEY,
  V_POSTING,
  V_ROWS,
  VALUED,
} from "../../segment/column-layout.js";
import { H_NEXT_ROW } from "../../segment/layout.js";
import type { TableEngine } from "../../segment/table-engine.js";
import { type ColumnEngine, columnEngine } from "./column-engine.js";
import { columnPath } from "./column-header.js";
import { rowEnd } from "./scanned-rows.js";

const TABLE_HEAD_WORDS = 4;
const LIST_HEAD_WORDS = 4;
/** Of a list: 1 when it has entries of rows that were given back. */
const LIST_STALE_WORD = 2;

/** More values than a row has in a table that is looked at. */
const VALUES_MAX = 1 << 20;

/** Places of a chunk in words. */
class Chunks {
  readonly #u32: Uint32Array;
  readonly #directory: number;
  readonly kind: number;

  constructor({ u32 }: ColumnEngine, column: number) {
    this.#u32 = u32;
    this.#directory = u32[(column + C_DIRECTORY) >>> 2] as number;
    this.kind = u32[(column + C_KIND) >>> 2] as number;
  }

  #word(row: number, offset: number): number {
    return this.#u32[(this.#directory + (row >>> CHUNK_SHIFT) * K_BYTES + offset) >>> 2] as number;
  }

  isIn(set: number, row: number): boolean {
    const sets = this.#word(row, K_SETS);
    const inChunk = row & (CHUNK_ROWS - 1);
    if (sets === 0) return false;
    return (((this.#u32[((sets + set * SET_BYTES) >>> 2) + (inChunk >>> 5)] as number) >>> (inChunk & 31)) & 1) === 1;
  }

  /** A row's values, two words each. */
  valuesOf(row: number): (readonly [number, number])[] {
    const width = this.kind === KEYWORD_CELLS ? 1 : 2;
    const cell = (this.#word(row, K_CELLS) >>> 2) + (row & (CHUNK_ROWS - 1)) * width;
    const isSeveral = this.isIn(SEVERAL, row);
    const values = this.#u32[cell] as number;
    // what is not as it must be may say anything
    const count = isSeveral ? Math.min(VALUES_MAX, this.#u32[values >>> 2] as number) : 1;
    const first = isSeveral ? (values + 8) >>> 2 : cell;
    return Array.from({ length: count }, (_, i) => {
      const at = first + i * width;
      return [this.#u32[at] as number, width === 1 ? 0 : (this.#u32[at + 1] as number)];
    });
  }
}

/** Addresses of the values in a column's table. */
function valuesIn({ u32 }: ColumnEngine, column: number): number[] {
  const table = (u32[(column + C_TABLE) >>> 2] as number) >>> 2;
  if (table === 0) return [];
  const places = u32.subarray(table + TABLE_HEAD_WORDS, table + TABLE_HEAD_WORDS + (u32[table] as number) + 1);
  return [...places].filter((place) => place > 1);
}

function rowsInBits(u32: Uint32Array, directory: number): Set<number> {
  const rows = new Set<number>();
  const end = u32[H_NEXT_ROW >>> 2] as number;
  for (let first = 0; first < end; first += CHUNK_ROWS) {
    const bits = (u32[directory + (first >>> CHUNK_SHIFT)] as number) >>> 2;
    if (bits === 0) continue;
    for (let i = 0; i < CHUNK_ROWS; i++) {
      if ((((u32[bits + (i >>> 5)] as number) >>> (i & 31)) & 1) === 1) rows.add(first + i);
    }
  }
  return rows;
}

/** Rows that a posting names; `undefined`: the value is common. */
function postedRows({ u32 }: ColumnEngine, value: number): Set<number> | undefined {
  const posting = u32[(value + V_POSTING) >>> 2] as number;
  if (posting === COMMON) return undefined;
  if ((posting & POSTING_KIND) === COMMON) return rowsInBits(u32, (posting & ~POSTING_KIND) >>> 2);
  if (posting === 0) return new Set();
  if ((posting & 1) === 1) return new Set([posting >>> 1]);
  const at = posting >>> 2;
  return new Set(u32.subarray(at + LIST_HEAD_WORDS, at + LIST_HEAD_WORDS + (u32[at] as number)));
}

/**
 * What is not as it must be in the columns of a table whose writer is at rest: counts of rows, values that no row has, postings that miss a
 * row. For tests and for whoever looks into a damaged table.
 */
export function columnProblems(table: TableEngine): string[] {
  const engine = columnEngine(table);
  const problems: string[] = [];
  for (let column = engine.columnAfter(0) >>> 0; column !== 0; column = engine.columnAfter(column) >>> 0) {
    const name = columnPath(engine, column);
    const chunks = new Chunks(engine, column);
    const counts = Array.from({ length: SETS }, () => 0);
    const rowsOf = new Map<string, number[]>();
    const isLookedUp = chunks.kind === KEYWORD_CELLS || chunks.kind === LOOKED_UP_CELLS;
    for (let row = 0; row < rowEnd(engine); row++) {
      for (let set = 0; set < SETS; set++) if (chunks.isIn(set, row)) counts[set] = (counts[set] as number) + 1;
      if (!isLookedUp || !chunks.isIn(VALUED, row)) continue;
      for (const words of chunks.valuesOf(row)) {
        const key = words.join();
        const rows = rowsOf.get(key);
        if (rows === undefined) rowsOf.set(key, [row]);
        else rows.push(row);
      }
    }
    const counted = engine.u32.subarray((column + C_COUNTS) >>> 2, ((column + C_COUNTS) >>> 2) + SETS);
    if (counts.join() !== counted.join()) problems.push(`${name}: rows in sets are ${counts}, counted ${counted}`);
    const values = isLookedUp ? valuesIn(engine, column) : [];
    if (values.length !== engine.u32[(column + C_VALUES) >>> 2]) problems.push(`${name}: values are miscounted`);
    for (const value of values) {
      const key = (value + V_KEY) >>> 2;
      const words = chunks.kind === KEYWORD_CELLS ? [value, 0] : [engine.u32[key], engine.u32[key + 1]];
      const rows = rowsOf.get(words.join()) ?? [];
      rowsOf.delete(words.join());
      const counted = engine.u32[(value + V_ROWS) >>> 2];
      if (rows.length !== counted) problems.push(`${name}: a value has ${rows.length} rows, counted ${counted}`);
      if (rows.length === 0) problems.push(`${name}: a value has no rows`);
      const posted = postedRows(engine, value);
      if (posted !== undefined && !rows.every((row) => posted.has(row)))
        problems.push(`${name}: a posting misses rows`);
      const posting = engine.u32[(value + V_POSTING) >>> 2] as number;
      const isBits = (posting & POSTING_KIND) === COMMON;
      const isExact =
        isBits || (posting !== 0 && posting % 2 === 0 && engine.u32[(posting >>> 2) + LIST_STALE_WORD] === 0);
      if (isExact && posted !== undefined && posted.size !== rows.length)
        problems.push(`${name}: a posting has other rows`);
    }
    if (rowsOf.size > 0) problems.push(`${name}: ${rowsOf.size} values of rows are not in the table`);
  }
  return problems;
}
