import type { Filter } from "../filter/condition.js";
import type { ReadonlyRowSet, RowSet } from "../row-set.js";

/** Longer filters are not known again: comparing them costs as much as small ones do. */
const KEY_CHARACTERS_MAX = 1_024;
const SETS_MAX = 64;
const BYTES_MAX = 4 * 1024 * 1024;
/** Marking the slots of half of all rows costs as much as asking about the candidates of some four walks. */
const OFTEN = 4;

/** Text of a value, of which equal ones are equal; `undefined` for a long one, and for one that is not plain data. */
function keyOf(value: unknown, left: number): string | undefined {
  switch (typeof value) {
    case "string":
      return value.length < left ? JSON.stringify(value) : undefined;
    case "bigint":
      return `${value}n`;
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
  }
  if (typeof value !== "object" || value === null) return undefined;
  const isList = Array.isArray(value);
  if (isList && value.length > left) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!isList && prototype !== Object.prototype && prototype !== null) return undefined;
  let key = isList ? "[" : "{";
  for (const [name, part] of Object.entries(value)) {
    const text = keyOf(part, left - key.length);
    if (text === undefined) return undefined;
    key += isList ? `${text},` : `${JSON.stringify(name)}:${text},`;
    if (key.length > left) return undefined;
  }
  return `${key}${isList ? "]" : "}"}`;
}

/** Rows that are kept, and what was asked of them. */
interface Kept {
  readonly rows: ReadonlyRowSet;
  /** By the number of a vector space. */
  readonly slots: Map<number, RowSet>;
  bytes: number;
  timesAsked: number;
}

/** The rows that filters matched at the last epoch that one thread read at: what searches ask for is often filtered alike. */
export class MatchingCache {
  readonly #sets = new Map<string, Kept>();
  readonly #byRows = new Map<ReadonlyRowSet, Kept>();
  #epoch = 0;
  #bytes = 0;

  /** What a filter is known by; `undefined`: not at all. */
  keyOf(filter: Filter): string | undefined {
    return keyOf(filter, KEY_CHARACTERS_MAX);
  }

  /** The rows that match at an epoch, if they are known. */
  at(epoch: number, key: string): ReadonlyRowSet | undefined {
    if (epoch !== this.#epoch) return undefined;
    const kept = this.#sets.get(key);
    if (kept === undefined) return undefined;
    this.#sets.delete(key);
    this.#sets.set(key, kept);
    kept.timesAsked++;
    return kept.rows;
  }

  /** Was asked for these rows so often at this epoch that it is worth to mark the slots of all of them? */
  isAskedOften(rows: ReadonlyRowSet): boolean {
    return (this.#byRows.get(rows)?.timesAsked ?? 0) >= OFTEN;
  }

  /** The slots of these rows in a space, as they are marked; known again where the rows are kept. */
  slotsOf(rows: ReadonlyRowSet, space: number, mark: () => RowSet): RowSet {
    const kept = this.#byRows.get(rows);
    const known = kept?.slots.get(space);
    if (known !== undefined) return known;
    const marked = mark();
    const bytes = marked.words.byteLength;
    if (kept === undefined) return marked;
    if (this.#bytes + bytes > BYTES_MAX) {
      // marked again each time, they would cost more than they spare
      kept.timesAsked = Number.NEGATIVE_INFINITY;
      return marked;
    }
    kept.slots.set(space, marked);
    kept.bytes += bytes;
    this.#bytes += bytes;
    return marked;
  }

  /** Keeps all rows that match at an epoch; those of other epochs are forgotten, and those that were asked for longest ago where it is full. */
  keep(epoch: number, key: string, rows: ReadonlyRowSet): void {
    if (epoch !== this.#epoch) {
      this.#sets.clear();
      this.#byRows.clear();
      this.#bytes = 0;
      this.#epoch = epoch;
    }
    const bytes = rows.words.byteLength;
    if (bytes > BYTES_MAX || this.#sets.has(key)) return;
    for (const [oldest, kept] of this.#sets) {
      if (this.#sets.size < SETS_MAX && this.#bytes + bytes <= BYTES_MAX) break;
      this.#sets.delete(oldest);
      this.#byRows.delete(kept.rows);
      this.#bytes -= kept.bytes;
    }
    const kept = { rows, slots: new Map(), bytes, timesAsked: 0 };
    this.#sets.set(key, kept);
    this.#byRows.set(rows, kept);
    this.#bytes += bytes;
  }
}
