import type { Metric } from "../vector-index/options.js";

/** What a space of multivectors is made of; the same on every replica. */
export interface MultiOptions {
  /** Of each part. */
  readonly dimensions: number;
  /** How parts are compared. Those of cosine are of unit length. */
  readonly metric: Metric;
}
