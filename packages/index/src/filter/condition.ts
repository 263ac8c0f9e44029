import type { GeoPoint } from "../payload/geo.js";
import type { PointId } from "../point/point-id.js";
import type { TextParameters } from "../text/parameters.js";

/** A scalar that `match` compares with. */
export type MatchScalar = string | number | bigint | boolean;

/** All given clauses must hold. An empty filter matches every point. */
export interface Filter {
  readonly must: readonly Condition[];
  /** At least one of them, when there are any. */
  readonly should: readonly Condition[];
  /** None of them. */
  readonly mustNot: readonly Condition[];
  readonly minShould?: { readonly conditions: readonly Condition[]; readonly minCount: number };
}

/** Some value at `key` equals `value`. */
export interface MatchValue {
  readonly kind: "match-value";
  readonly key: string;
  readonly value: MatchScalar;
}

/** Some value at `key` is one of `values`. */
export interface MatchAny {
  readonly kind: "match-any";
  readonly key: string;
  readonly values: readonly MatchScalar[];
}

/** Some value at `key`, null not counted, is none of `values`. */
export interface MatchExcept {
  readonly kind: "match-except";
  readonly key: string;
  readonly values: readonly (string | number | bigint)[];
}

/** Some number at `key` lies within the given bounds. */
export interface Range {
  readonly kind: "range";
  readonly key: string;
  readonly lt?: number | bigint;
  readonly gt?: number | bigint;
  readonly lte?: number | bigint;
  readonly gte?: number | bigint;
}

/** Some datetime at `key` lies within the given bounds, in microseconds since 1970. */
export interface DatetimeRange {
  readonly kind: "datetime-range";
  readonly key: string;
  readonly lt?: number | bigint;
  readonly gt?: number | bigint;
  readonly lte?: number | bigint;
  readonly gte?: number | bigint;
}

/**
 * Some text at `key` has all terms of `text`, any of them, or its words side by side. Without `analysis`, that of the text index on the path: has
 * it in itself, or any of its words that white space parts.
 */
export interface MatchText {
  readonly kind: "match-text";
  readonly key: string;
  readonly how: "all" | "any" | "phrase";
  readonly text: string;
  readonly analysis?: TextParameters;
}

/** Some string at `key` begins with `prefix`. */
export interface MatchPrefix {
  readonly kind: "match-prefix";
  readonly key: string;
  readonly prefix: string;
}

/** Some place at `key` lies in a box, borders included. Where the box begins east of where it ends, it crosses the antimeridian. */
export interface GeoBox {
  readonly kind: "geo-box";
  readonly key: string;
  readonly topLeft: GeoPoint;
  readonly bottomRight: GeoPoint;
}

/** Some place at `key` is less than `radius` metres away from `center`, on a sphere. */
export interface GeoRadius {
  readonly kind: "geo-radius";
  readonly key: string;
  readonly center: GeoPoint;
  readonly radius: number;
}

/** Some place at `key` lies within a polygon of the plane of longitude and latitude, and in none of its holes; borders not included. */
export interface GeoPolygon {
  readonly kind: "geo-polygon";
  readonly key: string;
  /** Closed rings: the first point is the last one. */
  readonly exterior: readonly GeoPoint[];
  readonly interiors: readonly (readonly GeoPoint[])[];
}

/** A condition on a place. */
export type GeoCondition = GeoBox | GeoRadius | GeoPolygon;

/** What stands at `key` counts so many values: an array its elements, null and nothing none, anything else one. */
export interface ValuesCount {
  readonly kind: "values-count";
  readonly key: string;
  readonly lt?: number | bigint;
  readonly gt?: number | bigint;
  readonly lte?: number | bigint;
  readonly gte?: number | bigint;
}

/** The point's id falls into part `index` of `total` (`slice.ts`). */
export interface Slice {
  readonly kind: "slice";
  readonly total: number;
  readonly index: number;
}

/** Nothing stands at `key` but nulls and empty arrays. */
export interface IsEmpty {
  readonly kind: "is-empty";
  readonly key: string;
}

/** A null stands at `key`. */
export interface IsNull {
  readonly kind: "is-null";
  readonly key: string;
}

/** The point is one of `ids`. */
export interface HasId {
  readonly kind: "has-id";
  readonly ids: readonly PointId[];
}

/** The point has a vector of this name (`""` is the unnamed one). */
export interface HasVector {
  readonly kind: "has-vector";
  readonly vector: string;
}

/** One object in the array at `key` satisfies the whole filter, whose keys start from that object. */
export interface Nested {
  readonly kind: "nested";
  readonly key: string;
  readonly filter: Filter;
}

/** A filter used as a condition. */
export interface SubFilter {
  readonly kind: "filter";
  readonly filter: Filter;
}

/** One condition of a filter, by its kind. */
export type Condition =
  | MatchValue
  | MatchAny
  | MatchExcept
  | MatchText
  | MatchPrefix
  | Range
  | DatetimeRange
  | GeoBox
  | GeoRadius
  | GeoPolygon
  | ValuesCount
  | IsEmpty
  | IsNull
  | HasId
  | HasVector
  | Slice
  | Nested
  | SubFilter;
