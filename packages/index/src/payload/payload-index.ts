import type { ReadonlyRowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type { Json } from "./json.js";
import type { PayloadIndexKind } from "./schema.js";

/** A value that an index can hold. */
export type IndexableValue = string | number | bigint | boolean;

/** Bounds on a number; those given must all hold. */
export interface RangeBounds {
  readonly lt?: number | bigint;
  readonly gt?: number | bigint;
  readonly lte?: number | bigint;
  readonly gte?: number | bigint;
}

/** A value and the rows that hold it, in no promised order. */
export interface ValueGroup {
  readonly value: number | bigint;
  readonly rows: Iterable<number>;
}

/**
 * Rows by the values at one payload path. An index *holds* the values of its kind and only notes of other values that a
 * row has some, so that a filter can look these rows over: answers are the same with and without an index.
 *
 * Row sets and groups that an index returns belong to it: they must not be changed, and not be kept across a write.
 */
export interface PayloadIndex {
  readonly kind: PayloadIndexKind;
  /** Does `rowsMatching` answer? */
  readonly servesEquality: boolean;
  /** Does `rowsInRange` answer? */
  readonly servesRange: boolean;

  /** Enters a row with all of its values at the path (as of `valuesAt`). The row must not be entered already. */
  add(row: number, values: readonly Json[]): void;
  /** Takes a row out. `values` are those it was entered with. */
  remove(row: number, values: readonly Json[]): void;

  /** Is this a value of the kind that this index holds? */
  holds(value: Json): boolean;
  /** Rows with a held value that equals one of `values`. `undefined`: this index does not serve equality. */
  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet | undefined;
  /**
   * Rows with a held number within the bounds; of a row that changes between two slices the answer says anything. `undefined`: this index
   * does not serve ranges.
   */
  rowsInRange(bounds: RangeBounds, meter: Meter): Sliced<ReadonlyRowSet> | undefined;
  /** How many rows `rowsMatching` would return, cheaply: an upper bound. */
  estimateMatching(values: readonly IndexableValue[]): number;
  /** How many rows `rowsInRange` would return, cheaply: a guess that takes numbers for evenly spread. */
  estimateInRange(bounds: RangeBounds): number;

  /** Rows with a held value. */
  rowsWithValue(): ReadonlyRowSet;
  /** Rows with two or more different held values. */
  rowsWithSeveralValues(): ReadonlyRowSet;
  /** Rows with a value, null not counted, that the index does not hold. */
  rowsWithOtherValue(): ReadonlyRowSet;
  /** Rows with a null at the path, or in the array that stands there. */
  rowsWithNull(): ReadonlyRowSet;
  /** Number of rows with a held value. */
  readonly pointCount: number;

  /** Does `freezeOrder` answer? */
  readonly servesOrder: boolean;
  /** The order of the held values, as it is now. `undefined`: this index keeps no order. */
  freezeOrder(): FrozenOrder | undefined;
}

/** The order of an index's values as it was when this was made, whatever is written until it is ended. */
export interface FrozenOrder {
  /** Values in ascending or descending order from `startFrom` (inclusive), each with its rows; a row with several values comes several times. */
  groups(direction: "asc" | "desc", startFrom?: number | bigint): IterableIterator<ValueGroup>;
  end(): void;
}
