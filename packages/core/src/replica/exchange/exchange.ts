import type { VersionVector } from "../../causality/version-vector.js";
import type { Message } from "../../gossip/message.js";
import type { Outgoing } from "../../gossip/transport.js";
import type { ReplicaStore } from "../commit/store.js";
import type { Membership } from "../membership/membership.js";

/** What a part of the exchange with other replicas works with. */
export interface ExchangeContext {
  readonly store: ReplicaStore;
  readonly members: Membership;
  /** Queues a message to a replica, or to all with `undefined`. */
  send(to: number | undefined, lane: Outgoing["lane"], message: Message): void;
  /** Counts what was refused, or went wrong, by its reason. */
  refuse(reason: string, detail: unknown): void;
  /** What a replica last said to hold, by shard. */
  frontiersOf(replica: number): ReadonlyMap<string, VersionVector> | undefined;
  /** Lag, in operations of a shard, at which a snapshot is taken. */
  readonly snapshotLagOperations: number;
  /** Shards of which no peer's log holds what is missing here. */
  needSnapshot(): readonly string[];
  /** A snapshot of a shard was taken over. */
  noteSnapshot(shard: string): void;
  /** When a replica was last heard; `undefined`: never. */
  heardMs(replica: number): number | undefined;
  /** Which start of this replica this is. */
  readonly incarnation: number;
  /** A replica said its time; `nowMs` is the own when that arrived. */
  noteClock(replica: number, theirMs: number, nowMs: number): void;
  /** Is this replica a member that all others know of, and the only process under its id? */
  countsAsMember(): boolean;
  /** May operations of others be taken over into this shard yet? */
  mayHold(shard: string): boolean;
  /** What waits here of an origin for operations before it is dropped; what still exists of it is asked for again. */
  forgetWaiting(origin: number): void;
  /** A replica said that it holds this of some shards: what is missing here is asked for. */
  noteFrontiers(replica: number, frontiers: ReadonlyMap<string, VersionVector>): void;
}

/**
 * A part of what replicas say to each other beyond operations, heartbeats and requests: it takes some kinds of messages, and does what
 * is due. Errors of `take` that are `MurmurationError`s are refusals of the message: they are counted and change nothing.
 */
export interface Exchange {
  readonly kinds: readonly Message["kind"][];
  take(from: number, message: Message, nowMs: number): void;
  tick(nowMs: number): void;
  /** A replica that is no member is not remembered any more. */
  forget?(replica: number): void;
  /** Called before messages are taken: what was received may be durable by now. */
  beforeSending?(): void;
}
