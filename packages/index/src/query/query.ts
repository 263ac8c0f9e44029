import type { Filter } from "../filter/condition.js";
import type { PayloadSelector } from "../payload/select.js";
import type { PointId } from "../point/point-id.js";
import type { Vector } from "../vector/vector.js";

// What can be asked of a collection, and what is answered: plain data, so that it can be posted to the thread that reads.

/** Which vectors to return: all, none, or those named. */
export type VectorSelector = boolean | readonly string[];

/** What to return of a point beside its id and version. */
export interface Selection {
  readonly payload: PayloadSelector;
  readonly vectors: VectorSelector;
}

/** How to search; nothing here changes which points are right. */
export interface SearchParameters {
  /** Candidates kept during the search; default `defaultEfSearch`. */
  readonly efSearch?: number;
  /** Compare with every matching vector instead of walking the graph. */
  readonly exact?: boolean;
  /** false: int8 distances are the answer, without the f32 rerank. */
  readonly rescore?: boolean;
  /** Rerank `limit × oversampling` candidates. */
  readonly oversampling?: number;
}

/** What points are compared with. */
export type QueryTarget =
  /** A vector as the user gave it. */
  | { readonly kind: "vector"; readonly vector: Vector }
  /** A point's stored vector. Where it is of the collection and vector that is searched, the point is left out of the answer. */
  | {
      readonly kind: "point";
      readonly id: PointId;
      /** Where the point is looked up; the default is the collection and vector that is searched. */
      readonly lookupFrom?: { readonly collection: string; readonly vector?: string };
    };

/** The points nearest to a target. */
export interface NearestNode {
  readonly kind: "nearest";
  readonly target: QueryTarget;
}

/** What a query does. A kind that is made of others (fusion, prefetch) holds `PointsQuery`s of its own. */
export type QueryNode = NearestNode;

/** A query of points that have a score, in one vector space of a collection. */
export interface PointsQuery {
  readonly node: QueryNode;
  /** Vector name; `""` is the unnamed vector. */
  readonly using: string;
  readonly filter?: Filter;
  readonly limit: number;
  readonly offset: number;
  readonly scoreThreshold?: number;
  readonly parameters: SearchParameters;
  readonly selection: Selection;
}

/** A page of points, ascending by id or in the order of an indexed number. */
export interface ScrollQuery {
  readonly filter?: Filter;
  readonly limit: number;
  /** First id to return. */
  readonly offset?: PointId;
  readonly selection: Selection;
  /** Order by an indexed number instead of by id. */
  readonly orderBy?: { readonly key: string; readonly direction: "asc" | "desc"; readonly startFrom?: number | bigint };
}

/** What is returned of a point. */
export interface PointRecord {
  readonly id: PointId;
  /** Number of the write that made this version, by its own replica. */
  readonly version: number;
  /** The selected part of the payload, as JSON text. */
  readonly payload?: string;
  /** Copies of vectors as stored, by name; for cosine they are normalised. `""` is the unnamed vector. */
  readonly vectors?: { readonly [name: string]: Vector };
}

/** A point in the answer of a query. */
export interface ScoredRecord extends PointRecord {
  /** Cosine and dot: larger is better. Euclid and Manhattan: smaller is better. A float32. */
  readonly score: number;
}

/** A point of a page; the value that it is ordered by, where it is. */
export interface ScrolledRecord extends PointRecord {
  readonly orderValue?: number | bigint;
}

/** Takes what a read finds, one after the other. */
export type Emit<Found> = (found: Found) => void;
