import type { PointId } from "../point/point-id.js";

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
  | Range
  | IsEmpty
  | IsNull
  | HasId
  | HasVector
  | Nested
  | SubFilter;
