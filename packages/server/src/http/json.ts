import { isUtf8 } from "node:buffer";
import { MurmurationError, requireWellFormed } from "@murmuration/index";
import { parse as parseLossless } from "lossless-json";
import { jsonDepthMax, jsonKeysMax } from "./http-limits.js";
import { nestsDeeperThan } from "./json-depth.js";

/** An integer of 16 or more digits: it may lie beyond 2^53, where a fraction as large needs no second look. */
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

/** Is it finite, and no integer of which a double may have lost digits? */
const isPlain = (value: number) => value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;

/** What the numbers of a text are like. */
interface Numbers {
  /** Some may be integers that a double does not hold. */
  areLong: boolean;
}

/** Refuses what the rest of the program must never meet. Vectors are cheap here: two comparisons for each number. */
function checkStructure(value: unknown, depth: number, path: string, numbers: Numbers): void {
  if (typeof value === "number") {
    if (isPlain(value)) return;
    // JSON.parse makes infinity of a number beyond a double
    if (!Number.isFinite(value)) throw new MurmurationError("format", "number out of range", path);
    numbers.areLong = true;
    return;
  }
  if (typeof value === "string") {
    // the escape \ud800 stands for no text that there is
    requireWellFormed(value, path);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth === jsonDepthMax) throw tooDeep();
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (typeof element === "number" && isPlain(element)) continue;
      checkStructure(element, depth + 1, depth < 8 ? `${path}[${i}]` : path, numbers);
    }
    return;
  }
  const entries = Object.entries(value);
  if (entries.length > jsonKeysMax) {
    const message = `${entries.length} keys in one object, the limit (keys of an object) is ${jsonKeysMax}`;
    throw new MurmurationError("validation", message, path);
  }
  for (const [key, child] of entries) {
    if (!key.isWellFormed()) requireWellFormed(key, path);
    const childPath = path === "" ? key : `${path}.${key}`;
    // Codecs and object spreads further down do not agree on what this key means.
    if (key === "__proto__") throw new MurmurationError("format", "the key `__proto__` is not allowed", childPath);
    if (typeof child !== "boolean") checkStructure(child, depth + 1, depth < 8 ? childPath : path, numbers);
  }
}

const tooDeep = () => new MurmurationError("format", `nested deeper than ${jsonDepthMax} levels`);

/**
 * The value with the `bigint`s of another reading of the same text in place of what a double made of them. Everything else is of `value`:
 * the other parser takes `{}` and `[]` for equal where a key stands twice.
 */
function withExactIntegers(value: unknown, exact: unknown): unknown {
  if (typeof value === "number") return typeof exact === "bigint" ? exact : value;
  if (typeof value !== "object" || value === null) return value;
  const children = value as { [key: string]: unknown };
  const exactChildren = (exact ?? {}) as { readonly [key: string]: unknown };
  for (const key of Object.keys(children)) children[key] = withExactIntegers(children[key], exactChildren[key]);
  return value;
}

/**
 * Parses JSON; integers of 64 bits beyond 2^53 become `bigint`. Of equal keys the last wins.
 * Throws `format` for broken JSON, for nesting deeper than 128, for `__proto__` keys, for numbers beyond a double and, naming the place,
 * for text that is not well-formed Unicode; `validation` for an object of more than 100,000 keys.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MurmurationError("format", (error as Error).message);
  }
  const numbers: Numbers = { areLong: false };
  checkStructure(value, 0, "", numbers);
  if (!numbers.areLong || !longInteger.test(text)) return value;
  const options = { parseNumber: numberFromText, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };
  return withExactIntegers(value, parseLossless(text, undefined, options));
}

/** Text of this many bytes is parsed in no time, whatever it holds. */
const harmlessBytes = 65_536;

/** Position of the first byte that is not part of UTF-8. */
function firstBadByte(bytes: Buffer): number {
  const replacement = Buffer.of(0xef, 0xbf, 0xbd);
  let at = 0;
  // Every faulty sequence is decoded as one U+FFFD, which may also be there in its own right.
  for (const part of bytes.toString("utf8").split("\ufffd")) {
    at += Buffer.byteLength(part);
    if (!bytes.subarray(at, at + replacement.length).equals(replacement)) return at;
    at += replacement.length;
  }
  return at;
}

/**
 * `parseJson` for the bytes of a request. Throws `format` also for what is not UTF-8, and for a byte order mark in front, which JSON does
 * not have.
 */
export function parseJsonBytes(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    throw new MurmurationError("format", `the text is not valid UTF-8 at byte ${firstBadByte(bytes)}`);
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new MurmurationError("format", "the text begins with a byte order mark (U+FEFF), which is no JSON");
  }
  if (bytes.length > harmlessBytes && nestsDeeperThan(bytes, jsonDepthMax)) throw tooDeep();
  return parseJson(bytes.toString("utf8"));
}

/** What `JSON.stringify` prints as it is. Known to every Node that this runs on, but not to the types. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** JSON text; a `bigint` is printed as an integer. Throws `TypeError` for a value that has no JSON form. */
export function stringifyJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // JSON.stringify knows no bigint; it fails at the first one, which keeps the common case free of a search for them.
    if (!(error instanceof TypeError)) throw error;
    text = JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? rawJson(item.toString()) : item));
  }
  if (text === undefined) throw new TypeError("the value has no JSON form");
  return text;
}
