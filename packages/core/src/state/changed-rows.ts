import { RowSet } from "@murmuration/index";
import type { PointTable } from "./point-table.js";
import type { RowWatch } from "./row-watch.js";

/** Which rows have changed since it began, or since they were taken last. */
export class ChangedRows implements RowWatch {
  readonly #end: () => void;
  #rows = new RowSet();

  constructor(table: PointTable) {
    this.#end = table.watch(this);
  }

  rowChanges(row: number): void {
    this.#rows.add(row);
  }

  rowIsTaken(row: number): void {
    this.#rows.add(row);
  }

  take(): RowSet {
    const rows = this.#rows;
    this.#rows = new RowSet();
    return rows;
  }

  end(): void {
    this.#end();
  }
}
