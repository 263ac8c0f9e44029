import type { Json, JsonObject } from "../json-value.js";

/** A change of one point's payload. */
export type PayloadChange =
  | { readonly how: "overwrite"; readonly payload: JsonObject }
  | { readonly how: "set"; readonly payload: JsonObject }
  | { readonly how: "delete"; readonly keys: readonly string[] };

/**
 * The change that takes keys out of a payload. Keys are named by paths, in which a key with marks of paths stands in quotation marks; one that holds such a mark
 * itself has no path, and then the payload is replaced by what is left of it.
 */
export function withoutKeys(payload: JsonObject, keys: ReadonlySet<string>): PayloadChange {
  const paths = [...keys].map((key) => (/^[^."[\]]+$/.test(key) ? key : `"${key}"`));
  if (![...keys].some((key) => key.includes('"'))) return { how: "delete", keys: paths };
  const left = Object.entries(payload).filter(([key]) => !keys.has(key));
  return { how: "overwrite", payload: Object.fromEntries(left) };
}

/** Is a payload still what it was when somebody began to edit it? Keys in another order are the same payload. */
export function isSamePayload(a: Json | undefined, b: Json | undefined): boolean {
  const ordered = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0)))
      : typeof value === "bigint"
        ? `${value}n`
        : value;
  return JSON.stringify(a, ordered) === JSON.stringify(b, ordered);
}
