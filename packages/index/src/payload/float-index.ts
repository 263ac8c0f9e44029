import type { ReadonlyRowSet } from "../filter/row-set.js";
import type { Json } from "./json.js";
import { canonicalNumber } from "./number.js";
import { OrderedPostings } from "./ordered-postings.js";
import type { IndexableValue, PayloadIndex, RangeBounds, ValueGroup } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";

/** Payload index of numbers, integers among them: serves equality, ranges and order. */
export class FloatIndex implements PayloadIndex {
  readonly kind = "float";
  readonly servesEquality = true;
  readonly servesRange = true;
  readonly #presence = new Presence();
  readonly #postings = new OrderedPostings();

  add(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.add(row, values, canonicalNumber)) this.#postings.add(key, row);
  }

  remove(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.remove(row, values, canonicalNumber)) this.#postings.remove(key, row);
  }

  holds(value: Json): boolean {
    return canonicalNumber(value) !== undefined;
  }

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet {
    return this.#postings.rowsOf(distinctKeys(values, canonicalNumber));
  }

  rowsInRange(bounds: RangeBounds): ReadonlyRowSet {
    return this.#postings.rowsWithin(bounds);
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, canonicalNumber));
  }

  estimateInRange(bounds: RangeBounds): number {
    return this.#postings.estimateWithin(bounds);
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

  ordered(direction: "asc" | "desc", startFrom?: number | bigint): IterableIterator<ValueGroup> {
    return this.#postings.ordered(direction, startFrom);
  }
}
