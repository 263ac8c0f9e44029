import type { VersionVector } from "../../causality/version-vector.js";
import type { PeerFrontiers } from "../../gossip/requests.js";
import type { Membership } from "../membership/membership.js";

/** Those that are heard and were not evicted, with what they said to hold. */
export function peersHeard(
  members: Membership,
  heard: ReadonlyMap<number, number>,
  frontiersOf: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>,
): PeerFrontiers[] {
  return [...heard]
    .filter(([id]) => !members.isEvicted(id))
    .map(([id, heardMs]) => ({ id, heardMs, frontiers: frontiersOf.get(id) ?? new Map() }));
}
