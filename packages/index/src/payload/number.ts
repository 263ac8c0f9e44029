import type { Json } from "./json.js";

/**
 * One representation per numeric value, so that equal numbers are the same map key: integers within ±(2^53 − 1) are
 * `number`, other integers `bigint`, fractions and infinities `number`. `undefined` for what is no number.
 */
export function canonicalNumber(value: Json): number | bigint | undefined {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) return value + 0; // −0 becomes 0
    return Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value !== "bigint") return undefined;
  return BigInt.asIntN(54, value) === value && value > -(2n ** 53n) ? Number(value) : value;
}

/** The canonical form of an integer; `undefined` for fractions and for what is no number. */
export function canonicalInteger(value: Json): number | bigint | undefined {
  const canonical = canonicalNumber(value);
  return typeof canonical === "bigint" || Number.isInteger(canonical) ? canonical : undefined;
}

/** Order by mathematical value; `number` and `bigint` compare exactly with each other. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
