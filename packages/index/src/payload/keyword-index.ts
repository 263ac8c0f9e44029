import { type ReadonlyRowSet, RowSet } from "../filter/row-set.js";
import { EqualityPostings } from "./equality-postings.js";
import type { Json } from "./json.js";
import type { IndexableValue, PayloadIndex } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";

function keywordOf(value: Json): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Payload index of strings: serves equality. */
export class KeywordIndex implements PayloadIndex {
  readonly kind = "keyword";
  readonly servesEquality = true;
  readonly servesRange = true;
  readonly #presence = new Presence();
  readonly #postings = new EqualityPostings<string>();

  add(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.add(row, values, keywordOf)) this.#postings.add(key, row);
  }

  remove(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.remove(row, values, keywordOf)) this.#postings.remove(key, row);
  }

  holds(value: Json): boolean {
    return keywordOf(value) !== undefined;
  }

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet {
    return this.#postings.rowsOf(distinctKeys(values, keywordOf));
  }

  /** Always empty: no string is a number. */
  rowsInRange(): ReadonlyRowSet {
    return new RowSet();
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, keywordOf));
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
