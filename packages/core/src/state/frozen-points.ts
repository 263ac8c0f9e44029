import { assert } from "@murmuration/index";
import type { PointState } from "./point-state.js";
import type { PointTable } from "./point-table.js";
import type { RowWatch } from "./row-watch.js";

interface RowBefore {
  readonly state: PointState;
  /** By vector name. */
  readonly slots: ReadonlyMap<string, number>;
}

/** The points of a table as they were when it was made, by row: states are kept from their first change on. */
export class FrozenPoints implements RowWatch {
  readonly #table: PointTable;
  readonly #end: () => void;
  /** `undefined`: no point was there. */
  readonly #before = new Map<number, RowBefore | undefined>();
  /** Vector name → slot → row, of the rows that have changed. */
  readonly #rowsBefore = new Map<string, Map<number, number>>();

  constructor(table: PointTable) {
    this.#table = table;
    this.#end = table.watch(this);
  }

  rowChanges(row: number): void {
    if (this.#before.has(row)) return;
    const slots = new Map<string, number>();
    for (const [name, map] of this.#table.slotMaps) {
      const slot = map.slotOf(row);
      if (slot === undefined) continue;
      slots.set(name, slot);
      const rows = this.#rowsBefore.get(name) ?? new Map<number, number>();
      this.#rowsBefore.set(name, rows.set(slot, row));
    }
    this.#before.set(row, { state: this.#table.at(row), slots });
  }

  rowIsTaken(row: number): void {
    if (!this.#before.has(row)) this.#before.set(row, undefined);
  }

  /** The point that was live at a row. */
  at(row: number): PointState {
    if (!this.#before.has(row)) return this.#table.at(row);
    const before = this.#before.get(row);
    assert(before !== undefined, "the row held a live point");
    return before.state;
  }

  /** Where the visible version of a vector stood. */
  slotOf(vector: string, row: number): number | undefined {
    if (this.#before.has(row)) return this.#before.get(row)?.slots.get(vector);
    return this.#table.slotMap(vector)?.slotOf(row);
  }

  /** The row of the point whose vector stood at a slot. */
  rowAt(vector: string, slot: number): number | undefined {
    return this.#rowsBefore.get(vector)?.get(slot) ?? this.#table.slotMap(vector)?.rowOf(slot);
  }

  end(): void {
    this.#end();
  }
}
