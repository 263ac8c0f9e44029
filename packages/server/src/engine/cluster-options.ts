import { randomInt } from "node:crypto";
import { type ClusterOptions, readInvitation, type Signing } from "@murmuration/core";
import type { ClusterStart } from "./cluster-start.js";
import * as limits from "./engine-limits.js";

/** What the replica is told of the cluster that it takes part in. */
export function clusterOptions(cluster: ClusterStart, signing: Signing | undefined): ClusterOptions {
  return {
    name: cluster.name,
    region: cluster.region,
    ...(cluster.advertise === undefined ? {} : { url: cluster.advertise }),
    nonce: randomInt(2 ** 20),
    founding: { peers: cluster.peers },
    startWaitMs: cluster.startWaitMs ?? limits.START_WAIT_MS,
    ...(signing === undefined ? {} : { signing }),
    ...(cluster.invitation === undefined ? {} : { invitation: readInvitation(cluster.invitation) }),
    ...(cluster.secret === undefined ? {} : { secret: cluster.secret }),
  };
}
