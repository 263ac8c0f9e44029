import type { ReadonlyRowSet, RowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type { Json } from "./json.js";
import type { IndexableValue, RangeBounds, ValueGroup } from "./payload-index.js";

// What can be asked of the values at one payload path, by capability: planning asks for what it needs and never for the kind of an index,
// so that another kind is one more file. Row sets that a view returns belong to it: they must not be changed.

/**
 * Rows by what stands at the path: `valued` have a value that the index holds, `several` two or more different ones, `other` a value that it
 * does not hold (null not counted), `null` a null there or in the array there, `unheld-number` a number that it does not hold; of a text index,
 * `several-texts` more than one text.
 */
export type PresenceSet = "valued" | "several" | "other" | "null" | "unheld-number" | "several-texts";

/** Rows by what stands at the path: every index has it. */
export interface PresenceView {
  rowsIn(set: PresenceSet, meter: Meter): Sliced<ReadonlyRowSet>;
  /** How many rows `rowsIn` returns, cheaply: an upper bound. */
  countIn(set: PresenceSet): number;
}

/** Rows by a value. */
export interface EqualityView {
  /** Is this a value that the index holds? Rows with one that it does not are in `other`. */
  holds(value: Json): boolean;
  /** Rows with a held value that equals one of `values`. */
  rowsMatching(values: readonly IndexableValue[], meter: Meter): Sliced<ReadonlyRowSet>;
  /** How many rows `rowsMatching` returns, cheaply: a guess. */
  estimateMatching(values: readonly IndexableValue[]): number;
}

/** Rows by bounds on a number. */
export interface RangeView {
  /** Rows that may have a number within the bounds and are not found; `undefined`: there are none. */
  readonly missed: PresenceSet | undefined;
  /** Rows with a held number within the bounds. */
  rowsInRange(bounds: RangeBounds, meter: Meter): Sliced<ReadonlyRowSet>;
  /** How many rows `rowsInRange` returns, cheaply: a guess that takes numbers for evenly spread. */
  estimateInRange(bounds: RangeBounds): number;
  /** Index entries that `rowsInRange` visits one by one; 0 when the work does not grow with what is found. */
  entriesInRange(bounds: RangeBounds): number;
}

/** Rows by how a string begins. */
export interface PrefixView {
  /** Rows with a held string that begins with this one; those with strings that are not held are in `other`. */
  rowsWithPrefix(prefix: string, meter: Meter): Sliced<ReadonlyRowSet>;
}

/** Rows by the terms of their texts. */
export interface TextView {
  /** What terms are found by, as of `textParametersKey`: other parameters find other terms. */
  readonly parametersKey: string;
  /** Rows that have all of `terms`, in whichever of their texts, or any of them. */
  rowsWithTerms(terms: readonly string[], how: "all" | "any", meter: Meter): Sliced<RowSet>;
  /** How many rows `rowsWithTerms` returns, cheaply: an upper bound. */
  estimate(terms: readonly string[], how: "all" | "any"): number;
  /** Removes rows in no text of which these words stand side by side. Missing: the order of words is not kept. */
  keepPhrase?(rows: RowSet, words: readonly string[], meter: Meter): Sliced<void>;
}

/** Degrees from west to east and from south to north, borders included; none crosses the antimeridian. */
export interface Box {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Places within one of some boxes that pass a test, if there is one. */
export interface Region {
  readonly boxes: readonly Box[];
  readonly test?: (lon: number, lat: number) => boolean;
}

/** Rows by the places that they have. Every place is held. */
export interface GeoView {
  rowsWithin(region: Region, meter: Meter): Sliced<ReadonlyRowSet>;
}

/** Held numbers in order. */
export interface OrderView {
  /**
   * The next values in ascending or descending order, from `startFrom` (inclusive) or after `after`, each with all rows among those given that
   * hold it; a row with several values comes several times. At least one value when there is any, and as many as it takes for about `limit`
   * rows.
   */
  nextGroups(request: OrderRequest, among: ReadonlyRowSet, meter: Meter): Sliced<ValueGroup[]>;
  /** Where a number stands in the order that the index does not hold; `undefined` for any other value. Rows with one are in `unheld-number`. */
  unheldPlace(value: Json): number | bigint | undefined;
}

/** Where a page of values begins, and how many rows are wanted. */
export interface OrderRequest {
  readonly direction: "asc" | "desc";
  readonly startFrom?: number | bigint;
  readonly after?: number | bigint;
  readonly limit: number;
}

/** Held values and how many rows have each. */
export interface FacetView {
  /** Of the rows given. A row with several values counts for each. */
  countsAmong(rows: ReadonlyRowSet, meter: Meter): Sliced<Map<IndexableValue, number>>;
}

/** The views of one index; a capability that it does not have is left out. */
export interface FieldAccess {
  readonly presence: PresenceView;
  readonly equality?: EqualityView;
  readonly range?: RangeView;
  /** Ranges of datetimes, in microseconds since 1970. */
  readonly times?: RangeView;
  readonly prefix?: PrefixView;
  readonly text?: TextView;
  readonly geo?: GeoView;
  readonly order?: OrderView;
  readonly facet?: FacetView;
}
