import { isJsonObject, type Json, MurmurationError, parseJsonExactly, requireWellFormedJson } from "@murmuration/index";
import { limits } from "../limits.js";

const I64_MIN = -(2n ** 63n);
const U64_MAX = 2n ** 64n - 1n;

/** Parts of JSON that the compiler's library does not know yet. */
interface JsonWithSource {
  rawJSON(text: string): unknown;
}

const jsonWithSource = JSON as unknown as JsonWithSource;

/** The JSON text of a leaf: integers of 64 bits are written out, digit by digit. */
export function leafText(value: Json): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "bigint" ? jsonWithSource.rawJSON(item.toString()) : item,
  );
}

/**
 * The value of a leaf's text, frozen: integers of 64 bits beyond 2^53 are `bigint`. The same on every replica. Throws for a text
 * that is not JSON or holds what no leaf holds.
 */
export function valueOfLeaf(text: string): Json {
  requireShallow(text);
  const value = parseJsonExactly(text) as Json;
  requireLeaf(value, "leaf");
  return freeze(value);
}

/** Throws `format`, by field, unless the value can be a leaf: numbers finite and of 64 bits, well-formed text, no `__proto__`, not too deep. */
export function requireLeaf(value: Json, field: string): void {
  requireValues(value, field, 1);
  requireWellFormedJson(value, field);
}

function refuse(problem: string, field: string): never {
  throw new MurmurationError("format", `${field}: ${problem}`, field);
}

function requireValues(value: Json, field: string, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) refuse(`${value} is not a JSON number`, field);
  if (typeof value === "bigint" && (value < I64_MIN || value > U64_MAX))
    refuse(`the integer ${value} does not fit 64 bits`, field);
  if (typeof value !== "object" || value === null) return;
  if (depth > limits.settingDepthMax) refuse(`nested deeper than ${limits.settingDepthMax} levels`, field);
  if (isJsonObject(value) && Object.hasOwn(value, "__proto__")) refuse("the key `__proto__` is not allowed", field);
  for (const item of Object.values(value) as Json[]) requireValues(item, field, depth + 1);
}

/** Before it is parsed: whoever looks at what is nested a million times runs out of stack. */
function requireShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > limits.settingDepthMax) refuse(`nested deeper than ${limits.settingDepthMax} levels`, "leaf");
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

function freeze(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  for (const item of Object.values(value)) freeze(item as Json);
  return Object.freeze(value);
}
