import type { SegmentHandle } from "../segment/reader.js";
import type { SharedMemory } from "../shared-memory.js";
import type { SpaceReaderHandle } from "../space/space.js";

/** One vector of a collection, as threads read it. */
export interface SpaceHandle {
  /** Vector name; `""` is the unnamed vector. */
  readonly name: string;
  /** What its vectors are read by. */
  readonly graph: SpaceReaderHandle;
  /** The same for the same space in handles of other tables: whoever reads it in a thread reads it by one `SpaceReader`. */
  readonly id?: string;
}

/** What another thread needs to read a collection's rows. Can be posted to it. */
export interface CollectionHandle {
  readonly table: SegmentHandle;
  /** By the number of the space in the table. */
  readonly spaces: readonly SpaceHandle[];
  /** Where payloads are kept in memory: those whose keys say so. */
  readonly payloads?: SharedMemory;
  /** i64: how many bytes the payloads of all points take, −1 where that is not known. */
  readonly payloadBytes?: SharedArrayBuffer;
}
