import type { ReadonlyRowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import type { Json } from "./json.js";
import { canonicalInteger, canonicalNumber } from "./number.js";
import { OrderedPostings } from "./ordered-postings.js";
import type { FrozenOrder, IndexableValue, PayloadIndex, RangeBounds } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";
import type { PayloadIndexKind, PayloadIndexSchema } from "./schema.js";

/** Payload index of numbers: serves equality if `lookup`, ranges and order if `range`. */
export class NumberIndex implements PayloadIndex {
  readonly kind: PayloadIndexKind;
  readonly servesEquality: boolean;
  readonly servesRange: boolean;
  readonly servesOrder: boolean;
  /** The key of a value that the index holds. */
  readonly #keyOf: (value: Json) => number | bigint | undefined;
  readonly #presence = new Presence();
  readonly #postings = new OrderedPostings();

  constructor(schema: PayloadIndexSchema, keyOf: (value: Json) => number | bigint | undefined) {
    this.kind = schema.kind;
    this.#keyOf = keyOf;
    this.servesEquality = schema.lookup ?? true;
    this.servesRange = schema.range ?? true;
    this.servesOrder = this.servesRange;
  }

  add(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.add(row, values, this.#keyOf)) this.#postings.add(key, row);
  }

  remove(row: number, values: readonly Json[]): void {
    for (const key of this.#presence.remove(row, values, this.#keyOf)) this.#postings.remove(key, row);
  }

  holds(value: Json): boolean {
    return this.#keyOf(value) !== undefined;
  }

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet | undefined {
    if (!this.servesEquality) return undefined;
    return this.#postings.rowsOf(distinctKeys(values, this.#keyOf));
  }

  rowsInRange(bounds: RangeBounds, meter: Meter): Sliced<ReadonlyRowSet> | undefined {
    if (!this.servesRange) return undefined;
    return this.#postings.rowsWithin(bounds, meter);
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, this.#keyOf));
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

  freezeOrder(): FrozenOrder | undefined {
    return this.servesOrder ? this.#postings.freeze() : undefined;
  }
}

/** An empty index of integers of any size; fractions are left out. */
export function integerIndex(schema: PayloadIndexSchema): PayloadIndex {
  return new NumberIndex(schema, canonicalInteger);
}

/** An empty index of numbers, integers among them; it serves everything. */
export function floatIndex(): PayloadIndex {
  return new NumberIndex({ kind: "float" }, canonicalNumber);
}
