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
      if (!/^\d{1,15}$/.test(text)) throw new MurmurationError("format", `expected integer, got ${shown(text)}`);
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
const consistencies = ["majority", "quorum", "all"];

const ordering = parsedBy(
  (value) => {
    const text = textOf(value);
    if (orderings.includes(text)) return text;
    throw new MurmurationError("format", `unknown value ${shown(text)}, expected one of ${orderings.join(", ")}`);
  },
  { type: "string", enum: orderings },
).optional();

const consistency = parsedBy(
  (value) => {
    const text = textOf(value);
    if (consistencies.includes(text)) return text;
    if (!/^\d{1,9}$/.test(text)) {
      throw new MurmurationError(
        "format",
        `expected an integer or one of ${consistencies.join(", ")}, got ${shown(text)}`,
      );
    }
    if (Number(text) < 1) throw new MurmurationError("validation", `value ${text} invalid, must be 1 or larger`);
    return text;
  },
  {
    oneOf: [
      { type: "integer", minimum: 1 },
      { type: "string", enum: consistencies },
    ],
  },
).optional();

/** Reads: `consistency` is accepted and has no effect on one replica, which always answers from all it has acknowledged. */
export const readParameters = z.object({ consistency, timeout: integerParameter(1) });

/** Writes: `ordering` is accepted; every write is as strong as `strong` on one replica. */
export const writeParameters = z.object({ wait: booleanParameter, ordering, timeout: integerParameter(1) });

/** Changes of collections and aliases. */
export const timeoutParameters = z.object({ timeout: integerParameter(1) });
