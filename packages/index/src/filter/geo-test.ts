import pointInPolygon from "point-in-polygon-hao";
import type { GeoPoint } from "../payload/geo.js";
import type { GeoBox, GeoCondition, GeoPolygon, GeoRadius } from "./condition.js";

/** Mean radius of the earth in metres (R1 of the International Union of Geodesy and Geophysics): distances are those of a sphere of that size. */
export const earthRadius = 6_371_008.8;

/** Says whether a place satisfies a condition. */
export type GeoTest = (lon: number, lat: number) => boolean;

function boxTest({ topLeft, bottomRight }: GeoBox): GeoTest {
  const [west, east] = [topLeft.lon, bottomRight.lon];
  const isOver = west > east;
  return (lon, lat) =>
    lat <= topLeft.lat && lat >= bottomRight.lat && (isOver ? lon >= west || lon <= east : lon >= west && lon <= east);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Distance on the sphere in metres, by the haversine formula. */
export function geoDistance(a: GeoPoint, b: GeoPoint): number {
  const byLat = Math.sin(radians(b.lat - a.lat) / 2);
  const byLon = Math.sin(radians(b.lon - a.lon) / 2);
  const haversine = byLat * byLat + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * byLon * byLon;
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

function radiusTest({ center, radius }: GeoRadius): GeoTest {
  return (lon, lat) => geoDistance(center, { lon, lat }) < radius;
}

function polygonTest({ exterior, interiors }: GeoPolygon): GeoTest {
  const rings = [exterior, ...interiors].map((ring) => ring.map(({ lon, lat }): [number, number] => [lon, lat]));
  // 0: on a border. A place in two holes that overlap is in a hole
  const [outer, ...holes] = rings.map((ring) => [ring]);
  return (lon, lat) =>
    pointInPolygon([lon, lat], outer as number[][][]) === true &&
    holes.every((hole) => pointInPolygon([lon, lat], hole) === false);
}

/** Test of one place for a condition: the meaning of geo conditions, with and without an index. */
export function geoTest(condition: GeoCondition): GeoTest {
  switch (condition.kind) {
    case "geo-box":
      return boxTest(condition);
    case "geo-radius":
      return radiusTest(condition);
    case "geo-polygon":
      return polygonTest(condition);
  }
}
