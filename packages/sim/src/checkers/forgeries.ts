import type { Replica } from "@murmuration/core";
import { Violated } from "./checker.js";

/** By hostile member and shard: the first sequence of what it forged. */
export type Forgeries = Map<number, ReadonlyMap<string, number>>;

/** Operations that no replica can have made are taken by none. Throws `Violated`. */
export function checkForgeries(replica: Replica, forgeries: Forgeries): void {
  if (forgeries.size === 0) return;
  const frontiers = replica.frontiers();
  for (const [origin, shards] of forgeries) {
    for (const [shard, forgedFrom] of shards) {
      const held = frontiers.get(shard)?.get(origin) ?? 0;
      if (held < forgedFrom) continue;
      throw new Violated("forgeries", `replica ${replica.id} took operation ${origin}:${held} of shard ${shard}`, {
        nodes: [replica.id],
      });
    }
  }
}
