import { isJsonObject, type Json } from "./json.js";

/** A place on the earth, in degrees. */
export interface GeoPoint {
  /** −180 to 180. */
  readonly lon: number;
  /** −90 to 90. */
  readonly lat: number;
}

/** Is it a place? */
export function isGeoPoint(lon: unknown, lat: unknown): boolean {
  return typeof lon === "number" && typeof lat === "number" && Math.abs(lon) <= 180 && Math.abs(lat) <= 90;
}

/** The place that a payload value names: an object with `lon` and `lat`. `undefined` for any other value. */
export function geoPointOf(value: Json): GeoPoint | undefined {
  if (!isJsonObject(value)) return undefined;
  const { lon, lat } = value as { readonly lon?: Json; readonly lat?: Json };
  return isGeoPoint(lon, lat) ? { lon: lon as number, lat: lat as number } : undefined;
}
