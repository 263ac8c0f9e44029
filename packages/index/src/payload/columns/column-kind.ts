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
  /** What stands behind the values: which value each of them names, `undefined` for none. Then they are kept as several, even one alone. */
  readonly sequence?: readonly (number | undefined)[];
}

/** What a row is entered with. */
export interface RowSketch {
  /** Sets of every kind that the row is in, as flags; VALUED and SEVERAL follow from what is held. */
  readonly flags: number;
  readonly held: HeldValues;
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
  /** What a row is entered with, of all values at the path; missing: what `keyOf` and `held` say. */
  sketch?(values: readonly Json[]): RowSketch;
  access(place: ColumnPlace, schema: PayloadIndexSchema): FieldAccess;
}
