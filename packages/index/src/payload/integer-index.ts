import type { ReadonlyRowSet } from "../filter/row-set.js";
import type { Json } from "./json.js";
import { canonicalInteger } from "./number.js";
import { OrderedPostings } from "./ordered-postings.js";
import type { IndexableValue, PayloadIndex, RangeBounds, ValueGroup } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";
import type { PayloadIndexSchema } from "./schema.js";

/** Payload index of integers of any size, fractions left out: serves equality if `lookup`, ranges and order if `range`. */
export class IntegerIndex implements PayloadIndex {
  readonly kind = "integer";
  readonly servesEquality: boolean;
  readonly servesRange: boolean;
  readonly #presence = new Presence();
  readonly #postings = new OrderedPostings();

  constructor(schema: Pick<PayloadIndexSchema, "lookup" | "range"> = {}) {
    this.servesEquality = schema.lookup ?? true;
    this.servesRange = schema.range ?? true;
  }

  add(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.add(row, values, canonicalInteger)) this.#postings.add(key, row);
  }

  remove(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.remove(row, values, canonicalInteger)) this.#postings.remove(key, row);
  }

  holds(value: Json): boolean {
    return canonicalInteger(value) !== undefined;
  }

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet | undefined {
    if (!this.servesEquality) return undefined;
    return this.#postings.rowsOf(distinctKeys(values, canonicalInteger));
  }

  rowsInRange(bounds: RangeBounds): ReadonlyRowSet | undefined {
    if (!this.servesRange) return undefined;
    return this.#postings.rowsWithin(bounds);
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, canonicalInteger));
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

  ordered(direction: "asc" | "desc", startFrom?: number | bigint): IterableIterator<ValueGroup> | undefined {
    if (!this.servesRange) return undefined;
    return this.#postings.ordered(direction, startFrom);
  }
}
