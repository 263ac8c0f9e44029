import sortedBTree from "sorted-btree";
import { type ReadonlyRowSet, RowSet } from "../row-set.js";
import type { Meter, Sliced } from "../sliced.js";
import { compareNumbers } from "./number.js";
import type { FrozenOrder, RangeBounds, ValueGroup } from "./payload-index.js";
import {
  addPostingTo,
  copyOfPosting,
  type Posting,
  postingRows,
  postingSize,
  unionOf,
  withoutRow,
  withRow,
} from "./posting.js";

interface Interval {
  readonly low: number | bigint;
  readonly lowIsOpen: boolean;
  readonly high: number | bigint;
  readonly highIsOpen: boolean;
}

/** Values that a range is answered from in one go. */
const VALUES_AT_ONCE = 1_024;

/** Rows by number, for equality, ranges and order. Keys are canonical numbers. */
export class OrderedPostings {
  readonly #postings = new sortedBTree.default<number | bigint, Posting>(undefined, compareNumbers);
  /** What was frozen and is not ended. */
  readonly #frozen = new Set<FrozenOrder>();
  /** Keys whose postings nothing frozen has, if anything is. */
  #ownKeys: Set<number | bigint> | undefined;
  /** Pairs of value and row. */
  #entryCount = 0;

  add(key: number | bigint, row: number): void {
    this.#postings.set(key, withRow(this.#own(key), row));
    this.#entryCount += 1;
  }

  remove(key: number | bigint, row: number): void {
    const left = withoutRow(this.#own(key), row);
    if (left === undefined) this.#postings.delete(key);
    else this.#postings.set(key, left);
    this.#entryCount -= 1;
  }

  /** The posting of a key, to be changed: not one that something frozen has as well. */
  #own(key: number | bigint): Posting | undefined {
    const posting = this.#postings.get(key);
    if (this.#ownKeys === undefined || this.#ownKeys.has(key) || posting === undefined) return posting;
    this.#ownKeys.add(key);
    return copyOfPosting(posting);
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

  /** Values that come and go between two slices may be seen or not. */
  *rowsWithin(bounds: RangeBounds, meter: Meter): Sliced<ReadonlyRowSet> {
    const rows = new RowSet();
    const interval = this.#interval(bounds);
    if (interval === undefined) return rows;
    const { high, highIsOpen } = interval;
    let { low, lowIsOpen } = interval;
    for (;;) {
      let left = VALUES_AT_ONCE;
      let mayBeLow = lowIsOpen;
      let last: number | bigint | undefined;
      this.#postings.forRange(low, high, !highIsOpen, (key, posting) => {
        if (mayBeLow) {
          mayBeLow = false;
          if (compareNumbers(key, low) === 0) return undefined;
        }
        addPostingTo(posting, rows);
        meter.steps += 1 + (posting instanceof Set ? posting.size : 0);
        left -= 1;
        if (left > 0) return undefined;
        last = key;
        return { break: true };
      });
      if (last === undefined) return rows;
      low = last;
      lowIsOpen = true;
      if (meter.isDue()) yield "pause";
    }
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

  /** Values and their rows in order, as they are now, until it is ended. Postings that change meanwhile are copied first, once. */
  freeze(): FrozenOrder {
    const postings = this.#postings.clone();
    const frozen = {
      *groups(direction: "asc" | "desc", startFrom?: number | bigint): IterableIterator<ValueGroup> {
        const pairs = direction === "asc" ? postings.entries(startFrom) : postings.entriesReversed(startFrom);
        for (const [value, posting] of pairs) yield { value, rows: postingRows(posting) };
      },
      end: () => {
        this.#frozen.delete(frozen);
        if (this.#frozen.size === 0) this.#ownKeys = undefined;
      },
    };
    this.#frozen.add(frozen);
    this.#ownKeys = new Set();
    return frozen;
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
