import type { FieldAccess } from "../access.js";
import type { Json } from "../json.js";
import type { PayloadIndexSchema } from "../schema.js";
import type { ColumnEngine } from "./column-engine.js";

/** Where a column stands, for those who read it at an epoch that their thread is at. */
export interface ColumnPlace {
  readonly engine: ColumnEngine;
  /** Address of the column. */
  readonly column: number;
  readonly epoch: number;
}

/** A row's different values, in the form in which cells hold them. */
export interface HeldValues {
  readonly count: number;
  /** Sets that the row is in beyond those of every kind (TRUE_ROWS, FALSE_ROWS), as flags. */
  readonly flags: number;
  /** Writes the value to the words at `at`. False: the memory is full; what was written is to be forgotten. */
  write(i: number, engine: ColumnEngine, column: number, at: number): boolean;
}

/** One kind of payload index as a column: one file each. */
export interface ColumnKind {
  /** Kind of cells (column-layout.ts) for a schema. */
  cellsFor(schema: PayloadIndexSchema): number;
  /** Words of a value in a cell. */
  readonly cellWords: number;
  /** The form in which a value is held: equal values have equal keys. `undefined`: it is not held. */
  keyOf(value: Json): unknown;
  /** What a row holds: `keys` are different ones of `keyOf`. */
  held(keys: readonly unknown[]): HeldValues;
  access(place: ColumnPlace, schema: PayloadIndexSchema): FieldAccess;
}
