import type { WritableShard } from "../../state/writable-shard.js";
import type { ShardReplaced } from "./change.js";

/** What readers are told of a shard that takes the place of the one before. */
export function replacedBy({ shard, rows }: WritableShard): ShardReplaced {
  return { kind: "replaced", shard: shard.id, readable: rows.readable() };
}
