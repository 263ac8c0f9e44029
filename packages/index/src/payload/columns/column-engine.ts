import { AREA_BYTES } from "../../segment/column-layout.js";
import { MEMORY_END } from "../../segment/layout.js";
import type { TableEngine } from "../../segment/table-engine.js";

/** The functions of assembly/table that columns are written and read by. Addresses and counts come back signed: apply `>>> 0`. */
interface ColumnExports {
  arenaBytes(): number;
  reclaimExtents(): number;
  createColumn(kind: number, pathBytes: number): number;
  addColumn(column: number): void;
  showColumn(column: number): void;
  unshowColumn(column: number): void;
  hideColumn(column: number): void;
  unhideColumn(column: number): void;
  columnAfter(column: number): number;
  isColumnAt(column: number, epoch: number): number;
  isColumnLeft(column: number): number;
  settleColumns(): void;
  leaveRows(column: number, from: number, to: number): void;
  removeColumn(column: number): void;
  takeValues(column: number, count: number): number;
  enterRow(
    column: number,
    row: number,
    flags: number,
    count: number,
    values: number,
    low: number,
    high: number,
  ): number;
  forgetValues(column: number, values: number, count: number, single: number): void;
  internValue(column: number, key: number, bytes: number): number;
  findValue(column: number, key: number, bytes: number): number;
  dropUnused(column: number, value: number): void;
  entriesOf(posting: number): number;
  listPosting(column: number, value: number, posting: number, first: number, epoch: number): number;
  scanBits(directory: number, from: number, to: number, epoch: number): number;
  scanVisible(from: number, to: number, epoch: number): number;
  scanSet(column: number, set: number, from: number, to: number, epoch: number): number;
  scanKeywords(column: number, from: number, to: number, values: number, epoch: number): number;
  scanNumbers(column: number, from: number, to: number, low: bigint, high: bigint, epoch: number): number;
  leastKeys(column: number, from: number, to: number, first: bigint, last: bigint, flip: bigint, limit: number): number;
  scanBox(
    column: number,
    from: number,
    to: number,
    west: number,
    south: number,
    east: number,
    north: number,
    epoch: number,
  ): number;
  slotBitsAt(): number;
  clearSlots(end: number): void;
  markSlots(space: number, from: number, to: number): number;
  keepSlots(space: number, count: number, wanted: number, epoch: number): number;
  severalAt(column: number, row: number): number;
  countCells(column: number, from: number, start: number, to: number): number;
}

/** One thread's instance of the table module, as columns need it. */
export interface ColumnEngine extends TableEngine, ColumnExports {
  readonly i64: BigInt64Array;
  /** Where this thread's area begins, in bytes (A_*). */
  readonly area: number;
}

const engines = new WeakMap<TableEngine, ColumnEngine>();

/** The same instance, with what columns are written and read by. */
export function columnEngine(engine: TableEngine): ColumnEngine {
  let known = engines.get(engine);
  if (known === undefined) {
    known = {
      ...(engine as TableEngine & ColumnExports),
      i64: new BigInt64Array(engine.memory.buffer),
      area: MEMORY_END - (engine.thread + 1) * AREA_BYTES,
    };
    engines.set(engine, known);
  }
  return known;
}
