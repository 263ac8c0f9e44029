import type { Right } from "./rights.js";

const c = "/collections/{collection_name}";
const points = `${c}/points`;
const oneSnapshots = `${c}/snapshots`;
const shardSnapshots = `${c}/shards/{shard_id}/snapshots`;

/**
 * What every route asks of whoever calls it: the only place where that is said. A server does not start with a route that is not here, docs/security.md
 * shows this table, and `route-rights.test.ts` asks every route with every right. HEAD is GET. Collections that a body names (`lookup_from`,
 * `with_lookup`) need `collection-read`, each.
 */
export const routeRights: { readonly [route: string]: Right } = {
  "GET /": "open",
  "GET /healthz": "open",
  "GET /livez": "open",
  "GET /readyz": "open",
  "GET /openapi.json": "open",

  "GET /collections": "any",
  "GET /aliases": "any",

  [`GET ${c}`]: "collection-read",
  [`GET ${c}/exists`]: "collection-read",
  [`GET ${c}/aliases`]: "collection-read",
  [`GET ${c}/cluster`]: "collection-read",
  [`GET ${c}/shards`]: "collection-read",
  [`GET ${c}/optimizations`]: "collection-read",
  [`GET ${points}/{id}`]: "collection-read",
  [`POST ${points}`]: "collection-read",
  [`POST ${points}/scroll`]: "collection-read",
  [`POST ${points}/count`]: "collection-read",
  [`POST ${points}/query`]: "collection-read",
  [`POST ${points}/query/batch`]: "collection-read",
  [`POST ${points}/query/groups`]: "collection-read",
  [`POST ${points}/search`]: "collection-read",
  [`POST ${points}/search/batch`]: "collection-read",
  [`POST ${points}/search/groups`]: "collection-read",
  [`POST ${points}/search/matrix/pairs`]: "collection-read",
  [`POST ${points}/search/matrix/offsets`]: "collection-read",
  [`POST ${points}/recommend`]: "collection-read",
  [`POST ${points}/recommend/batch`]: "collection-read",
  [`POST ${points}/recommend/groups`]: "collection-read",
  [`POST ${points}/discover`]: "collection-read",
  [`POST ${points}/discover/batch`]: "collection-read",
  [`POST ${c}/facet`]: "collection-read",
  "GET /murmur/collections/{collection_name}/digest": "collection-read",
  "GET /murmur/collections/{collection_name}/points/{id}/links": "collection-read",
  "GET /murmur/collections/{collection_name}/changes": "collection-read",
  "POST /murmur/collections/{collection_name}/live": "collection-read",
  "POST /murmur/collections/{collection_name}/explain": "collection-read",
  "GET /murmur/collections/{collection_name}/conflicts": "collection-read",
  "POST /murmur/collections/{collection_name}/graph/walk": "collection-read",
  "POST /murmur/collections/{collection_name}/quality": "collection-read",
  "GET /murmur/collections/{collection_name}/canary": "collection-read",

  [`PUT ${points}`]: "points-write",
  [`POST ${points}/delete`]: "points-write",
  [`POST ${points}/batch`]: "points-write",
  [`PUT ${points}/vectors`]: "points-write",
  [`POST ${points}/vectors/delete`]: "points-write",
  [`POST ${points}/payload`]: "points-write",
  [`PUT ${points}/payload`]: "points-write",
  [`POST ${points}/payload/delete`]: "points-write",
  [`POST ${points}/payload/clear`]: "points-write",

  [`PUT ${c}/index`]: "collection-write",
  [`DELETE ${c}/index/{field_name}`]: "collection-write",

  "GET /telemetry": "global-read",
  "GET /metrics": "global-read",
  "GET /issues": "global-read",
  "GET /quotas": "global-read",
  "GET /cluster": "global-read",
  "GET /cluster/telemetry": "global-read",
  "GET /murmur/status": "global-read",
  "GET /murmur/slow-queries": "global-read",
  "GET /murmur/cluster": "global-read",
  "GET /murmur/replication": "global-read",
  "GET /murmur/convergence": "global-read",
  "GET /murmur/backups": "global-read",
  "GET /murmur/erasures": "global-read",
  "GET /murmur/erasures/{id}": "global-read",
  "GET /murmur/audit": "global-read",
  "GET /snapshots": "global-read",
  "GET /snapshots/{snapshot_name}": "global-read",
  [`GET ${oneSnapshots}`]: "global-read",
  [`GET ${oneSnapshots}/{snapshot_name}`]: "global-read",
  [`GET ${shardSnapshots}`]: "global-read",
  [`GET ${shardSnapshots}/{snapshot_name}`]: "global-read",
  [`GET ${c}/shards/{shard_id}/snapshot`]: "global-read",

  [`PUT ${c}`]: "manage",
  [`PATCH ${c}`]: "manage",
  [`DELETE ${c}`]: "manage",
  "POST /collections/aliases": "manage",
  [`PUT ${c}/vectors/{vector_name}`]: "manage",
  [`DELETE ${c}/vectors/{vector_name}`]: "manage",
  [`POST ${c}/cluster`]: "manage",
  [`PUT ${c}/shards`]: "manage",
  [`POST ${c}/shards/delete`]: "manage",
  [`POST ${oneSnapshots}`]: "manage",
  [`DELETE ${oneSnapshots}/{snapshot_name}`]: "manage",
  [`PUT ${oneSnapshots}/recover`]: "manage",
  [`POST ${oneSnapshots}/upload`]: "manage",
  [`POST ${shardSnapshots}`]: "manage",
  [`DELETE ${shardSnapshots}/{snapshot_name}`]: "manage",
  [`PUT ${shardSnapshots}/recover`]: "manage",
  [`POST ${shardSnapshots}/upload`]: "manage",
  "POST /snapshots": "manage",
  "DELETE /snapshots/{snapshot_name}": "manage",
  "DELETE /issues": "manage",
  "PUT /quotas": "manage",
  "POST /cluster/recover": "manage",
  "DELETE /cluster/peer/{peer_id}": "manage",
  "POST /murmur/collections/{collection_name}/validate": "manage",
  "POST /murmur/collections/{collection_name}/canary": "manage",
  "DELETE /murmur/collections/{collection_name}/canary": "manage",
  "POST /murmur/collections/{collection_name}/canary/promote": "manage",
  "POST /murmur/cluster/members/{id}/evict": "manage",
  "POST /murmur/cluster/invitations": "manage",
  "POST /murmur/cluster/key/rotate": "manage",
  "POST /murmur/backups": "manage",
  "DELETE /murmur/backups/{name}": "manage",
  "POST /murmur/erasures": "manage",
};

/** Throws an `Error` where nobody said what the route asks for. */
export function rightOf(method: string, path: string): Right {
  const route = `${method} ${path}`;
  const right = Object.hasOwn(routeRights, route) ? routeRights[route] : undefined;
  if (right === undefined) throw new Error(`no right is stated for the route ${route} (access/route-rights.ts)`);
  return right;
}
