import type { Filter, Payload, PayloadSelector, PointId } from "@murmuration/index";

/** Which vectors to return: all, none, or those named. */
export type VectorSelector = boolean | readonly string[];

/** What to return of a point beside its id. */
export interface Selection {
  readonly payload: PayloadSelector;
  readonly vectors: VectorSelector;
}

/** Vectors as stored; for cosine they are normalised. `""` is the unnamed vector. */
export interface PointRecord {
  readonly id: PointId;
  readonly payload?: Payload;
  readonly vectors?: { readonly [name: string]: Float32Array };
}

/** A point in the answer of a query. */
export interface ScoredPoint extends PointRecord {
  /** Cosine and dot: larger is better. Euclid and Manhattan: smaller is better. A float32. */
  readonly score: number;
  /** Number of the write that made this version, on this replica. */
  readonly version: number;
}

/** How to search; nothing here changes which points are right. */
export interface SearchParameters {
  /** Candidates kept during the search; the default is the replica's. */
  readonly efSearch?: number;
  /** Compare with every matching vector instead of walking the graph. */
  readonly exact?: boolean;
  /** false: int8 distances are the answer, without the f32 rerank. */
  readonly rescore?: boolean;
  /** Rerank `limit × oversampling` candidates. */
  readonly oversampling?: number;
}

/** The nearest points to a vector, in one vector space of a collection. */
export interface NearestQuery {
  /** A vector as the user gave it, or the id of a point, whose vector is used and which is left out of the answer. */
  readonly query: Float32Array | { readonly id: PointId };
  /** Vector name; `""` is the unnamed vector. */
  readonly using: string;
  readonly filter?: Filter;
  readonly limit: number;
  readonly offset: number;
  readonly scoreThreshold?: number;
  readonly parameters: SearchParameters;
  readonly selection: Selection;
  /** Where the point of `{ id }` is looked up; the default is the queried collection and vector. */
  readonly lookupFrom?: { readonly collection: string; readonly vector?: string };
}

/** A page of points, ascending by id or in the order of an indexed number. */
export interface ScrollRequest {
  readonly filter?: Filter;
  readonly limit: number;
  /** First id to return. */
  readonly offset?: PointId;
  readonly selection: Selection;
  /** Order by an indexed number instead of by id. */
  readonly orderBy?: { readonly key: string; readonly direction: "asc" | "desc"; readonly startFrom?: number | bigint };
}

/** Takes what a read finds, one after the other. */
export type Emit<Found> = (found: Found) => void;

/** A point of a page; the value that it is ordered by, where it is. */
export type ScrolledPoint = PointRecord & { readonly orderValue?: number | bigint };

/** A page, and the id that the next one begins with (`null`: none, or ordered by a number). */
export interface ScrollPage {
  readonly points: readonly ScrolledPoint[];
  readonly nextOffset: PointId | null;
}
