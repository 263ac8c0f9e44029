import { type ConsistencyLevel, parseConsistency } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { parsedBy, shown } from "./fields.js";

/** Text of a query parameter. A parameter given twice is refused. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw new MurmurationError("format", `expected one value, got ${shown(value)}`);
}

/** An integer in a query string: other text is `format`, below the minimum `validation`. */
export function integerParameter(minimum: number) {
  return parsedBy(
    (value) => {
      const text = textOf(value);
      if (!/^\d{1,20}$/.test(text)) throw new MurmurationError("format", `expected integer, got ${shown(text)}`);
      const parsed = Number(text);
      if (parsed < minimum)
        throw new MurmurationError("validation", `value ${parsed} invalid, must be ${minimum} or larger`);
      return parsed;
    },
    { type: "integer", minimum },
  ).optional();
}

/** An integer in a path, within bounds, both inclusive. */
export function pathInteger(minimum: number, maximum: number) {
  return parsedBy(
    (value) => {
      const text = textOf(value);
      const parsed = Number(text);
      if (/^\d{1,15}$/.test(text) && parsed >= minimum && parsed <= maximum) return parsed;
      throw new MurmurationError("format", `expected an integer from ${minimum} to ${maximum}, got ${shown(text)}`);
    },
    { type: "integer", minimum, maximum },
  );
}

export const booleanParameter = parsedBy(
  (value) => {
    const text = textOf(value);
    if (text === "true" || text === "false") return text === "true";
    throw new MurmurationError("format", `expected true or false, got ${shown(text)}`);
  },
  { type: "boolean" },
).optional();

const orderings = ["weak", "medium", "strong"];
const levels = ["eventual", "session", "quorum", "majority", "all"];

const ordering = parsedBy(
  (value) => {
    const text = textOf(value);
    if (orderings.includes(text)) return text;
    throw new MurmurationError("format", `unknown value ${shown(text)}, expected one of ${orderings.join(", ")}`);
  },
  { type: "string", enum: orderings },
).optional();

/** How many members a request waits for. The dialect's `majority` is our `quorum`. */
const level = parsedBy(
  (value): ConsistencyLevel => {
    const text = textOf(value);
    if (text === "majority") return { kind: "quorum" };
    if (!levels.includes(text) && !/^\d{1,20}$/.test(text)) {
      throw new MurmurationError("format", `expected an integer or one of ${levels.join(", ")}, got ${shown(text)}`);
    }
    const count = Number(text);
    if (count < 1) throw new MurmurationError("validation", `value ${text} invalid, must be 1 or larger`);
    // whether there are as many is seen where the members are known
    return Number.isNaN(count) ? parseConsistency(text, "") : { kind: "count", count };
  },
  {
    oneOf: [
      { type: "integer", minimum: 1 },
      { type: "string", enum: levels },
    ],
  },
).optional();

/** Reads: what they wait for, and how long. */
export const readParameters = z.object({ consistency: level, timeout: integerParameter(1) });

/** Searches: also whether they walk again while operations are applied to the graph. */
export const searchParameters = readParameters.extend({ settled: booleanParameter });

/**
 * Writes. `ordering` is accepted and changes nothing: it is about the order of writes to one point, which is the same everywhere, not
 * about how many members hold them.
 */
export const writeParameters = z.object({
  wait: booleanParameter,
  ordering,
  write_consistency: level,
  timeout: integerParameter(1),
});

/** Changes of collections and aliases. */
export const timeoutParameters = z.object({ write_consistency: level, timeout: integerParameter(1) });
