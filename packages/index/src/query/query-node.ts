import type { Formula } from "../formula/expression.js";
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

/** By which indexed number, and from which value on (inclusive). */
export interface OrderBy {
  readonly key: string;
  readonly direction: "asc" | "desc";
  readonly startFrom?: number | bigint;
}

/** Points in the order of an indexed number, each with the score 0; one with several values comes several times. */
export interface OrderByNode {
  readonly kind: "order-by";
  readonly orderBy: OrderBy;
}

/** Points at random, each with the score 0. */
export interface SampleNode {
  readonly kind: "sample";
  /** 32 bits: who asks draws them. The same seed gives the same points. */
  readonly seed: number;
}

/** The nearest points, picked so that they are unlike each other: Carbonell and Goldstein, "The use of MMR" (1998). */
export interface MmrNode {
  readonly kind: "mmr";
  readonly target: QueryTarget;
  /** 0: by nearness alone. 1: by being unlike what was picked alone. */
  readonly diversity: number;
  /** So many of the nearest are picked from; missing: as many as are wanted. */
  readonly candidates?: number;
}

/** How examples are put together. */
export type RecommendStrategy = "average-vector" | "best-score" | "sum-scores";

/** Points like the positive examples and unlike the negative ones; those that are named are left out. */
export interface RecommendNode {
  readonly kind: "recommend";
  readonly positive: readonly QueryTarget[];
  readonly negative: readonly QueryTarget[];
  readonly strategy: RecommendStrategy;
}

/** Points should be nearer to the one than to the other. */
export interface ContextPair {
  readonly positive: QueryTarget;
  readonly negative: QueryTarget;
}

/** Points like the target, above all those that are on the right side of most pairs; those that are named are left out. */
export interface DiscoverNode {
  readonly kind: "discover";
  readonly target: QueryTarget;
  readonly context: readonly ContextPair[];
}

/** Points that are on the right side of all pairs, or as near to it as there are; those that are named are left out. */
export interface ContextNode {
  readonly kind: "context";
  readonly context: readonly ContextPair[];
}

/** Points like the target, corrected by what was said of examples; those that are named are left out. */
export interface FeedbackNode {
  readonly kind: "relevance-feedback";
  readonly target: QueryTarget;
  readonly feedback: readonly { readonly example: QueryTarget; readonly score: number }[];
  /** a·sim(target) + Σ (difference of scores)^b · c · (difference of similarities), over pairs of examples. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Prefetched points by a formula of their scores and payloads. */
export interface FormulaNode {
  readonly kind: "formula";
  readonly formula: Formula;
}

/** Kinds that compare points with several vectors at once. */
export type ExamplesNode = RecommendNode | DiscoverNode | ContextNode | FeedbackNode;

/** What a query does. */
export type QueryNode =
  | NearestNode
  | MmrNode
  | ExamplesNode
  | ByIdNode
  | OrderByNode
  | SampleNode
  | FormulaNode
  | ReciprocalRankNode
  | ScoreDistributionNode;
