import { emptyVersionVector, type Replica, SYSTEM_SHARD } from "@murmuration/core";
import type { Reply } from "./messages.js";

/** Says that everything is there to be read. */
export function openedReply(replica: Replica, isComplete: boolean): Reply {
  const { id: replicaId, catalogue } = replica;
  const frontier = replica.frontiers([]).get(SYSTEM_SHARD) ?? emptyVersionVector;
  const shown = { catalogue, frontier, shards: replica.readable() };
  return { kind: "opened", replicaId, shown, isComplete };
}
