import { isUtf8 } from "node:buffer";
import { MurmurationError, parseJsonExactly, parseJsonText, requireWellFormed } from "@murmuration/index";
import { jsonDepthMax, jsonKeysMax } from "./http-limits.js";
import { nestsDeeperThan } from "./json-depth.js";

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
 * Parses JSON; integers of 64 bits beyond 2^53 become `bigint`. Of equal keys the last wins.
 * Throws `format` for broken JSON, for nesting deeper than 128, for `__proto__` keys, for numbers beyond a double and, naming the place,
 * for text that is not well-formed Unicode; `validation` for an object of more than 100,000 keys.
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = parseJsonText(text);
  } catch (error) {
    throw new MurmurationError("format", (error as Error).message);
  }
  const numbers: Numbers = { areLong: false };
  checkStructure(value, 0, "", numbers);
  return numbers.areLong ? parseJsonExactly(text) : value;
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
