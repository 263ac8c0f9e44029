import { sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { limits } from "../../limits.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";

/** What a replica that is in no cluster yet knows when it asks whether it may begin one. */
export interface FoundingCase {
  readonly self: number;
  /** Replicas that must be heard before; see `ClusterOptions.founding`. */
  readonly peers: number;
  /** What it holds of the system shard: its own operations, from a time when it was alone, or those of others. */
  readonly system: VersionVector;
  /** Since when it listens. */
  readonly sinceMs: number;
  readonly nowMs: number;
  /** Replica → when it was last heard. */
  readonly heardMs: ReadonlyMap<number, number>;
  /** Replica → shard → what it said to hold. */
  readonly frontiersOf: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>;
}

/**
 * Why a replica may not begin a cluster now; `undefined`: it may. A cluster begins once, with one replica that all others join, or else
 * members would have forgotten deletions that the others never knew of. So whoever begins it has heard everybody who is to be there, and
 * none of them holds anything but what came from here; of several that could, the one of the lowest id does. (docs/convergence.md)
 */
export function whyNotFound(known: FoundingCase): string | undefined {
  const { self, peers, system, sinceMs, nowMs, heardMs, frontiersOf } = known;
  const hasOwn = sequenceOf(system, self) > 0;
  const heard = [...frontiersOf].filter(([id]) => nowMs - (heardMs.get(id) ?? 0) <= limits.suspectMs);
  const isOthers = (held: VersionVector | undefined) => [...(held?.keys() ?? [])].some((origin) => origin !== self);
  const holder = heard.find(([, frontiers]) => isOthers(frontiers.get(SYSTEM_SHARD)))?.[0];
  if (isOthers(system)) return "this replica has taken over a catalogue and waits for a member to join";
  if (holder !== undefined) {
    return hasOwn
      ? `this replica has collections of its own and so has replica ${holder}: only an empty one can join the other`
      : `this replica joins the cluster of replica ${holder}`;
  }
  if (heard.length < peers) {
    const wayIn = "one that runs lets it in by an invitation or the secret of the cluster";
    return `this replica has joined no cluster yet: ${wayIn}; to begin one it must hear ${peers} others, of which it hears ${heard.length}`;
  }
  if (!hasOwn && heard.some(([id]) => id < self)) return "this replica waits for another one to begin the cluster";
  if (nowMs - sinceMs < limits.foundingListenMs) return "this replica listens whether its cluster is there already";
  return undefined;
}
