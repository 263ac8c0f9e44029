import { MurmurationError, requireWellFormed } from "@murmuration/index";
import { jsonDepthMax } from "../http/http-limits.js";

const i64Min = -(2n ** 63n);
const u64Max = 2n ** 64n - 1n;

function jsonOfList(list: readonly unknown[], field: string, depth: number): unknown {
  // most lists are vectors
  if (list.every(Number.isFinite)) return list;
  return list.map((item, i) => jsonOfValue(item, `${field}[${i}]`, depth + 1));
}

/**
 * A value of another system as JSON: times become ISO 8601, typed arrays of floats stay what they are (they are vectors), other lists become arrays. Throws `format` naming the
 * place for what JSON cannot hold: bytes, numbers that are none, integers beyond 64 bits, keys `__proto__`.
 */
export function jsonOfValue(value: unknown, field: string, depth = 0): unknown {
  const refuse = (what: string): never => {
    throw new MurmurationError("format", what, field);
  };
  if (depth > jsonDepthMax) refuse(`nested deeper than ${jsonDepthMax} levels`);
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return requireWellFormed(value, field);
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : refuse(`${value} is no number of JSON`);
  if (typeof value === "bigint") {
    if (value < i64Min || value > u64Max) refuse(`${value} is no integer of 64 bits`);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? refuse("no time that there is") : value.toISOString();
  if (value instanceof Float32Array) return value;
  if (value instanceof Uint8Array) return refuse("bytes are no value of a payload");
  if (ArrayBuffer.isView(value)) return jsonOfList(Array.from(value as unknown as ArrayLike<number>), field, depth);
  if (Array.isArray(value)) return jsonOfList(value, field, depth);
  if (typeof value !== "object") return refuse(`a ${typeof value} is no value of a payload`);
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key === "__proto__") refuse("the key `__proto__` is not allowed");
    requireWellFormed(key, field);
    return [key, jsonOfValue(inner, `${field}.${key}`, depth + 1)] as const;
  });
  return Object.fromEntries(entries);
}
