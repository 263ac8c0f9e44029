import type { OpLog, Replica } from "@murmuration/core";
import type { Json } from "@murmuration/index";
import type { ClusterStart, TransportHost } from "./cluster-start.js";
import { streamPositions } from "./stream-positions.js";

/** What the host of a replica does for its transport. */
export interface TransportNeeds {
  readonly log: OpLog;
  /** Has the log keep something. */
  readonly keep: (write: () => void) => void;
  readonly tell: (level: "info" | "warn" | "error", message: string, details: Json) => void;
}

/** What a transport of this replica is given. */
export function transportHost(
  replica: Replica,
  { name, region }: Pick<ClusterStart, "name" | "region">,
  { log, keep, tell }: TransportNeeds,
): TransportHost {
  return {
    cluster: name,
    region,
    replicaId: replica.id,
    positions: streamPositions(log, keep),
    isMember: (other) => replica.isMember(other),
    log: (level, message, details) => tell(level, message, details as Json),
  };
}
