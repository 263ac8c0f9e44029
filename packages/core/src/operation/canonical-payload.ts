import { type Json, type JsonObject, MurmurationError, type Payload, requireWellFormed } from "@murmuration/index";
import { limits } from "../limits.js";

const I64_MIN = -(2n ** 63n);
const U64_MAX = 2n ** 64n - 1n;

/** Where a value stands: what a key or an index is below. */
type Place = readonly [Place, string | number] | string;

function textOf(place: Place): string {
  if (typeof place === "string") return place;
  const [above, step] = place;
  return typeof step === "number" ? `${textOf(above)}[${step}]` : `${textOf(above)}.${step}`;
}

/**
 * The payload as every replica will read it back from an operation; the same object where nothing had to change. A writer
 * that keeps a payload without reading it back must keep this one. Numbers: −0 becomes 0, a `bigint` that fits a safe integer
 * becomes a `number`. Text stays as it is. Throws `wrong-input` for what cannot be kept: integers beyond 64 bits, numbers that are not
 * finite, nesting over the bound, the key `__proto__`; and `format` for text that is not well-formed. The error's field is the place
 * of the value, below `field`.
 */
export function canonicalPayload(payload: Payload, field = "payload"): Payload {
  return canonicalObject(payload, 1, field);
}

function refuse(problem: string, place: Place): never {
  const field = textOf(place);
  throw new MurmurationError("wrong-input", `${field}: ${problem}`, field);
}

function canonicalValue(value: Json, depth: number, above: Place, step: string | number): Json {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : requireWellFormed(value, textOf([above, step]));
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) refuse(`${value} is not a JSON number`, [above, step]);
      return value === 0 ? 0 : value;
    case "bigint":
      if (value < I64_MIN || value > U64_MAX) refuse(`the integer ${value} does not fit 64 bits`, [above, step]);
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case "object": {
      if (value === null) return value;
      const place: Place = [above, step];
      if (depth >= limits.payloadDepthMax) refuse(`nested deeper than ${limits.payloadDepthMax} levels`, place);
      return Array.isArray(value)
        ? canonicalArray(value, depth + 1, place)
        : canonicalObject(value as JsonObject, depth + 1, place);
    }
    default:
      return refuse("holds a value that is not JSON", [above, step]);
  }
}

function canonicalArray(values: readonly Json[], depth: number, place: Place): readonly Json[] {
  let copy: Json[] | undefined;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as Json;
    const canonical = canonicalValue(value, depth, place, at);
    if (copy === undefined && !Object.is(canonical, value)) copy = values.slice(0, at);
    copy?.push(canonical);
  }
  return copy ?? values;
}

function canonicalObject(object: JsonObject, depth: number, place: Place): JsonObject {
  if (ArrayBuffer.isView(object) || object instanceof Date) refuse("holds a value that is not JSON", place);
  let changed: Map<string, Json> | undefined;
  for (const key of Object.keys(object)) {
    if (!key.isWellFormed()) requireWellFormed(key, textOf(place));
    if (key === "__proto__") refuse("the key __proto__ is not allowed", place);
    const value = object[key] as Json;
    const canonical = canonicalValue(value, depth, place, key);
    if (!Object.is(canonical, value)) (changed ??= new Map(Object.entries(object))).set(key, canonical);
  }
  return changed === undefined ? object : Object.fromEntries(changed);
}
