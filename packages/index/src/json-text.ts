import { nameEscapedKeys, withEscapedKeys } from "./escaped-keys.js";

/**
 * A number of JSON text that a double may not hold: an integer of more than 53 bits. A fraction, or an exponent, as large needs no second look.
 */
const longInteger = /(?:^|[:,[\s])-?(?:\d{17,}|9\d{15})(?![\d.eE])/;

const u64Max = 2n ** 64n - 1n;
const i64Min = -(2n ** 63n);

// Known to every Node that this runs on, but not to the types: https://github.com/tc39/proposal-json-parse-with-source
/** What `JSON.stringify` prints as it is. */
const { rawJSON: rawJson } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
export type ReviverWithSource = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: ReviverWithSource) => unknown;

/** A safe integer or a fraction is a `number`; an integer of 64 bits beyond 2^53 is a `bigint`; a larger one is rounded. */
const exactInteger: ReviverWithSource = (_, value, { source }) => {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined || !/^-?\d+$/.test(source)) {
    return value;
  }
  const exact = BigInt(source);
  return exact >= i64Min && exact <= u64Max ? exact : value;
};

/** `JSON.parse`, but that keys are read as they are written, on every Node. */
export function parseJsonText(text: string, reviver?: ReviverWithSource): unknown {
  const named = nameEscapedKeys(text);
  const plain = named?.text ?? text;
  const value = reviver === undefined ? JSON.parse(plain) : parseWithSource(plain, reviver);
  return named === undefined ? value : withEscapedKeys(value, named);
}

/**
 * `JSON.parse`, but integers of 64 bits beyond 2^53 become `bigint`. Of equal keys the last wins. Throws `SyntaxError`. Checks nothing else: text of
 * clients goes through the checks of who takes it in.
 */
export function parseJsonExactly(text: string): unknown {
  return parseJsonText(text, longInteger.test(text) ? exactInteger : undefined);
}

/** A double that would be read back as a `bigint` is printed with an exponent. */
function printedNumber(value: unknown): unknown {
  if (typeof value === "bigint") return rawJson(value.toString());
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return Math.abs(value) < 2 ** 64 ? rawJson(value.toExponential()) : value;
}

/**
 * JSON text of which `parseJsonExactly` makes the same value again, but for −0, which is printed as 0: a `bigint` is printed as an integer, and a
 * double that stands for an integer beyond 2^53 with an exponent. Throws `TypeError` for a value that has no JSON form.
 */
export function printJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    // JSON.stringify knows no bigint; it fails at the first one, which keeps the common case free of a search for them.
    if (!(error instanceof TypeError)) throw error;
  }
  if (text === undefined || longInteger.test(text)) {
    text = JSON.stringify(value, (_, item: unknown) => printedNumber(item)) as string | undefined;
  }
  if (text === undefined) throw new TypeError("the value has no JSON form");
  return text;
}
