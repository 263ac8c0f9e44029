import type { VectorIndex } from "@murmuration/index";
import type { ReadModel } from "./read-model.js";
import type { Shard } from "./shard.js";

/** A shard that is written here: its state, the graphs to plan on, and what others read. */
export interface WritableShard {
  readonly shard: Shard;
  readonly indexes: ReadonlyMap<string, VectorIndex>;
  readonly rows: ReadModel;
}
