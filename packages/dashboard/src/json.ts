/** What `JSON.parse` tells a reviver beside the value, where the engine does. */
interface Source {
  readonly source?: string;
}

/** What of `JSON` an engine may have. */
interface Engine {
  readonly parse: JSON["parse"];
  readonly rawJSON?: JSON["rawJSON"] | undefined;
}

/**
 * Does this engine give and take every digit of a number? Where it does not, ids beyond 2^53 would become others on their way
 * (ECMAScript proposal "JSON.parse source text access").
 */
export function canKeepDigits({ parse, rawJSON }: Engine = JSON): boolean {
  let isGiven = false;
  const look = (_key: string, value: unknown, context?: Source) => {
    isGiven ||= context?.source === "1";
    return value;
  };
  parse("1", look as (key: string, value: unknown) => unknown);
  return isGiven && typeof rawJSON === "function";
}

/** Below sixteen digits every integer is a number. */
const MAY_HOLD_LARGE_INTEGER = /\d{16}/;

function keepDigits(_key: string, value: unknown, context?: Source): unknown {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/** Parses JSON; integers beyond 2^53, ids among them, become `bigint` instead of losing their last digits. Throws a `SyntaxError`. */
export function parseJson(text: string): unknown {
  return MAY_HOLD_LARGE_INTEGER.test(text)
    ? (JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown) as unknown)
    : (JSON.parse(text) as unknown);
}

/** JSON of a value that `parseJson` gave: every integer with its own digits. */
export function printJson(value: unknown, indent?: number): string {
  const print = (_key: string, one: unknown) => {
    if (typeof one !== "bigint") return one;
    return JSON.rawJSON === undefined ? Number(one) : JSON.rawJSON(one.toString());
  };
  return JSON.stringify(value, print, indent) ?? "null";
}
