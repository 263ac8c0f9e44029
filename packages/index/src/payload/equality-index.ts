import type { ReadonlyRowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import { EqualityPostings } from "./equality-postings.js";
import type { Json } from "./json.js";
import { OrderedPostings } from "./ordered-postings.js";
import type { IndexableValue, PayloadIndex, RangeBounds } from "./payload-index.js";
import { distinctKeys, Presence } from "./presence.js";
import type { PayloadIndexKind } from "./schema.js";

const noNumbers = new OrderedPostings();

/** Payload index of strings or of booleans: serves equality. */
export class EqualityIndex<Key extends string | boolean> implements PayloadIndex {
  readonly kind: PayloadIndexKind;
  readonly servesEquality = true;
  readonly servesRange = true;
  readonly servesOrder = false;
  /** The key of a value that the index holds. */
  readonly #keyOf: (value: Json) => Key | undefined;
  readonly #presence = new Presence();
  readonly #postings = new EqualityPostings<Key>();

  constructor(kind: PayloadIndexKind, keyOf: (value: Json) => Key | undefined) {
    this.kind = kind;
    this.#keyOf = keyOf;
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

  rowsMatching(values: readonly IndexableValue[]): ReadonlyRowSet {
    return this.#postings.rowsOf(distinctKeys(values, this.#keyOf));
  }

  /** Always empty: neither strings nor booleans are numbers. */
  rowsInRange(bounds: RangeBounds, meter: Meter): Sliced<ReadonlyRowSet> {
    return noNumbers.rowsWithin(bounds, meter);
  }

  estimateMatching(values: readonly IndexableValue[]): number {
    return this.#postings.estimate(distinctKeys(values, this.#keyOf));
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

  freezeOrder(): undefined {
    return undefined;
  }
}

/** An empty index of strings. */
export function keywordIndex(): PayloadIndex {
  return new EqualityIndex("keyword", (value) => (typeof value === "string" ? value : undefined));
}

/** An empty index of booleans. */
export function boolIndex(): PayloadIndex {
  return new EqualityIndex("bool", (value) => (typeof value === "boolean" ? value : undefined));
}
