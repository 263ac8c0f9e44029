import type { PointId } from "../point/point-id.js";

/** The latest write of all that a point consists of. Writes are ordered by time, equal times by origin. */
export interface RowStamp {
  /** Milliseconds since 1970, 0 to 2^48 − 1, and a counter from 0 to 65,535. */
  readonly wallMs: number;
  readonly counter: number;
  /** Replica id, 0 to 2^24 − 1. */
  readonly origin: number;
}

/** A point has a new version. */
export interface RowPut {
  readonly kind: "put";
  readonly id: PointId;
  /** Names the immutable bytes of the payload: an integer from 0 to 2^53 − 1. */
  readonly payloadKey: number;
  readonly stamp: RowStamp;
  /** Sequence of the operation with that stamp, 0 to 2^40 − 1. */
  readonly version: number;
  /** By vector space: where the point's vector stands in its graph; `undefined`: it has none there. A vector that stays keeps its slot. */
  readonly slots: readonly (number | undefined)[];
}

/** A point is no more. */
export interface RowRemoval {
  readonly kind: "remove";
  readonly id: PointId;
}

/** What becomes of a point as readers see it: what the replicated state emits when it applies an operation. */
export type RowChange = RowPut | RowRemoval;
