import sortedBTree from "sorted-btree";
import { type ReadonlyRowSet, RowSet } from "../filter/row-set.js";
import { compareNumbers } from "./number.js";
import type { RangeBounds, ValueGroup } from "./payload-index.js";
import { addPostingTo, type Posting, postingRows, postingSize, unionOf, withoutRow, withRow } from "./posting.js";

interface Interval {
  readonly low: number | bigint;
  readonly lowIsOpen: boolean;
  readonly high: number | bigint;
  readonly highIsOpen: boolean;
}

/** Rows by number, for equality, ranges and order. Keys are canonical numbers. */
export class OrderedPostings {
  readonly #postings = new sortedBTree.default<number | bigint, Posting>(undefined, compareNumbers);
  /** Pairs of value and row. */
  #entryCount = 0;

  add(key: number | bigint, row: number): void {
    this.#postings.set(key, withRow(this.#postings.get(key), row));
    this.#entryCount += 1;
  }

  remove(key: number | bigint, row: number): void {
    const left = withoutRow(this.#postings.get(key), row);
    if (left === undefined) this.#postings.delete(key);
    else this.#postings.set(key, left);
    this.#entryCount -= 1;
  }

  rowsOf(keys: ReadonlySet<number | bigint>): ReadonlyRowSet {
    const found: Posting[] = [];
    for (const key of keys) {
      const posting = this.#postings.get(key);
      if (posting !== undefined) found.push(posting);
    }
    return unionOf(found);
  }

  estimate(keys: ReadonlySet<number | bigint>): number {
    let rows = 0;
    for (const key of keys) rows += postingSize(this.#postings.get(key));
    return rows;
  }

  rowsWithin(bounds: RangeBounds): ReadonlyRowSet {
    const rows = new RowSet();
    const interval = this.#interval(bounds);
    if (interval === undefined) return rows;
    const { low, lowIsOpen, high, highIsOpen } = interval;
    let mayBeLow = lowIsOpen;
    this.#postings.forRange(low, high, !highIsOpen, (key, posting) => {
      if (mayBeLow) {
        mayBeLow = false;
        if (compareNumbers(key, low) === 0) return;
      }
      addPostingTo(posting, rows);
    });
    return rows;
  }

  estimateWithin(bounds: RangeBounds): number {
    const interval = this.#interval(bounds);
    if (interval === undefined) return 0;
    const smallest = Number(this.#postings.minKey());
    const largest = Number(this.#postings.maxKey());
    const width = Math.min(Number(interval.high), largest) - Math.max(Number(interval.low), smallest);
    const share = width / (largest - smallest);
    return Number.isFinite(share) ? Math.ceil(Math.min(Math.max(share, 0), 1) * this.#entryCount) : this.#entryCount;
  }

  *ordered(direction: "asc" | "desc", startFrom?: number | bigint): IterableIterator<ValueGroup> {
    const pairs = direction === "asc" ? this.#postings.entries(startFrom) : this.#postings.entriesReversed(startFrom);
    for (const [value, posting] of pairs) yield { value, rows: postingRows(posting) };
  }

  /** The interval that all bounds leave of the values here, or `undefined` when it is empty. */
  #interval({ lt, gt, lte, gte }: RangeBounds): Interval | undefined {
    const smallest = this.#postings.minKey();
    const largest = this.#postings.maxKey();
    if (smallest === undefined || largest === undefined) return undefined;
    const lowIsOpen = gt !== undefined && (gte === undefined || gt >= gte);
    const highIsOpen = lt !== undefined && (lte === undefined || lt <= lte);
    const low = (lowIsOpen ? gt : gte) ?? smallest;
    const high = (highIsOpen ? lt : lte) ?? largest;
    return low > high ? undefined : { low, lowIsOpen, high, highIsOpen };
  }
}
