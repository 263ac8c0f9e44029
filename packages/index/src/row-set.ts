import { assert } from "./errors.js";

/** What can be asked of a set of rows without changing it. */
export interface ReadonlyRowSet extends Iterable<number> {
  /** Bit `row & 31` of word `row >>> 5` is set when the row is a member. Words from `wordCount` on are zero. */
  readonly words: Uint32Array;
  /** One more than the index of the highest word that was ever written. */
  readonly wordCount: number;
  /** Number of members. */
  readonly size: number;
  has(row: number): boolean;
  /** Calls `visit` with every member, ascending. Meanwhile the set must not change, but for the removal of that member. */
  forEach(visit: (row: number) => void): void;
  clone(): RowSet;
}

const ROWS_MAX = 2 ** 32;
const SIZE_UNKNOWN = -1;
const WORDS_MIN = 4;

/** Number of set bits of a 32-bit word, by summing ever wider bit fields. */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** A growable set of rows (integers from 0 to 2^32 − 1), one bit a row up to the highest member. */
export class RowSet implements ReadonlyRowSet {
  #words: Uint32Array;
  #wordCount = 0;
  #size = 0;

  constructor(rows: Iterable<number> = []) {
    this.#words = new Uint32Array(0);
    for (const row of rows) this.add(row);
  }

  /** The set of all rows below `count`. */
  static range(count: number): RowSet {
    assert(Number.isInteger(count) && count >= 0 && count <= ROWS_MAX, "row count is a 32-bit integer");
    const set = new RowSet();
    const full = Math.floor(count / 32);
    const rest = count % 32;
    set.#words = new Uint32Array(full + 1).fill(0xffffffff, 0, full);
    if (rest > 0) set.#words[full] = 2 ** rest - 1;
    set.#wordCount = rest > 0 ? full + 1 : full;
    set.#size = count;
    return set;
  }

  get words(): Uint32Array {
    return this.#words;
  }

  get wordCount(): number {
    return this.#wordCount;
  }

  get size(): number {
    if (this.#size === SIZE_UNKNOWN) this.#size = this.#countBits();
    return this.#size;
  }

  has(row: number): boolean {
    const index = row >>> 5;
    return row >>> 0 === row && index < this.#wordCount && ((this.#words[index] as number) & (1 << (row & 31))) !== 0;
  }

  add(row: number): void {
    assert(row >>> 0 === row, "row is a 32-bit integer");
    const index = row >>> 5;
    if (index >= this.#wordCount) this.#extendTo(index + 1);
    const before = this.#words[index] as number;
    const after = (before | (1 << (row & 31))) >>> 0;
    if (before === after) return;
    this.#words[index] = after;
    if (this.#size !== SIZE_UNKNOWN) this.#size += 1;
  }

  delete(row: number): void {
    if (!this.has(row)) return;
    const index = row >>> 5;
    this.#words[index] = (this.#words[index] as number) & ~(1 << (row & 31));
    if (this.#size !== SIZE_UNKNOWN) this.#size -= 1;
  }

  clear(): void {
    this.#words.fill(0, 0, this.#wordCount);
    this.#wordCount = 0;
    this.#size = 0;
  }

  /** Keeps the rows that are also in `other`. */
  and(other: ReadonlyRowSet): void {
    const mine = this.#words;
    const theirs = other.words;
    const shared = Math.min(this.#wordCount, other.wordCount);
    for (let i = 0; i < shared; i++) mine[i] = (mine[i] as number) & (theirs[i] as number);
    mine.fill(0, shared, this.#wordCount);
    this.#wordCount = shared;
    this.#size = SIZE_UNKNOWN;
  }

  /** Adds the rows of `other`. */
  or(other: ReadonlyRowSet): void {
    const count = other.wordCount;
    if (count > this.#wordCount) this.#extendTo(count);
    const mine = this.#words;
    const theirs = other.words;
    for (let i = 0; i < count; i++) mine[i] = (mine[i] as number) | (theirs[i] as number);
    this.#size = SIZE_UNKNOWN;
  }

  /** Makes room for rows below `count`, so that the set need not grow while it is filled. */
  reserve(count: number): void {
    const wordCount = (count + 31) >>> 5;
    if (wordCount > this.#wordCount) this.#extendTo(wordCount);
  }

  /** Puts words in the place of those from `firstWord` on, which have no rows. `count`: the rows in them. */
  setWords(firstWord: number, words: Uint32Array, count: number): void {
    if (firstWord + words.length > this.#wordCount) this.#extendTo(firstWord + words.length);
    this.#words.set(words, firstWord);
    if (this.#size !== SIZE_UNKNOWN) this.#size += count;
  }

  /** Adds rows that stand in an array, none of them above 2^31. */
  addAll(rows: Uint32Array): void {
    let highest = -1;
    for (let i = 0; i < rows.length; i++) highest = Math.max(highest, rows[i] as number);
    if (highest >>> 5 >= this.#wordCount && rows.length > 0) this.#extendTo((highest >>> 5) + 1);
    const mine = this.#words;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      mine[row >>> 5] = (mine[row >>> 5] as number) | (1 << (row & 31));
    }
    this.#size = SIZE_UNKNOWN;
  }

  /** Removes the rows of `other`. */
  andNot(other: ReadonlyRowSet): void {
    const mine = this.#words;
    const theirs = other.words;
    const shared = Math.min(this.#wordCount, other.wordCount);
    for (let i = 0; i < shared; i++) mine[i] = (mine[i] as number) & ~(theirs[i] as number);
    this.#size = SIZE_UNKNOWN;
  }

  clone(): RowSet {
    const copy = new RowSet();
    copy.#words = this.#words.slice(0, this.#wordCount);
    copy.#wordCount = this.#wordCount;
    copy.#size = this.#size;
    return copy;
  }

  forEach(visit: (row: number) => void): void {
    const words = this.#words;
    for (let i = 0; i < this.#wordCount; i++) {
      for (let word = words[i] as number; word !== 0; word &= word - 1) {
        visit(i * 32 + 31 - Math.clz32(word & -word));
      }
    }
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.#wordCount; i++) {
      for (let word = this.#words[i] as number; word !== 0; word &= word - 1) {
        yield i * 32 + 31 - Math.clz32(word & -word);
      }
    }
  }

  #extendTo(wordCount: number): void {
    if (wordCount > this.#words.length) {
      const grown = new Uint32Array(Math.max(wordCount, this.#words.length * 2, WORDS_MIN));
      grown.set(this.#words.subarray(0, this.#wordCount));
      this.#words = grown;
    }
    this.#wordCount = wordCount;
  }

  #countBits(): number {
    let count = 0;
    for (let i = 0; i < this.#wordCount; i++) count += bitCount(this.#words[i] as number);
    return count;
  }
}
