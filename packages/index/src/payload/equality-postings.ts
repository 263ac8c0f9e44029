import type { ReadonlyRowSet } from "../row-set.js";
import { type Posting, postingSize, unionOf, withoutRow, withRow } from "./posting.js";

/** Rows by value, for equality only. */
export class EqualityPostings<Key> {
  readonly #postings = new Map<Key, Posting>();

  add(key: Key, row: number): void {
    this.#postings.set(key, withRow(this.#postings.get(key), row));
  }

  remove(key: Key, row: number): void {
    const left = withoutRow(this.#postings.get(key), row);
    if (left === undefined) this.#postings.delete(key);
    else this.#postings.set(key, left);
  }

  rowsOf(keys: ReadonlySet<Key>): ReadonlyRowSet {
    const found: Posting[] = [];
    for (const key of keys) {
      const posting = this.#postings.get(key);
      if (posting !== undefined) found.push(posting);
    }
    return unionOf(found);
  }

  estimate(keys: ReadonlySet<Key>): number {
    let rows = 0;
    for (const key of keys) rows += postingSize(this.#postings.get(key));
    return rows;
  }
}
