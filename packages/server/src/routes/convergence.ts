import { type Comparison, type PeerStatus, SYSTEM_SHARD } from "@murmuration/core";
import { none, type Route, type RouteContext, route } from "./route.js";

type Context = RouteContext<unknown, unknown, unknown>;

function comparedAnswer(one: Comparison | undefined): object | null {
  if (one === undefined) return null;
  return { differs: one.differs ?? null, at: new Date(one.atMs).toISOString(), at_this_frontier: one.isCurrent };
}

/** What is known of a member's state of one shard: how far it is from the state here, and what came of comparing them. */
function memberAnswer(shard: string, peer: PeerStatus, region: string | null, compared: readonly Comparison[]): object {
  const known = peer.shards.find((one) => one.shard === shard);
  return {
    id: peer.id,
    region,
    suspect: peer.suspect,
    missing_here: known?.missingHere ?? null,
    missing_there: known?.missingThere ?? null,
    compared: comparedAnswer(compared.find((one) => one.shard === shard && one.peer === peer.id)),
  };
}

/** Are the members equal, collection by collection, as this replica knows it from what they send each other anyway. */
export const convergenceRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/convergence",
    tag: "murmur",
    summary: "How far each member is from this replica in each collection, and what comparing their digests came to",
    params: none,
    query: none,
    body: none,
    handle: async ({ database }: Context) => {
      const { status } = await database.replication();
      const { peering } = status;
      const regions = new Map(database.catalogue.members.map(({ id, region }) => [id, region]));
      const members = (peering?.peers ?? []).filter(({ isMember }) => isMember);
      const compared = peering?.reconciliation.compared ?? [];
      const of = (shard: string) =>
        members.map((peer) => memberAnswer(shard, peer, regions.get(peer.id) ?? null, compared));
      return {
        replica_id: status.replica,
        // the catalogue is not compared: it is no collection
        catalogue: { members: of(SYSTEM_SHARD) },
        collections: database.status().shards.map(({ collection, shard, points }) => ({
          collection,
          points,
          members: of(shard),
        })),
      };
    },
  }),
];
