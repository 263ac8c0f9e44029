import type { VectorIndex } from "@murmuration/index";
import type { Shard } from "./shard.js";

/** A shard that is written here: its state and the graphs to plan on. */
export interface WritableShard {
  readonly shard: Shard;
  readonly indexes: ReadonlyMap<string, VectorIndex>;
}
