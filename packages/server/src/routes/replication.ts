import { type Incident, limits, type PeerStatus, type TransportLink, type VersionVector } from "@murmuration/core";
import { z } from "zod";
import { pathInteger } from "../http/schemas/parameters.js";
import { setAsideAnswer } from "./left-out-answer.js";
import type { RouteContext } from "./route.js";
import { none, type Route, route } from "./route.js";

const plain = (vector: VersionVector) => Object.fromEntries(vector);

function peerAnswer(peer: PeerStatus, regionOf: ReadonlyMap<number, string>): object {
  return {
    id: peer.id,
    region: regionOf.get(peer.id) ?? null,
    is_member: peer.isMember,
    suspect: peer.suspect,
    silent_ms: peer.silentMs ?? null,
    lag_operations: peer.lagOperations,
    lag_seconds: peer.lagMs / 1000,
    clock_offset_ms: peer.clockOffsetMs ?? null,
  };
}

function linkAnswer(link: TransportLink): object {
  return {
    region: link.region,
    state: link.state,
    breaker: link.breaker,
    round_trip_ms: link.roundTripMs ?? null,
    sent_bytes: link.sentBytes,
    received_bytes: link.receivedBytes,
    reconnects: link.reconnects,
    failures: link.failures,
    last_error: link.lastError ?? null,
  };
}

function incidentAnswer({ reason, detail, times, firstMs, lastMs }: Incident): object {
  return { reason, detail, times, first: new Date(firstMs).toISOString(), last: new Date(lastMs).toISOString() };
}

type Context = RouteContext<unknown, unknown, unknown>;

const regionsOf = ({ database }: Context) =>
  new Map(database.catalogue.members.map(({ id, region }) => [id, region] as const));

/** The cluster: who is in it, how far the others are, and how an operator takes one out. */
export const replicationRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/cluster",
    tag: "murmur",
    summary: "Members of the cluster as this replica knows them, and whether it takes writes",
    params: none,
    query: none,
    body: none,
    handle: async (context: Context) => {
      const { database } = context;
      const { status, cluster } = await database.replication();
      const { peering } = status;
      return {
        enabled: cluster !== undefined,
        replica_id: status.replica,
        cluster: cluster?.name ?? null,
        region: cluster?.region ?? null,
        refuses_writes: peering?.refusesWrites ?? null,
        members: database.catalogue.members.map(({ id, region, url, state }) => ({
          id,
          region,
          url: url ?? null,
          state,
        })),
        peers: (peering?.peers ?? []).map((peer) => peerAnswer(peer, regionsOf(context))),
      };
    },
  }),
  route({
    method: "POST",
    path: "/murmur/cluster/members/{id}/evict",
    tag: "murmur",
    summary:
      "Take a replica out of the cluster for good: the others wait for it no more, and it must join under a new id",
    params: z.object({ id: pathInteger(1, limits.originMax) }),
    query: none,
    body: none,
    handle: async ({ database, params }) => (await database.write({ kind: "evict-member", id: params.id })).changed,
  }),
  route({
    method: "GET",
    path: "/murmur/replication",
    tag: "murmur",
    summary: "What is known of each peer, what was refused, what upkeep has done and what waits",
    params: none,
    query: none,
    body: none,
    handle: async (context: Context) => {
      const { status, logBytes, cluster } = await context.database.replication();
      const { peering, upkeep, waits, applied } = status;
      return {
        replica_id: status.replica,
        applied_operations: applied,
        log_bytes: logBytes,
        quarantined: status.quarantined,
        indexes_without_room: status.indexesWithoutRoom,
        waits: {
          open: waits.open,
          quorums_reached: waits.quorumsReached,
          quorums_missed: waits.quorumsMissed,
          read_repairs: waits.repairs,
        },
        upkeep: {
          stitched: upkeep.stitched,
          repaired: upkeep.repaired,
          purged: upkeep.purged,
          rescued: upkeep.rescued,
          forgotten: upkeep.forgotten,
          put_off: upkeep.putOff,
          lacks_room: upkeep.lacksRoom,
          at_rest: upkeep.atRest,
        },
        ...(peering === undefined
          ? {}
          : {
              peers: peering.peers.map((peer) => peerAnswer(peer, regionsOf(context))),
              refused: peering.refused,
              reconciliation: {
                rounds: peering.reconciliation.rounds,
                equal: peering.reconciliation.equal,
                differing: peering.reconciliation.differing,
                repaired_points: peering.reconciliation.repairedPoints,
                repaired_lists: peering.reconciliation.repairedLists,
              },
              incidents: peering.incidents.map(incidentAnswer),
              set_aside: peering.setAside.map(setAsideAnswer),
              inbox_bytes: peering.inboxBytes,
              stable: Object.fromEntries([...peering.stable].map(([shard, vector]) => [shard, plain(vector)])),
              operation_format: peering.operationFormat,
              need_snapshot: peering.needSnapshot,
              unconfirmed_snapshots: peering.unconfirmedSnapshots,
            }),
        ...(cluster === undefined
          ? {}
          : {
              transport: {
                connected: cluster.transport !== undefined,
                sent_messages: cluster.transport?.sentMessages ?? 0,
                unsent_dropped_messages: cluster.transport?.droppedMessages ?? 0,
                queued_bytes: cluster.transport?.queuedBytes ?? 0,
                retries: cluster.transport?.retries ?? 0,
                malformed_frames: cluster.transport?.malformedFrames ?? 0,
                links: (cluster.transport?.links ?? []).map(linkAnswer),
                received_messages: cluster.receivedMessages,
                received_bytes: cluster.receivedBytes,
                waiting_bytes: cluster.waitingBytes,
                arrived_dropped_messages: cluster.droppedMessages,
              },
            }),
      };
    },
  }),
];
