import {
  distance,
  isInRing,
  microsOf,
  type Place,
  placeOf,
  sliceOf,
  standingAt,
  type Value,
  valuesAt,
  wordsOf,
} from "./reference-values.js";

/** A condition as JSON of the dialect. */
export type Condition = { readonly [member: string]: unknown };

/** A point as the reference sees it. */
export interface ReferencePoint {
  readonly id: number;
  readonly payload: Value;
  readonly vectors: readonly string[];
}

type Bounds = { readonly [bound in "lt" | "gt" | "lte" | "gte"]?: number | string };

function isWithin<Number extends number | bigint>(
  value: Number,
  bounds: { readonly [bound: string]: Number },
): boolean {
  const { lt, gt, lte, gte } = bounds;
  return (
    (lt === undefined || value < lt) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (gte === undefined || value >= gte)
  );
}

function inRange(value: Value, bounds: Bounds): boolean {
  const given = Object.entries(bounds);
  if (!given.some(([, bound]) => typeof bound === "string")) {
    return typeof value === "number" && isWithin(value, bounds as { readonly [bound: string]: number });
  }
  const micros = microsOf(value);
  const wanted = given.map(([name, bound]) => [name, microsOf(bound as string) as bigint]);
  return micros !== undefined && isWithin(micros, Object.fromEntries(wanted));
}

function matchesText(value: Value, match: { readonly [kind: string]: unknown }, isIndexed: boolean): boolean {
  if (typeof value !== "string") return false;
  const [kind, text] = Object.entries(match)[0] as [string, string];
  if (kind === "prefix") return value.startsWith(text);
  if (!isIndexed) {
    if (kind !== "text_any") return value.includes(text);
    return text.split(/\s+/).some((part) => part !== "" && value.includes(part));
  }
  const [words, wanted] = [wordsOf(value), wordsOf(text)];
  if (wanted.length === 0) return false;
  if (kind === "text") return wanted.every((word) => words.includes(word));
  if (kind === "text_any") return wanted.some((word) => words.includes(word));
  return ` ${words.join(" ")} `.includes(` ${wanted.join(" ")} `);
}

function matches(value: Value, match: { readonly [kind: string]: unknown }, isIndexed: boolean): boolean {
  if ("value" in match) return value === match["value"];
  if ("any" in match) return (match["any"] as readonly unknown[]).includes(value);
  if ("except" in match) return value !== null && !(match["except"] as readonly unknown[]).includes(value);
  return matchesText(value, match, isIndexed);
}

function isPlaced(value: Value, check: string, shape: { readonly [name: string]: unknown }): boolean {
  const place = placeOf(value);
  if (place === undefined) return false;
  if (check === "geo_radius") return distance(place, shape["center"] as Place) < (shape["radius"] as number);
  if (check === "geo_polygon") {
    const { exterior, interiors = [] } = shape as {
      readonly exterior: { readonly points: readonly Place[] };
      readonly interiors?: readonly { readonly points: readonly Place[] }[];
    };
    return isInRing(place, exterior.points) && !interiors.some(({ points }) => isInRing(place, points));
  }
  const [from, to] = [shape["top_left"] as Place, shape["bottom_right"] as Place];
  const inLongitude =
    from.lon > to.lon ? place.lon >= from.lon || place.lon <= to.lon : place.lon >= from.lon && place.lon <= to.lon;
  return inLongitude && place.lat <= from.lat && place.lat >= to.lat;
}

function holdsAt(key: string, check: string, what: unknown, payload: Value, isIndexed: boolean): boolean {
  const values = valuesAt(payload, key);
  const standing = standingAt(payload, key);
  const shape = what as { readonly [name: string]: unknown };
  switch (check) {
    case "match":
      return values.some((value) => matches(value, shape, isIndexed));
    case "range":
      return values.some((value) => inRange(value, shape as Bounds));
    case "values_count": {
      const counts = standing.map((value) => (value === null ? 0 : Array.isArray(value) ? value.length : 1));
      return (counts.length === 0 ? [0] : counts).some((count) =>
        isWithin(count, shape as { readonly [bound: string]: number }),
      );
    }
    case "is_empty":
      return standing.every((value) => value === null || (Array.isArray(value) && value.length === 0)) === what;
    case "is_null":
      return standing.some((value) => value === null) === what;
    default:
      return values.some((value) => isPlaced(value, check, shape));
  }
}

/**
 * Does a point satisfy a condition or a filter? `texts`: the paths that have a text index of the tokenizer `word`. `base`: where the keys
 * begin, below the whole payload.
 */
export function holds(condition: Condition, point: ReferencePoint, texts: readonly string[], base = ""): boolean {
  const all = (of: unknown): Condition[] => (of === undefined ? [] : [of].flat()) as Condition[];
  const test = (one: Condition): boolean => holds(one, point, texts, base);
  if ("key" in condition) {
    const { key, ...checks } = condition;
    const [check, what] = Object.entries(checks)[0] as [string, unknown];
    return holdsAt(key as string, check, what, point.payload, texts.includes(base + (key as string)));
  }
  if ("is_empty" in condition) {
    return holdsAt((condition["is_empty"] as { readonly key: string }).key, "is_empty", true, point.payload, false);
  }
  if ("is_null" in condition) {
    return holdsAt((condition["is_null"] as { readonly key: string }).key, "is_null", true, point.payload, false);
  }
  if ("has_id" in condition) return (condition["has_id"] as readonly number[]).includes(point.id);
  if ("has_vector" in condition) return point.vectors.includes(condition["has_vector"] as string);
  if ("slice" in condition) {
    const { total, index } = condition["slice"] as { readonly total: number; readonly index: number };
    return sliceOf(point.id, total) === index;
  }
  if ("nested" in condition) {
    const { key, filter } = condition["nested"] as { readonly key: string; readonly filter: Condition };
    const path = key.endsWith("[]") ? key : `${key}[]`;
    return standingAt(point.payload, path)
      .filter((element) => element !== null && typeof element === "object" && !Array.isArray(element))
      .some((element) => holds(filter, { ...point, payload: element }, texts, `${base}${path}.`));
  }
  const { must, should, must_not: mustNot, min_should: minShould } = condition;
  const least = minShould as { readonly conditions: readonly Condition[]; readonly min_count: number } | undefined;
  return (
    all(must).every(test) &&
    (all(should).length === 0 || all(should).some(test)) &&
    !all(mustNot).some(test) &&
    (least === undefined || least.conditions.filter(test).length >= least.min_count)
  );
}
