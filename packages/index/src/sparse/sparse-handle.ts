import type { SharedMemory } from "../shared-memory.js";
import type { Metric } from "../vector-index/options.js";

/** What another thread needs to read vectors that are not linked to each other. Can be posted to it. */
export type SparseHandle =
  | {
      readonly kind: "sparse";
      /** Are queries weighted by how rare their indices are? */
      readonly idf: boolean;
      readonly memory: SharedMemory;
    }
  | {
      readonly kind: "multi";
      /** Of each part. */
      readonly dimensions: number;
      readonly metric: Metric;
      readonly memory: SharedMemory;
    };
