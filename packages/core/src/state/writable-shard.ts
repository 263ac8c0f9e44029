import type { Space } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import type { ReadModel } from "./read-model.js";
import type { Shard } from "./shard.js";

/** A shard that is written here: its state, the spaces of its vectors by name, and what others read. */
export interface WritableShard {
  readonly shard: Shard;
  readonly indexes: ReadonlyMap<string, Space>;
  readonly rows: ReadModel;
  /**
   * Take over a changed description of its collection, `opened` being empty spaces for vectors that are new in it. Returns what takes it back. Throws as
   * `Shard.describe` does; then nothing has changed.
   */
  readonly describe: (collection: Collection, opened: ReadonlyMap<string, Space>) => () => void;
}
