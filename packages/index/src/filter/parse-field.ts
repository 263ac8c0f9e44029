import type { Condition } from "./condition.js";
import { givenMembers, onlyMember, type RawObject, toBoolean, toKey, validationError } from "./json-shape.js";
import { parseGeoBox, parseGeoPolygon, parseGeoRadius } from "./parse-geo.js";
import { parseMatch } from "./parse-match.js";
import { parseRange, parseValuesCount } from "./parse-range.js";

const CHECKS = [
  ...["match", "range", "geo_bounding_box", "geo_radius", "geo_polygon", "values_count"],
  ...["is_empty", "is_null"],
];

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
    case "geo_bounding_box":
      return parseGeoBox(key, value, checkField);
    case "geo_radius":
      return parseGeoRadius(key, value, checkField);
    case "geo_polygon":
      return parseGeoPolygon(key, value, checkField);
    case "values_count":
      return parseValuesCount(key, value, checkField);
    case "is_empty":
      return affirmed({ kind: "is-empty", key }, toBoolean(value, checkField));
    default:
      return affirmed({ kind: "is-null", key }, toBoolean(value, checkField));
  }
}
