import type { Filter } from "../filter/condition.js";
import type { ReadonlyRowSet } from "../row-set.js";

/** Longer filters are not known again: comparing them costs as much as small ones do. */
const KEY_CHARACTERS_MAX = 1_024;
const SETS_MAX = 64;
const BYTES_MAX = 4 * 1024 * 1024;

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

/** The rows that filters matched at the last epoch that one thread read at: what searches ask for is often filtered alike. */
export class MatchingCache {
  readonly #sets = new Map<string, ReadonlyRowSet>();
  #epoch = 0;
  #bytes = 0;

  /** What a filter is known by; `undefined`: not at all. */
  keyOf(filter: Filter): string | undefined {
    return keyOf(filter, KEY_CHARACTERS_MAX);
  }

  /** The rows that match at an epoch, if they are known. */
  at(epoch: number, key: string): ReadonlyRowSet | undefined {
    if (epoch !== this.#epoch) return undefined;
    const rows = this.#sets.get(key);
    if (rows === undefined) return undefined;
    this.#sets.delete(key);
    this.#sets.set(key, rows);
    return rows;
  }

  /** Keeps all rows that match at an epoch; those of other epochs are forgotten, and those that were asked for longest ago where it is full. */
  keep(epoch: number, key: string, rows: ReadonlyRowSet): void {
    if (epoch !== this.#epoch) {
      this.#sets.clear();
      this.#bytes = 0;
      this.#epoch = epoch;
    }
    const bytes = rows.words.byteLength;
    if (bytes > BYTES_MAX || this.#sets.has(key)) return;
    for (const [oldest, { words }] of this.#sets) {
      if (this.#sets.size < SETS_MAX && this.#bytes + bytes <= BYTES_MAX) break;
      this.#sets.delete(oldest);
      this.#bytes -= words.byteLength;
    }
    this.#sets.set(key, rows);
    this.#bytes += bytes;
  }
}
