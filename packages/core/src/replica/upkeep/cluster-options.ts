import type { VersionVector } from "../../causality/version-vector.js";
import type { Invitation } from "../../gossip/invitation.js";
import type { Signing } from "../../gossip/signing.js";
import type { KnownMembers } from "./known-members.js";

/** The cluster that a replica takes part in. */
export interface ClusterOptions {
  /** Replicas of another cluster's name are not listened to. */
  readonly name: string;
  /** Where it runs, for people. */
  readonly region?: string;
  /** Where its clients, and other replicas on their behalf, reach it. */
  readonly url?: string;
  /** Random, 0 to 2^20 − 1, from the host at every start: tells two processes with one replica id apart. */
  readonly nonce: number;
  /**
   * Ids of the replicas that the cluster begins with, the same on all of them. Founders count as members from the start; any other
   * replica writes only after every member knows of it.
   */
  readonly founders?: readonly number[];
  /**
   * Instead of `founders`, where nobody knows ids: a replica that is in no cluster joins the one that it hears of, or begins one when it
   * hears so many others and none of them holds anything.
   */
  readonly founding?: { readonly peers: number };
  /** Keys of this replica. Without them it signs nothing, and takes the messages of others at their word. */
  readonly signing?: Signing;
  /** Keys of the founders by their ids, where they are known beforehand: nothing is taken that they have not signed. */
  readonly founderKeys?: ReadonlyMap<number, readonly string[]>;
  /** By which this replica is let in when it is no member yet. */
  readonly invitation?: Invitation;
  /** What all replicas of the cluster have in common: whoever has it is let in. */
  readonly secret?: Uint8Array;
  /**
   * How long a replica that has started waits at most for the other members to say what they hold of its operations, before it writes;
   * default `limits.startWaitMs`. 0: not at all, and an older copy of its disk is noticed too late.
   */
  readonly startWaitMs?: number;
  /** Bound on the bytes of a shard's operations that wait for ones before them; default `limits.inboxBytesMax`. */
  readonly inboxBytesMax?: number;
  /** Operations of a shard by which a replica lags when it takes a snapshot rather than all of them; default `limits.snapshotLagOperations`. */
  readonly snapshotLagOperations?: number;
}

/** What upkeep needs to know. */
export interface PeeringForUpkeep {
  /** What every member of the cluster holds of a shard. */
  stable(shard: string): VersionVector;
  /** Is what the start found on the disk known to be what others have (docs/convergence.md, "Reconciliation")? */
  isChecked(shard: string): boolean;
  known(): KnownMembers;
}
