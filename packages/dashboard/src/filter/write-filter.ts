import { parseJson } from "../json.js";
import { isIntegerText, isNumberText, isObject, type Json, type JsonObject, numberOf } from "../json-value.js";
import type { BoundsDraft, ConditionDraft, FilterDraft, PlaceDraft } from "./filter-draft.js";

/** Something typed that the filter language does not take, and where. */
export interface FilterProblem {
  /** `must[0].values[1]`: where it stands in the draft. */
  readonly path: string;
  readonly message: string;
}

/** A filter in the dialect's JSON. With problems it is not to be sent. */
export interface WrittenFilter {
  readonly json: JsonObject;
  readonly problems: readonly FilterProblem[];
}

type Report = (path: string, message: string) => void;

function writeNumber(text: string, path: string, report: Report): Json {
  const trimmed = text.trim();
  if (isNumberText(trimmed)) return numberOf(trimmed);
  report(path, trimmed === "" ? "A number is missing." : "This is no number.");
  return null;
}

function writeInteger(text: string, path: string, report: Report, minimum?: number): Json {
  const trimmed = text.trim();
  const isTooSmall = minimum !== undefined && Number(trimmed) < minimum;
  if (isIntegerText(trimmed) && !isTooSmall) return numberOf(trimmed);
  if (trimmed === "") report(path, "An integer is missing.");
  else report(path, isTooSmall ? `This must be ${minimum} or more.` : "This is no integer.");
  return null;
}

function writeKey(key: string, path: string, report: Report): string {
  if (key.trim() === "") report(`${path}.key`, "The field's name is missing.");
  return key;
}

function writeMatch(draft: ConditionDraft & { kind: "match" }, path: string, report: Report): JsonObject {
  const { how, type } = draft;
  const value = (text: string, i: number): Json => {
    const at = `${path}.values[${i}]`;
    if (how === "text" || how === "text_any" || how === "phrase" || how === "prefix" || type === "text") return text;
    if (type === "integer") return writeInteger(text, at, report);
    if (text !== "true" && text !== "false") report(at, "This is true or false.");
    else if (how !== "value") report(at, "Only a single value can be true or false.");
    return text === "true";
  };
  const values = draft.values.map(value);
  if (how === "any" || how === "except") return { [how]: values };
  if (values[0] === undefined) report(`${path}.values[0]`, "A value is missing.");
  return { [how]: values[0] ?? null };
}

function writeBounds(
  bounds: BoundsDraft,
  path: string,
  write: (text: string, path: string, report: Report) => Json,
  report: Report,
): JsonObject {
  const given = Object.entries(bounds).filter(([, text]) => text.trim() !== "");
  return Object.fromEntries(given.map(([name, text]) => [name, write(text, `${path}.bounds.${name}`, report)]));
}

function writeDegrees(text: string, path: string, limit: number, report: Report): Json {
  const value = writeNumber(text, path, report);
  if (value !== null && Math.abs(Number(text)) > limit) report(path, `This must be from -${limit} to ${limit}.`);
  return value;
}

function writePlace({ lat, lon }: PlaceDraft, path: string, report: Report): JsonObject {
  return {
    lat: writeDegrees(lat, `${path}.lat`, 90, report),
    lon: writeDegrees(lon, `${path}.lon`, 180, report),
  };
}

/** Corners in a ring that a polygon has at least, the first once more as the last. */
const RING_POINTS_MIN = 4;

function writeRing(ring: readonly PlaceDraft[], path: string, report: Report): JsonObject {
  const points = ring.map((place, i) => writePlace(place, `${path}[${i}]`, report));
  const [first, last] = [points[0], points.at(-1)];
  if (points.length < RING_POINTS_MIN) report(path, `A ring has ${RING_POINTS_MIN} points at least.`);
  else if (Number(first?.["lat"]) !== Number(last?.["lat"]) || Number(first?.["lon"]) !== Number(last?.["lon"])) {
    report(path, "The last point of a ring is its first one again.");
  }
  return { points };
}

function writeId(text: string, path: string, report: Report): Json {
  const trimmed = text.trim();
  if (isIntegerText(trimmed)) return writeInteger(trimmed, path, report, 0);
  if (trimmed === "") report(path, "An id is missing.");
  return trimmed;
}

function writeOther(text: string, path: string, report: Report): Json {
  try {
    const json = parseJson(text) as Json;
    if (!isObject(json)) report(`${path}.text`, "A condition is an object.");
    return json;
  } catch (error) {
    report(`${path}.text`, `This is no JSON: ${(error as Error).message}`);
    return {};
  }
}

function writeCondition(draft: ConditionDraft, path: string, report: Report): Json {
  switch (draft.kind) {
    case "match":
      return { key: writeKey(draft.key, path, report), match: writeMatch(draft, path, report) };
    case "range": {
      const write = draft.type === "number" ? writeNumber : (text: string) => text.trim();
      return { key: writeKey(draft.key, path, report), range: writeBounds(draft.bounds, path, write, report) };
    }
    case "values_count": {
      const write = (text: string, at: string) => writeInteger(text, at, report, 0);
      return { key: writeKey(draft.key, path, report), values_count: writeBounds(draft.bounds, path, write, report) };
    }
    case "geo_bounding_box": {
      const top_left = writePlace(draft.topLeft, `${path}.topLeft`, report);
      const bottom_right = writePlace(draft.bottomRight, `${path}.bottomRight`, report);
      return { key: writeKey(draft.key, path, report), geo_bounding_box: { top_left, bottom_right } };
    }
    case "geo_radius": {
      const center = writePlace(draft.center, `${path}.center`, report);
      const radius = writeNumber(draft.radius, `${path}.radius`, report);
      if (Number(draft.radius) < 0) report(`${path}.radius`, "This must be 0 or more.");
      return { key: writeKey(draft.key, path, report), geo_radius: { center, radius } };
    }
    case "geo_polygon": {
      const exterior = writeRing(draft.exterior, `${path}.exterior`, report);
      const interiors = draft.interiors.map((ring, i) => writeRing(ring, `${path}.interiors[${i}]`, report));
      const polygon = interiors.length === 0 ? { exterior } : { exterior, interiors };
      return { key: writeKey(draft.key, path, report), geo_polygon: polygon };
    }
    case "is_empty":
    case "is_null": {
      const key = writeKey(draft.key, path, report);
      return draft.isAffirmed ? { [draft.kind]: { key } } : { key, [draft.kind]: false };
    }
    case "has_id":
      return { has_id: draft.ids.map((id, i) => writeId(id, `${path}.ids[${i}]`, report)) };
    case "has_vector":
      return { has_vector: draft.vector };
    case "slice": {
      const total = writeInteger(draft.total, `${path}.total`, report, 1);
      const index = writeInteger(draft.index, `${path}.index`, report, 0);
      if (Number(draft.index) >= Number(draft.total)) report(`${path}.index`, "This must be less than the total.");
      return { slice: { total, index } };
    }
    case "nested": {
      const key = writeKey(draft.key, path, report);
      return { nested: { key, filter: writeClauses(draft.filter, `${path}.filter`, report) } };
    }
    case "filter":
      return writeClauses(draft.filter, `${path}.filter`, report);
    case "json":
      return writeOther(draft.text, path, report);
  }
}

function writeClauses(draft: FilterDraft, path: string, report: Report): JsonObject {
  const at = (clause: string) => (path === "" ? clause : `${path}.${clause}`);
  const conditions = (clause: string, drafts: readonly ConditionDraft[]): Json[] =>
    drafts.map((each, i) => writeCondition(each, `${at(clause)}[${i}]`, report));
  const written: { [clause: string]: Json } = {};
  if (draft.must.length > 0) written["must"] = conditions("must", draft.must);
  if (draft.should.length > 0) written["should"] = conditions("should", draft.should);
  if (draft.mustNot.length > 0) written["must_not"] = conditions("mustNot", draft.mustNot);
  if (draft.minShould !== undefined) {
    written["min_should"] = {
      conditions: conditions("minShould.conditions", draft.minShould.conditions),
      min_count: writeInteger(draft.minShould.minCount, at("minShould.minCount"), report, 1),
    };
  }
  return written;
}

/** Writes a filter in the dialect's JSON; what is not right as it was typed is named by its place. */
export function writeFilter(draft: FilterDraft): WrittenFilter {
  const problems: FilterProblem[] = [];
  const json = writeClauses(draft, "", (path, message) => problems.push({ path, message }));
  return { json, problems };
}
