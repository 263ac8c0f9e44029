import { createHash } from "node:crypto";
import type { Collection } from "@murmuration/core";
import { type JsonObject, MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { Database } from "../engine/database.js";
import { Refusal } from "../http/refusal.js";
import { readParameters, timeoutParameters } from "../http/schemas/parameters.js";
import { collectionParams, none, type Route, route } from "./route.js";

// The dialect's own kind of cluster, in which collections are cut into shards that move between peers. A replica of ours is a node of the dialect
// that stands alone, and answers here as one does; regions have routes under /murmur.

const tag = "cluster";
const c = "/collections/{collection_name}";

/** Refused as a node that stands alone refuses it. */
function standalone(): never {
  throw new Refusal(405, "Qdrant is running in standalone mode");
}

function undistributed(database: Database, name: string): never {
  database.collection(name);
  throw new MurmurationError("bad-request", "Distributed mode disabled");
}

/** A number that tells replicas apart, as peers have them. */
function peerId(database: Database): number {
  return createHash("sha256").update(String(database.status().replicaId)).digest().readUIntBE(0, 6);
}

/** Where the one shard of a collection is. */
export function collectionCluster(database: Database, collection: Collection): JsonObject {
  const { points } = database.statistics(collection.name);
  return {
    peer_id: peerId(database),
    shard_count: 1,
    local_shards: [{ shard_id: 0, points_count: points, state: "Active" }],
    remote_shards: [],
    shard_transfers: [],
  };
}

const read = { method: "GET", tag, params: none, query: none, body: none } as const;

export const clusterRoutes: readonly Route[] = [
  route({
    ...read,
    path: "/cluster",
    summary: "State of the dialect's own kind of cluster, which this is not",
    handle: () => ({ status: "disabled" }),
  }),
  route({
    ...read,
    path: "/cluster/telemetry",
    summary: "Refused: there are no peers of the dialect's kind",
    handle: standalone,
  }),
  route({
    ...read,
    method: "POST",
    path: "/cluster/recover",
    summary: "Refused: there is no consensus to be recovered",
    handle: standalone,
  }),
  route({
    ...read,
    method: "DELETE",
    path: "/cluster/peer/{peer_id}",
    params: z.object({ peer_id: z.string() }),
    summary: "Refused: there are no peers of the dialect's kind; a region is evicted under /murmur",
    handle: standalone,
  }),
  route({
    ...read,
    path: `${c}/cluster`,
    params: collectionParams,
    query: readParameters,
    session: "read",
    summary: "The one shard of a collection",
    handle: ({ database, params }) => collectionCluster(database, database.collection(params.collection_name)),
  }),
  route({
    ...read,
    method: "POST",
    path: `${c}/cluster`,
    params: collectionParams,
    query: timeoutParameters,
    summary: "Refused: shards are not moved",
    handle: ({ database, params }) => undistributed(database, params.collection_name),
  }),
  route({
    ...read,
    path: `${c}/shards`,
    params: collectionParams,
    query: readParameters,
    session: "read",
    summary: "Shard keys: none",
    handle: ({ database, params }) => {
      database.collection(params.collection_name);
      return { shard_keys: [] };
    },
  }),
  route({
    ...read,
    method: "PUT",
    path: `${c}/shards`,
    params: collectionParams,
    query: timeoutParameters,
    summary: "Refused: a collection has one shard",
    handle: ({ database, params }) => undistributed(database, params.collection_name),
  }),
  route({
    ...read,
    method: "POST",
    path: `${c}/shards/delete`,
    params: collectionParams,
    query: timeoutParameters,
    summary: "Refused: a collection has one shard",
    handle: ({ database, params }) => undistributed(database, params.collection_name),
  }),
];
