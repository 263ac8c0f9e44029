import { type GeoPoint, isGeoPoint } from "../payload/geo.js";
import type { GeoBox, GeoPolygon, GeoRadius } from "./condition.js";
import { polygonPointsMax } from "./filter-limits.js";
import { formatError, givenMembers, toArray, toObject, validationError } from "./json-shape.js";

const RING_POINTS_MIN = 4;

function membersOf(json: unknown, names: readonly string[], field: string): { readonly [name: string]: unknown } {
  return Object.fromEntries(givenMembers(toObject(json, field), names, field));
}

function toNumber(value: unknown, field: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw formatError(field, "a finite number is expected");
}

/** A place. Throws `format` for anything else. */
export function toGeoPoint(json: unknown, field: string): GeoPoint {
  const members = membersOf(json, ["lon", "lat"], field);
  const [lon, lat] = [toNumber(members["lon"], `${field}.lon`), toNumber(members["lat"], `${field}.lat`)];
  if (isGeoPoint(lon, lat)) return { lon, lat };
  const message = `\`lat\` = ${lat} within [-90;90] and \`lon\` = ${lon} within [-180;180]`;
  throw formatError(field, `Wrong format of GeoPoint: expected ${message}`);
}

/** The condition of `{key, geo_bounding_box: json}`. */
export function parseGeoBox(key: string, json: unknown, field: string): GeoBox {
  const { top_left: topLeft, bottom_right: bottomRight } = membersOf(json, ["top_left", "bottom_right"], field);
  return {
    kind: "geo-box",
    key,
    topLeft: toGeoPoint(topLeft, `${field}.top_left`),
    bottomRight: toGeoPoint(bottomRight, `${field}.bottom_right`),
  };
}

/** The condition of `{key, geo_radius: json}`. */
export function parseGeoRadius(key: string, json: unknown, field: string): GeoRadius {
  const members = membersOf(json, ["center", "radius"], field);
  const radius = toNumber(members["radius"], `${field}.radius`);
  if (radius < 0) throw validationError(`${field}.radius`, `value ${radius} invalid, must be 0 or larger`);
  return { kind: "geo-radius", key, center: toGeoPoint(members["center"], `${field}.center`), radius };
}

function toRing(json: unknown, field: string, budget: { points: number }): GeoPoint[] {
  const { points } = membersOf(json, ["points"], field);
  const items = toArray(points, `${field}.points`);
  budget.points -= items.length;
  if (budget.points < 0) throw validationError(field, `the limit (points of a polygon) is ${polygonPointsMax}`);
  if (items.length < RING_POINTS_MIN) {
    throw formatError(
      `${field}.points`,
      `polygon ring must contain at least ${RING_POINTS_MIN} points, got ${items.length}`,
    );
  }
  const ring = items.map((item, i) => toGeoPoint(item, `${field}.points[${i}]`));
  const [first, last] = [ring[0] as GeoPoint, ring.at(-1) as GeoPoint];
  if (first.lon !== last.lon || first.lat !== last.lat) {
    throw formatError(`${field}.points`, "the first and the last point must be the same to form a closed ring");
  }
  return ring;
}

/** The condition of `{key, geo_polygon: json}`. */
export function parseGeoPolygon(key: string, json: unknown, field: string): GeoPolygon {
  const { exterior, interiors = [] } = membersOf(json, ["exterior", "interiors"], field);
  const budget = { points: polygonPointsMax };
  return {
    kind: "geo-polygon",
    key,
    exterior: toRing(exterior, `${field}.exterior`, budget),
    interiors: toArray(interiors, `${field}.interiors`).map((ring, i) =>
      toRing(ring, `${field}.interiors[${i}]`, budget),
    ),
  };
}
