import type { Condition, Range } from "./condition.js";
import {
  formatError,
  givenMembers,
  onlyMember,
  type RawObject,
  toBoolean,
  toKey,
  toObject,
  unsupportedError,
  validationError,
} from "./json-shape.js";
import { parseMatch } from "./parse-match.js";

const UNSUPPORTED_CHECKS = ["geo_bounding_box", "geo_radius", "geo_polygon", "values_count"];
const CHECKS = ["match", "range", "is_empty", "is_null", ...UNSUPPORTED_CHECKS];
const BOUNDS = ["lt", "gt", "lte", "gte"];

function parseRange(key: string, json: unknown, field: string): Range {
  const bounds = givenMembers(toObject(json, field), BOUNDS, field).map(([name, value]) => {
    if (typeof value === "string") throw unsupportedError(`${field}.${name}`, "a range of datetimes");
    if (typeof value === "bigint" || Number.isFinite(value)) return [name, value] as const;
    throw formatError(`${field}.${name}`, "a finite number is expected");
  });
  return { kind: "range", key, ...Object.fromEntries(bounds) };
}

/** The condition itself, or its opposite. */
function affirmed(condition: Condition, isAffirmed: boolean): Condition {
  if (isAffirmed) return condition;
  return { kind: "filter", filter: { must: [], should: [], mustNot: [condition] } };
}

/** The condition of `{key, <check>: …}`. */
export function parseFieldCondition(json: RawObject, field: string): Condition {
  const { key: rawKey, ...checks } = json;
  const key = toKey(rawKey, `${field}.key`);
  if (givenMembers(checks, CHECKS, field).length === 0) {
    throw validationError(field, "At least one field condition must be specified");
  }
  const [check, value] = onlyMember(checks, CHECKS, field);
  const checkField = `${field}.${check}`;
  switch (check) {
    case "match":
      return parseMatch(key, value, checkField);
    case "range":
      return parseRange(key, value, checkField);
    case "is_empty":
      return affirmed({ kind: "is-empty", key }, toBoolean(value, checkField));
    case "is_null":
      return affirmed({ kind: "is-null", key }, toBoolean(value, checkField));
    default:
      throw unsupportedError(checkField, check);
  }
}
