import { type Json, type JsonObject, MurmurationError, type Payload } from "@murmuration/index";
import { limits } from "../limits.js";

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
const BYTE_ORDER_MARK = 0xfeff;
const I64_MIN = -(2n ** 63n);
const U64_MAX = 2n ** 64n - 1n;

/**
 * The text that reads back equal from its UTF-8 bytes: lone surrogates become U+FFFD, and a leading byte order mark goes,
 * because decoders differ about it.
 */
export function canonicalText(text: string): string {
  let canonical = text;
  while (canonical.charCodeAt(0) === BYTE_ORDER_MARK) canonical = canonical.slice(1);
  return LONE_SURROGATE.test(canonical) ? canonical.replace(LONE_SURROGATES, "\ufffd") : canonical;
}

/**
 * The payload as every replica will read it back from an operation; the same object where nothing had to change. A writer
 * that keeps a payload without reading it back must keep this one. Numbers: −0 becomes 0, a `bigint` that fits a safe integer
 * becomes a `number`. Throws `wrong-input` for what cannot be kept: integers beyond 64 bits, numbers that are not finite,
 * nesting over the bound, the key `__proto__`.
 */
export function canonicalPayload(payload: Payload): Payload {
  return canonicalObject(payload, 1);
}

function refuse(problem: string): never {
  throw new MurmurationError("wrong-input", `payload: ${problem}`, "payload");
}

function canonicalValue(value: Json, depth: number): Json {
  switch (typeof value) {
    case "string":
      return canonicalText(value);
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) refuse(`${value} is not a JSON number`);
      return value === 0 ? 0 : value;
    case "bigint":
      if (value < I64_MIN || value > U64_MAX) refuse(`the integer ${value} does not fit 64 bits`);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case "object":
      if (value === null) return value;
      if (depth >= limits.payloadDepthMax) refuse(`nested deeper than ${limits.payloadDepthMax} levels`);
      if (ArrayBuffer.isView(value) || value instanceof Date) refuse("holds a value that is not JSON");
      return Array.isArray(value) ? canonicalArray(value, depth + 1) : canonicalObject(value as JsonObject, depth + 1);
    default:
      return refuse("holds a value that is not JSON");
  }
}

function canonicalArray(values: readonly Json[], depth: number): readonly Json[] {
  let copy: Json[] | undefined;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as Json;
    const canonical = canonicalValue(value, depth);
    if (copy === undefined && !Object.is(canonical, value)) copy = values.slice(0, at);
    copy?.push(canonical);
  }
  return copy ?? values;
}

function canonicalObject(object: JsonObject, depth: number): JsonObject {
  const keys = Object.keys(object);
  const entries: [string, Json][] = [];
  let changed = false;
  for (const key of keys) {
    const canonicalKey = canonicalText(key);
    if (canonicalKey === "__proto__") refuse("the key __proto__ is not allowed");
    const value = object[key] as Json;
    const canonical = canonicalValue(value, depth);
    changed ||= canonicalKey !== key || !Object.is(canonical, value);
    entries.push([canonicalKey, canonical]);
  }
  return changed ? Object.fromEntries(entries) : object;
}
