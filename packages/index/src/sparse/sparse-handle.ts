import type { SharedMemory } from "../shared-memory.js";

/** What another thread needs to read sparse vectors. Can be posted to it. */
export interface SparseHandle {
  readonly kind: "sparse";
  /** Are queries weighted by how rare their indices are? */
  readonly idf: boolean;
  readonly memory: SharedMemory;
}
