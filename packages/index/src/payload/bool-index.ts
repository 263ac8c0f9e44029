import { type ReadonlyRowSet, RowSet } from "../filter/row-set.js";
import { EqualityPostings } from "./equality-postings.js";
import type { Json } from "./json.js";
import type { IndexableValue, PayloadIndex } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";

function boolOf(value: Json): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** Payload index of booleans: serves equality. */
export class BoolIndex implements PayloadIndex {
  readonly kind = "bool";
  readonly servesEquality = true;
  readonly servesRange = true;
  readonly #presence = new Presence();
  readonly #postings = new EqualityPostings<boolean>();

  add(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.add(row, values, boolOf)) this.#postings.add(key, row);
  }

  remove(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.remove(row, values, boolOf)) this.#postings.remove(key, row);
  }

  holds(value: Json): boolean {
    return boolOf(value) !== undefined;
  }

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet {
    return this.#postings.rowsOf(distinctKeys(values, boolOf));
  }

  /** Always empty: no boolean is a number. */
  rowsInRange(): ReadonlyRowSet {
    return new RowSet();
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, boolOf));
  }

  estimateInRange(): number {
    return 0;
  }

  rowsWithValue(): ReadonlyRowSet {
    return this.#presence.valued;
  }

  rowsWithSeveralValues(): ReadonlyRowSet {
    return this.#presence.several;
  }

  rowsWithOtherValue(): ReadonlyRowSet {
    return this.#presence.other;
  }

  rowsWithNull(): ReadonlyRowSet {
    return this.#presence.nulls;
  }

  get pointCount(): number {
    return this.#presence.valued.size;
  }

  ordered(): undefined {
    return undefined;
  }
}
