import { assert, MurmurationError } from "../../errors.js";
import { RowSet } from "../../row-set.js";
import { SUMMARY_ROWS } from "../../segment/column-layout.js";
import type { TableEngine } from "../../segment/table-engine.js";
import type { Payload } from "../json.js";
import { type JsonPath, parsePath, valuesAt } from "../path.js";
import type { PayloadIndexSchema } from "../schema.js";
import { type ColumnEngine, columnEngine } from "./column-engine.js";
import { columnPath, columnSchema, headerBytes, writeColumnHeader } from "./column-header.js";
import type { ColumnKind } from "./column-kind.js";
import { columnKindOf } from "./column-kinds.js";
import { enterRow } from "./enter-row.js";
import { rowEnd } from "./scanned-rows.js";

/** A column as its writer knows it. */
export interface WrittenColumn {
  readonly path: JsonPath;
  readonly schema: PayloadIndexSchema;
  /** Address in the table's memory. */
  readonly column: number;
}

interface Written extends WrittenColumn {
  readonly kind: ColumnKind;
  /** Rows that were entered while the column is being built; `undefined` from then on. */
  entered: RowSet | undefined;
  isComplete: boolean;
}

/** Rows that a step of building or emptying passes over. */
const ROWS_PER_STEP = 4_096;

/**
 * The writer's face of the columns of a table. Rows are entered while a group is prepared, and leave by themselves when they are given back.
 * A column is made, built over the rows there are in slices between groups, and shown with a group; it is hidden with a group, and emptied
 * in slices once no reader uses it.
 */
export class Columns {
  readonly #engine: ColumnEngine;
  readonly #rowsPerStep: number;
  readonly #written = new Map<number, Written>();
  /** Hidden with a group that is published; readers of older epochs may still use them. */
  readonly #dropped = new Set<Written>();
  #shownInGroup: Written[] = [];
  #hiddenInGroup: Written[] = [];

  /** `rowsPerStep`: rows that a step of building or emptying passes over. */
  constructor(engine: TableEngine, rowsPerStep = ROWS_PER_STEP) {
    this.#rowsPerStep = rowsPerStep;
    this.#engine = columnEngine(engine);
    for (let column = this.#after(0); column !== 0; column = this.#after(column)) this.#adopt(column);
  }

  #after(column: number): number {
    return this.#engine.columnAfter(column) >>> 0;
  }

  /** A column of a table that was read from an image. One that no reader uses any more, or did not use yet, is to be emptied. */
  #adopt(column: number): void {
    const path = parsePath(columnPath(this.#engine, column));
    const schema = columnSchema(this.#engine, column);
    const kind = columnKindOf(schema);
    const written = { path, schema, column, kind, entered: undefined, isComplete: true };
    if (this.#isUsed(written)) this.#written.set(column, written);
    else this.#dropped.add(written);
  }

  /** Has no row to be entered anywhere? */
  get isEmpty(): boolean {
    return this.#written.size === this.#hiddenInGroup.length;
  }

  /** Bytes of the arena in use. */
  get bytesInUse(): number {
    return this.#engine.arenaBytes() >>> 0;
  }

  /** Make a column that no reader uses yet. Throws `format` for a bad path, `capacity` when the memory is full. */
  create(pathText: string, schema: PayloadIndexSchema): WrittenColumn {
    const path = parsePath(pathText, "field_name");
    const kind = columnKindOf(schema);
    const bytes = headerBytes(pathText, schema);
    const column = this.#engine.createColumn(kind.cellsFor(schema), bytes.length) >>> 0;
    if (column === 0) throw full(pathText);
    writeColumnHeader(this.#engine, column, bytes, schema);
    this.#engine.addColumn(column);
    const written = { path, schema, column, kind, entered: new RowSet(), isComplete: false };
    this.#written.set(column, written);
    return written;
  }

  /**
   * Enter the rows that there are, `rowsPerStep` of the table a step: `payloadOf` gives the payload of a visible row. To be driven between
   * groups; groups that are prepared in between enter their rows themselves. Throws `capacity` when the memory is full: then the column is
   * to be abandoned.
   */
  *build({ column }: WrittenColumn, payloadOf: (row: number) => Payload): Generator<void, void, void> {
    const written = this.#known(column);
    const { entered, kind, path } = written;
    assert(entered !== undefined, "a column is built once");
    const engine = this.#engine;
    // what is put from now on enters the column with its group
    for (let from = 0, end = rowEnd(engine); from < end; from += this.#rowsPerStep) {
      const to = Math.min(end, from + this.#rowsPerStep);
      for (const row of this.#visibleNow(from, to)) {
        if (entered.has(row)) continue;
        if (!enterRow(engine, column, kind, row, valuesAt(payloadOf(row), path))) throw full(path.text);
      }
      yield;
    }
    written.entered = undefined;
    written.isComplete = true;
  }

  /** Visible rows of the epoch of now. */
  #visibleNow(from: number, to: number): RowSet {
    const { u32, area, now, scanVisible } = this.#engine;
    const rows = new RowSet();
    const first = from - (from % SUMMARY_ROWS);
    const found = scanVisible(first, to, now());
    rows.setWords(first >>> 5, u32.subarray(area >>> 2, (area >>> 2) + ((to - first + 31) >>> 5)), found);
    for (let row = first; row < from; row++) rows.delete(row);
    return rows;
  }

  /** With the group that is being prepared, readers begin to use a column. Another one on its path is hidden. */
  show({ column, path }: WrittenColumn): void {
    const written = this.#known(column);
    assert(written.isComplete, "a column is complete when it is shown");
    for (const other of this.#written.values()) {
      if (other !== written && other.path.text === path.text && this.#isUsed(other)) this.hide(other);
    }
    this.#engine.showColumn(column);
    this.#shownInGroup.push(written);
  }

  #isUsed(written: Written): boolean {
    const { isColumnAt, now } = this.#engine;
    return isColumnAt(written.column, now()) !== 0 && !this.#hiddenInGroup.includes(written);
  }

  /** With the group that is being prepared, readers stop to use a column. */
  hide({ column }: WrittenColumn): void {
    this.#engine.hideColumn(column);
    this.#hiddenInGroup.push(this.#known(column));
  }

  /** The column on a path that readers of the epoch of now use. */
  on(pathText: string): WrittenColumn | undefined {
    for (const written of this.#written.values()) {
      if (written.path.text === pathText && this.#isUsed(written)) return written;
    }
    return undefined;
  }

  /** The columns that readers of the epoch of now use. */
  shown(): WrittenColumn[] {
    return [...this.#written.values()].filter((written) => this.#isUsed(written));
  }

  /**
   * Enter a row of the group that is being prepared; not into columns that it hides. Throws `capacity` when the memory is full: then the group is
   * to be taken back.
   */
  enter(row: number, payload: Payload): void {
    for (const written of this.#written.values()) {
      if (this.#hiddenInGroup.includes(written)) continue;
      const { column, kind, path, entered } = written;
      if (!enterRow(this.#engine, column, kind, row, valuesAt(payload, path))) throw full(path.text);
      entered?.add(row);
    }
  }

  /** The group is published: what it hid may be emptied once no reader uses it. */
  published(): void {
    for (const written of this.#hiddenInGroup) this.abandon(written);
    this.#endGroup();
  }

  /** The group is taken back, and with it what it showed and hid. Its rows leave when they are given back. */
  takenBack(): void {
    for (const { column } of this.#shownInGroup) this.#engine.unshowColumn(column);
    for (const { column } of this.#hiddenInGroup) this.#engine.unhideColumn(column);
    this.#endGroup();
  }

  #endGroup(): void {
    this.#shownInGroup = [];
    this.#hiddenInGroup = [];
    this.#engine.settleColumns();
    this.#engine.reclaimExtents();
  }

  /** Give up a column that was never shown: no more rows are entered, and `emptyDropped` empties it. */
  abandon({ column }: WrittenColumn): void {
    this.#dropped.add(this.#known(column));
    this.#written.delete(column);
  }

  /** Are there columns that are to be emptied, now or once no reader uses them? */
  get hasDropped(): boolean {
    return this.#dropped.size > 0;
  }

  /** Give back what no reader uses any more, `rowsPerStep` rows a step. To be driven between groups. */
  *emptyDropped(): Generator<void, void, void> {
    const engine = this.#engine;
    for (const written of [...this.#dropped]) {
      if (engine.isColumnLeft(written.column) === 0) continue;
      this.#dropped.delete(written);
      for (let from = 0, end = rowEnd(engine); from < end; from += this.#rowsPerStep) {
        engine.leaveRows(written.column, from, Math.min(end, from + this.#rowsPerStep));
        yield;
      }
      engine.removeColumn(written.column);
    }
  }

  #known(column: number): Written {
    const written = this.#written.get(column);
    assert(written !== undefined, "the column is one of this table's");
    return written;
  }
}

function full(path: string): MurmurationError {
  return new MurmurationError(
    "capacity",
    `the memory of the table is full: no room for the payload index on '${path}'`,
    path,
  );
}
