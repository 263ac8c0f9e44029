import type { PointId } from "../point/point-id.js";
import { toPointId } from "../point/point-id.js";
import type { Condition, Filter } from "./condition.js";
import { filterConditionsMax, filterDepthMax, hasIdIdsMax } from "./filter-limits.js";
import {
  formatError,
  givenMembers,
  onlyMember,
  type RawObject,
  toArray,
  toKey,
  toObject,
  toText,
  validationError,
} from "./json-shape.js";
import { parseFieldCondition } from "./parse-field.js";

const CLAUSES = ["must", "should", "must_not", "min_should"];
const CONDITIONS = ["key", "has_id", "is_empty", "is_null", "has_vector", "nested", "slice", ...CLAUSES];

/** The filter that matches every point. */
export const emptyFilter: Filter = Object.freeze({
  must: Object.freeze([]),
  should: Object.freeze([]),
  mustNot: Object.freeze([]),
});

/** Where the parser stands: one budget of conditions for the whole filter, and how deep this part of it is. */
interface Position {
  readonly budget: { conditions: number };
  readonly depth: number;
  readonly isNested: boolean;
}

function parseHasId(json: unknown, field: string, position: Position): Condition {
  if (position.isNested) throw formatError(field, "has_id is not allowed inside of nested");
  const items = toArray(json, field);
  if (items.length > hasIdIdsMax) {
    throw validationError(field, `${items.length} ids, the limit (ids of has_id) is ${hasIdIdsMax}`);
  }
  const ids = items.map((item, i): PointId => {
    const id = toPointId(item);
    if (id === undefined) throw formatError(`${field}[${i}]`, "an unsigned integer or a UUID is expected");
    return id;
  });
  return { kind: "has-id", ids };
}

function parseNested(json: unknown, field: string, position: Position): Condition {
  const { key, filter, ...rest } = toObject(json, field);
  givenMembers(rest, ["key", "filter"], field);
  return {
    kind: "nested",
    key: toKey(key, `${field}.key`),
    filter: parseClauses(toObject(filter, `${field}.filter`), `${field}.filter`, {
      ...position,
      depth: position.depth + 1,
      isNested: true,
    }),
  };
}

function parseSlice(json: unknown, field: string): Condition {
  const members = Object.fromEntries(givenMembers(toObject(json, field), ["total", "index"], field));
  const [total, index] = ["total", "index"].map((name) => {
    const value = members[name];
    if ((typeof value === "bigint" || Number.isInteger(value)) && (value as number | bigint) >= 0) return Number(value);
    throw formatError(`${field}.${name}`, "an unsigned integer is expected");
  }) as [number, number];
  if (total < 1) throw validationError(`${field}.total`, `value ${total} invalid, must be 1 or larger`);
  if (index >= total) {
    throw validationError(`${field}.index`, `value ${index} invalid, must be from 0 to ${total - 1}`);
  }
  return { kind: "slice", total, index };
}

function parseKeyOnly(json: unknown, field: string): string {
  const [, key] = onlyMember(toObject(json, field), ["key"], field);
  return toKey(key, `${field}.key`);
}

function parseCondition(json: unknown, field: string, position: Position): Condition {
  position.budget.conditions += 1;
  if (position.budget.conditions > filterConditionsMax) {
    throw validationError(field, `the limit (conditions of a filter) is ${filterConditionsMax}`);
  }
  const object = toObject(json, field);
  if ("key" in object) return parseFieldCondition(object, field);
  if (Object.keys(object).every((name) => CLAUSES.includes(name))) {
    return { kind: "filter", filter: parseClauses(object, field, { ...position, depth: position.depth + 1 }) };
  }
  const [kind, value] = onlyMember(object, CONDITIONS, field);
  const valueField = `${field}.${kind}`;
  switch (kind) {
    case "has_id":
      return parseHasId(value, valueField, position);
    case "is_empty":
      return { kind: "is-empty", key: parseKeyOnly(value, valueField) };
    case "is_null":
      return { kind: "is-null", key: parseKeyOnly(value, valueField) };
    case "has_vector":
      return { kind: "has-vector", vector: toText(value, valueField) };
    case "nested":
      return parseNested(value, valueField, position);
    default:
      return parseSlice(value, valueField);
  }
}

function parseConditions(json: unknown, field: string, position: Position): Condition[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) return [parseCondition(json, field, position)];
  return json.map((item, i) => parseCondition(item, `${field}[${i}]`, position));
}

function parseMinShould(json: unknown, field: string, position: Position): NonNullable<Filter["minShould"]> {
  const { conditions, min_count: minCount, ...rest } = toObject(json, field);
  givenMembers(rest, ["conditions", "min_count"], field);
  if ((typeof minCount !== "bigint" && !Number.isInteger(minCount)) || Number(minCount) < 0) {
    throw formatError(`${field}.min_count`, "an unsigned integer is expected");
  }
  if (minCount === 0) throw validationError(`${field}.min_count`, `value ${minCount} invalid, must be 1 or larger`);
  const items = toArray(conditions, `${field}.conditions`);
  return { conditions: parseConditions(items, `${field}.conditions`, position), minCount: Number(minCount) };
}

function parseClauses(object: RawObject, field: string, position: Position): Filter {
  if (position.depth > filterDepthMax) {
    throw validationError(field, `the limit (filters inside of filters) is ${filterDepthMax}`);
  }
  givenMembers(object, CLAUSES, field);
  const minShould = object.min_should ?? undefined;
  return {
    must: parseConditions(object.must, `${field}.must`, position),
    should: parseConditions(object.should, `${field}.should`, position),
    mustNot: parseConditions(object.must_not, `${field}.must_not`, position),
    ...(minShould !== undefined && { minShould: parseMinShould(minShould, `${field}.min_should`, position) }),
  };
}

/**
 * The filter that a request's JSON stands for; `null` and `{}` match every point. `field` is the path of the filter in
 * the request. Throws `format` for a wrong shape and `validation` for a
 * limit that is passed, each naming the path of the part at fault. Source: the filter language of the REST dialect.
 */
export function parseFilter(json: unknown, field: string): Filter {
  if (json === undefined || json === null) return emptyFilter;
  return parseClauses(toObject(json, field), field, { budget: { conditions: 0 }, depth: 1, isNested: false });
}
