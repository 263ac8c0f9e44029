import { parseJson, printJson } from "../json.js";
import {
  isArray,
  isIntegerText,
  isNumberText,
  isObject,
  type Json,
  type JsonObject,
  numberText,
} from "../json-value.js";
import type {
  BoundsDraft,
  ConditionDraft,
  ConditionKind,
  FilterDraft,
  MatchHow,
  PlaceDraft,
  ValueType,
} from "./filter-draft.js";

// Reads the filter language of the REST dialect. A part that no form shows is `undefined` here, and its condition is kept as JSON.

/** Filters inside of filters that forms show; what is deeper is kept as JSON. */
const DEPTH_MAX = 16;

const BOUNDS = ["gt", "gte", "lt", "lte"] as const;
const CLAUSES = ["must", "should", "must_not", "min_should"];
const TEXTS: readonly string[] = ["text", "text_any", "phrase", "prefix"];

/** The members that are given, where all of them are known: null is as good as nothing. */
function members(json: Json | undefined, known: readonly string[]): ReadonlyMap<string, Json> | undefined {
  if (!isObject(json)) return undefined;
  const entries = Object.entries(json);
  if (!entries.every(([name]) => known.includes(name))) return undefined;
  return new Map(entries.filter(([, value]) => value !== null));
}

/** The one member that is given. */
function onlyMember(json: Json | undefined, known: readonly string[]): readonly [string, Json] | undefined {
  const given = members(json, known);
  return given?.size === 1 ? [...given][0] : undefined;
}

function textOf(json: Json | undefined): string | undefined {
  return typeof json === "string" ? json : undefined;
}

function integerOf(json: Json | undefined): string | undefined {
  const text = numberText(json);
  return text !== undefined && isIntegerText(text) ? text : undefined;
}

function finiteOf(json: Json | undefined): string | undefined {
  const text = numberText(json);
  return text !== undefined && isNumberText(text) ? text : undefined;
}

/** All of them, or nothing when one of them is nothing. */
function all<T>(items: readonly (T | undefined)[]): readonly T[] | undefined {
  return items.includes(undefined) ? undefined : (items as readonly T[]);
}

function typedValue(json: Json): readonly [ValueType, string] | undefined {
  if (typeof json === "string") return ["text", json];
  if (typeof json === "boolean") return ["boolean", String(json)];
  const integer = integerOf(json);
  return integer === undefined ? undefined : ["integer", integer];
}

function readMatch(key: string, json: Json): ConditionDraft | undefined {
  const [how, value] = onlyMember(json, ["value", "any", "except", ...TEXTS]) ?? [];
  if (how === undefined || value === undefined) return undefined;
  const match = (type: ValueType, values: readonly string[]): ConditionDraft => ({
    ...{ kind: "match", key, how: how as MatchHow, type, values },
  });
  if (TEXTS.includes(how)) return typeof value === "string" ? match("text", [value]) : undefined;
  if (how === "value") {
    const [type, text] = typedValue(value) ?? [];
    return type === undefined || text === undefined ? undefined : match(type, [text]);
  }
  if (!isArray(value)) return undefined;
  const typed = all(value.map(typedValue));
  if (typed === undefined) return undefined;
  const type = typed[0]?.[0] ?? "text";
  if (type === "boolean" || typed.some(([other]) => other !== type)) return undefined;
  return match(
    type,
    typed.map(([, text]) => text),
  );
}

function readBounds(json: Json, read: (bound: Json) => string | undefined): BoundsDraft | undefined {
  const given = members(json, BOUNDS);
  if (given === undefined) return undefined;
  const texts = BOUNDS.map((name) => {
    const bound = given.get(name);
    return bound === undefined ? "" : read(bound);
  });
  const [gt, gte, lt, lte] = all(texts) ?? [];
  if (gt === undefined || gte === undefined || lt === undefined || lte === undefined) return undefined;
  return { gt, gte, lt, lte };
}

function readRange(key: string, json: Json): ConditionDraft | undefined {
  const numbers = readBounds(json, finiteOf);
  if (numbers !== undefined) return { kind: "range", key, type: "number", bounds: numbers };
  const moments = readBounds(json, (bound) => (bound === "" ? undefined : textOf(bound)));
  return moments && { kind: "range", key, type: "datetime", bounds: moments };
}

function readPlace(json: Json | undefined): PlaceDraft | undefined {
  const given = members(json, ["lon", "lat"]);
  const [lat, lon] = [finiteOf(given?.get("lat")), finiteOf(given?.get("lon"))];
  return lat === undefined || lon === undefined ? undefined : { lat, lon };
}

function readRing(json: Json | undefined): readonly PlaceDraft[] | undefined {
  const points = members(json, ["points"])?.get("points");
  return isArray(points) ? all(points.map(readPlace)) : undefined;
}

function readPolygon(key: string, json: Json): ConditionDraft | undefined {
  const given = members(json, ["exterior", "interiors"]);
  const holes = given?.get("interiors") ?? [];
  const exterior = readRing(given?.get("exterior"));
  const interiors = isArray(holes) ? all(holes.map(readRing)) : undefined;
  return exterior && interiors && { kind: "geo_polygon", key, exterior, interiors };
}

const CHECKS = ["match", "range", "geo_bounding_box", "geo_radius", "geo_polygon", "values_count"] as const;

function readFieldCondition(json: JsonObject): ConditionDraft | undefined {
  const { key, ...checks } = json;
  if (typeof key !== "string") return undefined;
  const [check, value] = onlyMember(checks, [...CHECKS, "is_empty", "is_null"]) ?? [];
  if (check === undefined || value === undefined) return undefined;
  switch (check) {
    case "match":
      return readMatch(key, value);
    case "range":
      return readRange(key, value);
    case "values_count": {
      const bounds = readBounds(value, (bound) => integerOf(bound));
      return bounds && { kind: check, key, bounds };
    }
    case "geo_bounding_box": {
      const given = members(value, ["top_left", "bottom_right"]);
      const [topLeft, bottomRight] = [readPlace(given?.get("top_left")), readPlace(given?.get("bottom_right"))];
      return topLeft && bottomRight && { kind: check, key, topLeft, bottomRight };
    }
    case "geo_radius": {
      const given = members(value, ["center", "radius"]);
      const [center, radius] = [readPlace(given?.get("center")), finiteOf(given?.get("radius"))];
      return center && radius !== undefined ? { kind: check, key, center, radius } : undefined;
    }
    case "geo_polygon":
      return readPolygon(key, value);
    default:
      return typeof value === "boolean" ? { kind: check as "is_empty" | "is_null", key, isAffirmed: value } : undefined;
  }
}

/** An id as it is typed. A text of digits would be read as a number again: the dialect has no such id. */
function readId(json: Json): string | undefined {
  const integer = integerOf(json);
  if (integer !== undefined) return integer;
  return typeof json === "string" && json.trim() === json && json !== "" && !isIntegerText(json) ? json : undefined;
}

const KINDS: readonly ConditionKind[] = ["has_id", "is_empty", "is_null", "has_vector", "nested", "slice"];

function readShown(json: Json, depth: number): ConditionDraft | undefined {
  if (!isObject(json)) return undefined;
  if ("key" in json) return readFieldCondition(json);
  if (Object.keys(json).every((name) => CLAUSES.includes(name))) {
    const filter = depth < DEPTH_MAX ? readClauses(json, depth + 1) : undefined;
    return filter && { kind: "filter", filter };
  }
  const [kind, value] = onlyMember(json, KINDS) ?? [];
  if (kind === undefined || value === undefined) return undefined;
  switch (kind) {
    case "has_id": {
      const ids = isArray(value) ? all(value.map(readId)) : undefined;
      return ids && { kind, ids };
    }
    case "has_vector":
      return typeof value === "string" ? { kind, vector: value } : undefined;
    case "slice": {
      const given = members(value, ["total", "index"]);
      const [total, index] = [integerOf(given?.get("total")), integerOf(given?.get("index"))];
      return total === undefined || index === undefined ? undefined : { kind, total, index };
    }
    case "nested": {
      const given = members(value, ["key", "filter"]);
      const [key, inner] = [textOf(given?.get("key")), given?.get("filter")];
      const filter = isObject(inner) && depth < DEPTH_MAX ? readClauses(inner, depth + 1) : undefined;
      return key === undefined || filter === undefined ? undefined : { kind, key, filter };
    }
    default: {
      const key = textOf(members(value, ["key"])?.get("key"));
      return key === undefined ? undefined : { kind: kind as "is_empty" | "is_null", key, isAffirmed: true };
    }
  }
}

function readCondition(json: Json, depth: number): ConditionDraft {
  return readShown(json, depth) ?? { kind: "json", text: printJson(json, 2) };
}

function readConditions(json: Json | undefined, depth: number): readonly ConditionDraft[] {
  if (json === undefined || json === null) return [];
  return isArray(json) ? json.map((each) => readCondition(each, depth)) : [readCondition(json, depth)];
}

function readClauses(json: JsonObject, depth: number): FilterDraft | undefined {
  const given = members(json, CLAUSES);
  if (given === undefined) return undefined;
  const draft = {
    must: readConditions(given.get("must"), depth),
    should: readConditions(given.get("should"), depth),
    mustNot: readConditions(given.get("must_not"), depth),
  };
  const minShould = given.get("min_should");
  if (minShould === undefined) return draft;
  const parts = members(minShould, ["conditions", "min_count"]);
  const [conditions, minCount] = [parts?.get("conditions"), integerOf(parts?.get("min_count"))];
  if (!isArray(conditions) || minCount === undefined) return undefined;
  return { ...draft, minShould: { conditions: readConditions(conditions, depth), minCount } };
}

/** What a text of the filter language comes to in a form, or why no form can show it. */
export type ReadFilter = { readonly draft: FilterDraft } | { readonly problem: string };

/** Reads a filter as a form shows it. An empty text and `null` are the filter that every point matches. */
export function readFilter(text: string): ReadFilter {
  if (text.trim() === "") return { draft: { must: [], should: [], mustNot: [] } };
  let json: Json;
  try {
    json = parseJson(text) as Json;
  } catch (error) {
    return { problem: `This is no JSON: ${(error as Error).message}` };
  }
  if (json === null) return { draft: { must: [], should: [], mustNot: [] } };
  if (!isObject(json)) return { problem: "A filter is an object." };
  const unknown = Object.keys(json).find((name) => !CLAUSES.includes(name));
  if (unknown !== undefined)
    return { problem: `A filter has ${CLAUSES.join(", ")}, and no ${JSON.stringify(unknown)}.` };
  const draft = readClauses(json, 1);
  return draft === undefined
    ? { problem: "min_should has conditions (an array) and min_count (an integer)." }
    : { draft };
}
