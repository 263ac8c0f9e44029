import { parseDatetime } from "../payload/datetime.js";
import type { DatetimeRange, Range, ValuesCount } from "./condition.js";
import { formatError, givenMembers, toObject } from "./json-shape.js";

const BOUNDS = ["lt", "gt", "lte", "gte"];

/** The condition of `{key, range: json}`: bounds are all numbers, or all datetimes. */
export function parseRange(key: string, json: unknown, field: string): Range | DatetimeRange {
  const members = givenMembers(toObject(json, field), BOUNDS, field);
  const isDatetime = members.some(([, value]) => typeof value === "string");
  const bounds = members.map(([name, value]): readonly [string, number | bigint] => {
    if (!isDatetime) {
      if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return [name, value];
      throw formatError(`${field}.${name}`, "a finite number or a datetime is expected");
    }
    const micros = typeof value === "string" ? parseDatetime(value) : undefined;
    if (micros === undefined) {
      throw formatError(`${field}.${name}`, "a datetime is expected: YYYY-MM-DD[ HH:MM[:SS[.f]]], or RFC 3339");
    }
    return [name, micros];
  });
  return { kind: isDatetime ? "datetime-range" : "range", key, ...Object.fromEntries(bounds) };
}

/** The condition of `{key, values_count: json}`. */
export function parseValuesCount(key: string, json: unknown, field: string): ValuesCount {
  const bounds = givenMembers(toObject(json, field), BOUNDS, field).map(([name, value]) => {
    if ((typeof value === "bigint" || Number.isInteger(value)) && (value as number | bigint) >= 0) return [name, value];
    throw formatError(`${field}.${name}`, "an unsigned integer is expected");
  });
  return { kind: "values-count", key, ...Object.fromEntries(bounds) };
}
