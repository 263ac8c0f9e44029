import { RowSet } from "../row-set.js";
import type { Json } from "./json.js";

/** The different keys of those values that have one. */
export function distinctKeys<Key, Value extends Json>(
  values: readonly Value[],
  keyOf: (value: Value) => Key | undefined,
): Set<Key> {
  const keys = new Set<Key>();
  for (const value of values) {
    const key = keyOf(value);
    if (key !== undefined) keys.add(key);
  }
  return keys;
}

/** What each row of an index has: values of its kind, other values, nulls. */
export class Presence {
  readonly valued = new RowSet();
  readonly several = new RowSet();
  readonly other = new RowSet();
  readonly nulls = new RowSet();

  /** Notes a row's values and returns the different keys among them. `keyOf` is `undefined` for a value of another kind. */
  add<Key>(row: number, values: readonly Json[], keyOf: (value: Json) => Key | undefined): Iterable<Key> {
    const keys = new Set<Key>();
    for (const value of values) {
      const key = keyOf(value);
      if (key !== undefined) keys.add(key);
      else if (value === null) this.nulls.add(row);
      else this.other.add(row);
    }
    if (keys.size > 0) this.valued.add(row);
    if (keys.size > 1) this.several.add(row);
    return keys;
  }

  /** Forgets a row and returns the different keys among its values. */
  remove<Key>(row: number, values: readonly Json[], keyOf: (value: Json) => Key | undefined): Iterable<Key> {
    for (const rows of [this.valued, this.several, this.other, this.nulls]) rows.delete(row);
    return distinctKeys(values, keyOf);
  }
}
