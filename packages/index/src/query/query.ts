import type { Filter } from "../filter/condition.js";
import type { IndexableValue } from "../payload/payload-index.js";
import type { PayloadSelector } from "../payload/select.js";
import type { PointId } from "../point/point-id.js";
import type { Vector } from "../vector/vector.js";
import type { OrderBy, QueryNode } from "./query-node.js";

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
  /** `exact` was not asked for: nothing is to be found by a graph. */
  readonly isWithoutGraph?: boolean;
  /** `exact` was not asked for: all that was prefetched is ranked. */
  readonly isPrefetched?: boolean;
  /** false: int8 distances are the answer, without the f32 rerank. */
  readonly rescore?: boolean;
  /** Rerank `limit × oversampling` candidates. */
  readonly oversampling?: number;
  /** Of sparse vectors with the `idf` modifier: among which points indices are counted; default: all. Others pass over it. */
  readonly idf?: "global" | { readonly corpus: Filter };
}

/** Where points come from, best first: what a query finds, before it is told what to return of them. */
export interface Source {
  readonly node: QueryNode;
  /** Vector name; `""` is the unnamed vector. */
  readonly using: string;
  /** Holds for its prefetches too. */
  readonly filter?: Filter;
  readonly limit: number;
  readonly scoreThreshold?: number;
  readonly parameters: SearchParameters;
  /** Only what these find is ranked; empty is as good as missing. */
  readonly prefetch?: readonly Source[];
}

/** A query of points that have a score. */
export interface PointsQuery extends Source {
  readonly offset: number;
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
  readonly orderBy?: OrderBy;
}

/** A query whose answer is in groups by what stands at a payload path. `limit`: of groups. */
export interface GroupsQuery extends Source {
  readonly groupBy: string;
  /** Points of a group at most. */
  readonly groupSize: number;
  readonly selection: Selection;
  /** Where a point is looked up for each group, by the group's id. */
  readonly lookup?: { readonly collection: number; readonly selection: Selection };
}

/** Points with the same value at a path, best first. */
export interface PointGroup {
  readonly id: string | number | bigint;
  readonly hits: readonly ScoredRecord[];
  readonly lookup?: PointRecord;
}

/** How many points have each value of an indexed path. */
export interface FacetQuery {
  readonly key: string;
  readonly filter?: Filter;
  /** Values at most. */
  readonly limit: number;
}

/** A value and how many points have it. */
export interface FacetHit {
  readonly value: IndexableValue;
  readonly count: number;
}

/** The similarities of a sample of points among each other. */
export interface MatrixQuery {
  readonly using: string;
  readonly filter?: Filter;
  /** Points of the sample. */
  readonly sample: number;
  /** Neighbours of each point. */
  readonly limit: number;
  /** See `SampleNode`. */
  readonly seed: number;
}

/** Each point's nearest others of a sample. */
export interface Matrix {
  /** Of the sample, ascending. */
  readonly ids: readonly PointId[];
  /** By point, nearest first: places in `ids`, and scores, as of the nearest. */
  readonly rows: readonly (readonly { readonly column: number; readonly score: number }[])[];
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
  /** A float32. Larger is better, but for distances (the nearest by Euclid or Manhattan). */
  readonly score: number;
  /** What it is ordered by, where it is. */
  readonly orderValue?: number | bigint;
}

/** A point of a page; the value that it is ordered by, where it is. */
export interface ScrolledRecord extends PointRecord {
  readonly orderValue?: number | bigint;
}

/** Takes what a read finds, one after the other. */
export type Emit<Found> = (found: Found) => void;
