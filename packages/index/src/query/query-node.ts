import type { PointId } from "../point/point-id.js";
import type { Vector } from "../vector/vector.js";

// The kinds of query: plain data, one interface each, so that a tree of them can be posted to the thread that reads.

/** What points are compared with. */
export type QueryTarget =
  /** A vector as the user gave it. */
  | { readonly kind: "vector"; readonly vector: Vector }
  /** A point's stored vector. Where it is of the collection and vector that is searched, the point is left out of the answer. */
  | {
      readonly kind: "point";
      readonly id: PointId;
      /** Where the point is looked up; the default is the collection and vector that is searched. */
      readonly lookupFrom?: Lookup;
    };

/** Where points are looked up. */
export interface Lookup {
  /** The place of the collection among those that the query is carried out with; 0 is the one that is searched. */
  readonly collection: number;
  readonly vector?: string;
}

/** The points nearest to a target. */
export interface NearestNode {
  readonly kind: "nearest";
  readonly target: QueryTarget;
}

/** Points by ascending id, each with the score 0: a query that does not say what it looks for. Has no prefetches. */
export interface ByIdNode {
  readonly kind: "by-id";
}

/** Points by their places in what the prefetches found: 1 / ((place + 1) / weight + k − 1) each, from place 0 on. */
export interface ReciprocalRankNode {
  readonly kind: "rrf";
  readonly k: number;
  /** By prefetch; one of 0 or less does not count. Missing: 1 each. */
  readonly weights?: readonly number[];
}

/** Points by the scores that the prefetches gave them, each list brought to the same scale by its mean and deviation. */
export interface ScoreDistributionNode {
  readonly kind: "dbsf";
}

/** What a query does. */
export type QueryNode = NearestNode | ByIdNode | ReciprocalRankNode | ScoreDistributionNode;
