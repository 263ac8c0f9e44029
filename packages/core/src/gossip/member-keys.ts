import { limits } from "../limits.js";

/** Is it what a member tells of its public keys: one, or two while it changes them, each a text that is none too long? */
export function areMemberKeys(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > limits.memberKeysMax) return false;
  return new Set(value).size === value.length && value.every(isMemberKey);
}

function isMemberKey(key: unknown): boolean {
  return typeof key === "string" && key.length <= limits.memberKeyCharactersMax && /^[A-Za-z0-9_-]+$/.test(key);
}

/** Are these the same keys, in the same order? */
export function isSameKeys(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || (a?.length === b?.length && a?.every((key, i) => key === b?.[i]) === true);
}
