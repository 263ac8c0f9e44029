import type { Vector } from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import type { VectorEncoding } from "./vector-encoding.js";

/** A new version of one vector of a point. */
export interface VectorVersion {
  /** `""` is the unnamed vector. */
  readonly name: string;
  /** The canonical vector, of the kind of its space. */
  readonly values: Vector;
  /** How dense `values` travel; they come through it unchanged. Absent: f32. */
  readonly encoding?: Exclude<VectorEncoding, "f32">;
  /** Edges that the insert adds and removes, packed by the index; opaque here. */
  readonly delta: Uint8Array;
}

/**
 * A vector that the point has already and keeps as of this operation: the version that an earlier operation inserted. Writing a point
 * again with equal vectors, as every synchronising job does, then makes no new node and leaves no dead one.
 */
export interface KeptVector {
  readonly name: string;
  readonly dot: Dot;
}
