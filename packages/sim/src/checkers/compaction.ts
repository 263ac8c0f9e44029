import { sequenceOf } from "@murmuration/core";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

/**
 * What compaction drops, every member holds, as far as the replica that compacts knows who the members are; and no point shows it: the
 * rows of live vectors stay.
 */
export function checkCompaction(node: Node, nodes: readonly Node[], founders: readonly number[]): void {
  const { replica, disk } = node;
  if (disk.dropped.length === 0 || replica === undefined) return;
  const dropped = disk.dropped;
  disk.dropped = [];
  const { members } = replica.catalogue;
  const evicted = new Set(members.filter(({ state }) => state === "evicted").map(({ id }) => id));
  const active = new Set([...founders, ...members.map(({ id }) => id)].filter((id) => !evicted.has(id)));
  // a replica that joins is not waited for before it takes part: it may need a snapshot
  const isAdmitted = (one: Node) => founders.includes(one.id) || one.disk.setting("replica.admitted") === "yes";
  const others = nodes.filter((one) => one !== node && !one.isRetired && active.has(one.id) && isAdmitted(one));
  const shards = new Map(Array.from(replica.writableShards(), ({ shard }) => [shard.id, shard]));
  for (const { shard: id, origin, sequence } of dropped) {
    for (const other of others) {
      if (sequenceOf(other.disk.frontier(id), origin) >= sequence) continue;
      throw new Violated(
        "compaction",
        `replica ${node.id} dropped ${origin}:${sequence}, which replica ${other.id} does not hold`,
      );
    }
    for (const { reader } of shards.get(id)?.graphs.values() ?? []) {
      for (let slot = 0; slot < reader.slotCount; slot++) {
        if (!reader.isVisible(slot)) continue;
        const dot = reader.dotAt(slot);
        if (dot.origin === origin && dot.sequence === sequence) {
          throw new Violated("compaction", `replica ${node.id} dropped ${origin}:${sequence}, which a point shows`);
        }
      }
    }
  }
}
