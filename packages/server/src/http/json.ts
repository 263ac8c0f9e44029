import { isUtf8 } from "node:buffer";
import { MurmurationError } from "@murmuration/index";
import { parse as parseLossless, stringify as stringifyLossless } from "lossless-json";
import { nestsDeeperThan } from "./json-depth.js";
import { jsonDepthMax } from "./limits.js";

/** An integer of 16 or more digits: it may lie beyond 2^53. Text inside strings may match too, which only costs time. */
const longInteger = /(?:^|[:,[\s])-?\d{16,}(?![\d.eE])/;

const u64Max = 2n ** 64n - 1n;
const i64Min = -(2n ** 63n);

/** A safe integer or a fraction is a `number`; an integer of 64 bits beyond 2^53 is a `bigint`; a larger one is rounded. */
function numberFromText(text: string): number | bigint {
  const rounded = Number(text);
  if (!/^-?\d+$/.test(text) || Number.isSafeInteger(rounded)) return rounded;
  const exact = BigInt(text);
  return exact >= i64Min && exact <= u64Max ? exact : rounded;
}

/** Refuses what the rest of the program must never meet. Vectors are cheap here: one or two type tests for each number. */
function checkStructure(value: unknown, depth: number, path: string): void {
  if (typeof value === "number") {
    // JSON.parse makes infinity of a number beyond a double
    if (!Number.isFinite(value)) throw new MurmurationError("format", "number out of range", path);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth === jsonDepthMax) throw tooDeep();
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (typeof element === "number" && Number.isFinite(element)) continue;
      checkStructure(element, depth + 1, depth < 8 ? `${path}[${i}]` : path);
    }
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    const childPath = path === "" ? key : `${path}.${key}`;
    // Codecs and object spreads further down do not agree on what this key means.
    if (key === "__proto__") throw new MurmurationError("format", "the key `__proto__` is not allowed", childPath);
    if (typeof child === "object" || typeof child === "number")
      checkStructure(child, depth + 1, depth < 8 ? childPath : path);
  }
}

const tooDeep = () => new MurmurationError("format", `nested deeper than ${jsonDepthMax} levels`);

/**
 * Parses JSON; integers of 64 bits beyond 2^53 become `bigint`. Of equal keys the last wins.
 * Throws `format` for broken JSON, for nesting deeper than 128, for `__proto__` keys and for numbers beyond a double.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MurmurationError("format", (error as Error).message);
  }
  checkStructure(value, 0, "");
  if (!longInteger.test(text)) return value;
  return parseLossless(text, undefined, { parseNumber: numberFromText, onDuplicateKey: ({ newValue }) => newValue });
}

/** Text of this many bytes is parsed in no time, whatever it holds. */
const harmlessBytes = 65_536;

/** `parseJson` for the bytes of a request. Throws `format` also for what is not UTF-8. */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new MurmurationError("format", "the text is not valid UTF-8");
  if (bytes.length > harmlessBytes && nestsDeeperThan(bytes, jsonDepthMax)) throw tooDeep();
  return parseJson(bytes.toString("utf8"));
}

/** JSON text; a `bigint` is printed as an integer. Throws `TypeError` for a value that has no JSON form. */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // JSON.stringify knows no bigint; it fails at the first one, which keeps the common case free of a search for them.
    if (!(error instanceof TypeError)) throw error;
    text = stringifyLossless(value);
  }
  if (text === undefined) throw new TypeError("the value has no JSON form");
  return text;
}
