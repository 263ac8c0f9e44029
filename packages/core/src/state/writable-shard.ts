import type { Space } from "@murmuration/index";
import type { ReadModel } from "./read-model.js";
import type { Shard } from "./shard.js";

/** A shard that is written here: its state, the spaces of its vectors by name, and what others read. */
export interface WritableShard {
  readonly shard: Shard;
  readonly indexes: ReadonlyMap<string, Space>;
  readonly rows: ReadModel;
}
