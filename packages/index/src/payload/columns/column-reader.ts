import type { RowSet } from "../../row-set.js";
import type { TableEngine } from "../../segment/table-engine.js";
import type { Meter, Sliced } from "../../sliced.js";
import type { FieldAccess } from "../access.js";
import { type ColumnEngine, columnEngine } from "./column-engine.js";
import { columnPath, columnSchema } from "./column-header.js";
import { columnKindOf } from "./column-kinds.js";
import { scannedRows } from "./scanned-rows.js";

/** One thread's view of the columns of a table, beside the writer. Everything is as of an epoch that the thread has pinned. */
export class ColumnReader {
  readonly #engine: ColumnEngine;

  constructor(engine: TableEngine) {
    this.#engine = columnEngine(engine);
  }

  /** The rows that the epoch shows. */
  visibleRows(epoch: number, meter: Meter): Sliced<RowSet> {
    const engine = this.#engine;
    return scannedRows(engine, (from, to) => engine.scanVisible(from, to, epoch), meter);
  }

  /** What the column on a path answers at an epoch; `undefined`: there is none. Good until the epoch's pin is released. */
  accessTo(path: string, epoch: number): FieldAccess | undefined {
    const engine = this.#engine;
    for (let column = engine.columnAfter(0) >>> 0; column !== 0; column = engine.columnAfter(column) >>> 0) {
      if (engine.isColumnAt(column, epoch) === 0 || columnPath(engine, column) !== path) continue;
      const schema = columnSchema(engine, column);
      return columnKindOf(schema).access({ engine, column, epoch }, schema);
    }
    return undefined;
  }

  /** Paths that have a column at an epoch. */
  paths(epoch: number): string[] {
    const engine = this.#engine;
    const paths: string[] = [];
    for (let column = engine.columnAfter(0) >>> 0; column !== 0; column = engine.columnAfter(column) >>> 0) {
      if (engine.isColumnAt(column, epoch) !== 0) paths.push(columnPath(engine, column));
    }
    return paths;
  }
}
