import { type ReadonlyRowSet, RowSet } from "../row-set.js";

/**
 * The rows of one value. Most values of an ordered index have one row, so that one is kept bare. A hash set costs some
 * 32 bytes a row, a bitset one bit for each row of the collection: the cheaper one of the two is used.
 */
export type Posting = number | Set<number> | RowSet;

const DENSE_SIZE_MIN = 64;
/** A bitset from one row in 256, a hash set again below one in 1,024: apart, so that no set is remade at every write. */
const DENSE_FROM = 1 / 256;
const SPARSE_BELOW = 1 / 1_024;

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}

function densified(rows: Set<number>): Posting {
  if (rows.size < DENSE_SIZE_MIN || !isPowerOfTwo(rows.size)) return rows;
  let highest = 0;
  for (const row of rows) highest = Math.max(highest, row);
  return rows.size >= highest * DENSE_FROM ? new RowSet(rows) : rows;
}

function thinned(rows: RowSet): Posting {
  const isSparse = rows.size < DENSE_SIZE_MIN / 2 || rows.size < rows.wordCount * 32 * SPARSE_BELOW;
  return isSparse ? new Set(rows) : rows;
}

/** The posting with `row` in it. The given posting is used up. */
export function withRow(posting: Posting | undefined, row: number): Posting {
  if (posting === undefined || posting === row) return row;
  if (typeof posting === "number") return new Set([posting, row]);
  posting.add(row);
  return posting instanceof RowSet ? thinned(posting) : densified(posting);
}

/** The posting without `row`, or `undefined` when no row is left. The given posting is used up. */
export function withoutRow(posting: Posting | undefined, row: number): Posting | undefined {
  if (posting === undefined || posting === row) return undefined;
  if (typeof posting === "number") return posting;
  posting.delete(row);
  if (posting.size === 0) return undefined;
  return posting instanceof RowSet ? thinned(posting) : posting;
}

/** A posting of its own with the same rows. */
export function copyOfPosting(posting: Posting): Posting {
  if (typeof posting === "number") return posting;
  return posting instanceof RowSet ? posting.clone() : new Set(posting);
}

export function postingSize(posting: Posting | undefined): number {
  if (posting === undefined) return 0;
  return typeof posting === "number" ? 1 : posting.size;
}

/** The rows of a posting; ascending order is not promised. */
export function postingRows(posting: Posting): Iterable<number> {
  return typeof posting === "number" ? [posting] : posting;
}

/** Adds the rows of a posting to `rows`. */
export function addPostingTo(posting: Posting, rows: RowSet): void {
  if (typeof posting === "number") rows.add(posting);
  else if (posting instanceof RowSet) rows.or(posting);
  else for (const row of posting) rows.add(row);
}

/** The union of postings: the posting's own bitset where there is just one, else a new set. Not to be changed. */
export function unionOf(postings: readonly Posting[]): ReadonlyRowSet {
  const [first] = postings;
  if (postings.length === 1 && first instanceof RowSet) return first;
  const rows = new RowSet();
  for (const posting of postings) addPostingTo(posting, rows);
  return rows;
}
