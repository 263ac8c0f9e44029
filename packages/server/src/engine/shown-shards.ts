import type { Catalogue, Standing } from "@murmuration/core";
import type { DatabaseStatus } from "./database.js";
import type { Followed } from "./followed.js";

/** What is told of each shard that is here. */
export function shownShards(followed: Followed, catalogue: Catalogue, standing: Standing): DatabaseStatus["shards"] {
  return Array.from(followed.shards(), ([shard, { counts }]) => ({
    collection: catalogue.collections[shard]?.name ?? shard,
    shard,
    points: counts.points(),
    graphBytes: counts.graphBytes(),
    unconfirmedFrom: standing.unconfirmed[shard],
  }));
}
