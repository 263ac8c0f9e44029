import { missingFrom, type VersionVector } from "../../causality/version-vector.js";
import type { ClockGuard } from "../../gossip/clock-guard.js";
import { limits } from "../../limits.js";
import type { Quarantine } from "../commit/quarantines.js";
import type { ReplicaStore } from "../commit/store.js";
import type { ReconciliationStatus } from "../exchange/reconciliation.js";
import type { SetAsideOperation } from "../exchange/set-aside.js";
import type { UnconfirmedSnapshot } from "../exchange/unconfirmed-snapshots.js";
import type { WaitsStatus } from "../exchange/waits.js";
import type { Membership } from "../membership/membership.js";
import type { CompactionStatus } from "../upkeep/compactor.js";
import type { UpkeepStatus } from "../upkeep/upkeep.js";
import type { Incident } from "./incidents.js";
import type { LagMeter } from "./lag.js";

/** How far a peer and this replica are from each other in one shard, by what the peer said last. */
export interface PeerShard {
  readonly shard: string;
  /** Operations that the peer holds and this replica does not, and the other way round. */
  readonly missingHere: number;
  readonly missingThere: number;
}

/** What is known of another replica. */
export interface PeerStatus {
  readonly id: number;
  readonly isMember: boolean;
  /** Milliseconds since its last message; `undefined`: never heard of. */
  readonly silentMs: number | undefined;
  /** Operations that it holds and this replica does not. */
  readonly lagOperations: number;
  /** Time since this replica first knew of an operation that the peer holds and it lacks; 0: it lacks none that it knows of. */
  readonly lagMs: number;
  /** How far its clock was ahead of this one's when last heard, message delay included; negative: behind. */
  readonly clockOffsetMs: number | undefined;
  readonly suspect: boolean;
  /** Of shards that both have. */
  readonly shards: readonly PeerShard[];
}

/** Messages and operations that were refused, by reason. */
export type Refusals = { readonly [reason: string]: number };

/** What a replica knows of the others and of its exchange with them. */
export interface PeeringStatus {
  readonly cluster: string;
  readonly peers: readonly PeerStatus[];
  readonly refused: Refusals;
  /** The latest refusals and mishaps, newest last. */
  readonly incidents: readonly Incident[];
  /** Operations that do not fit the state here: they, and what follows them of their origins, wait. */
  readonly setAside: readonly SetAsideOperation[];
  /** Bytes of operations that wait for ones before them. */
  readonly inboxBytes: number;
  /** Why this replica takes no client writes now, if it does not. */
  readonly refusesWrites: string | undefined;
  /** Format of the operations that this replica writes: one that every member has said it reads. */
  readonly operationFormat: number;
  /** Shard → what every member is known to hold. */
  readonly stable: ReadonlyMap<string, VersionVector>;
  /** Shards of which no peer's log holds what is missing here any more, or that reconciliation cannot mend. */
  readonly needSnapshot: readonly string[];
  /** Shards whose graphs were mended: their log would not make them what they are now. */
  readonly needCheckpoint: readonly string[];
  /** Shards whose snapshot is one member's word so far. */
  readonly unconfirmedSnapshots: readonly UnconfirmedSnapshot[];
  readonly reconciliation: ReconciliationStatus;
}

/** A payload index for which there was no room: reads look at payloads instead. */
export interface IndexWithoutRoom {
  readonly collection: string;
  readonly path: string;
  readonly reason: string;
}

/** What a replica knows of replication. */
export interface ReplicationStatus {
  readonly replica: number;
  /** Operations of others and of the own upkeep that were applied since it was opened. */
  readonly applied: number;
  readonly quarantined: readonly Quarantine[];
  readonly indexesWithoutRoom: readonly IndexWithoutRoom[];
  /** Missing for a replica that is alone. */
  readonly peering?: PeeringStatus;
  readonly upkeep: UpkeepStatus;
  readonly waits: WaitsStatus;
  readonly compaction: CompactionStatus;
}

/** What is known of all members, and of others that are heard. */
export function peerStatuses(known: {
  readonly store: ReplicaStore;
  readonly members: Membership;
  readonly heardMs: ReadonlyMap<number, number>;
  readonly frontiersOf: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>;
  readonly clocks: ClockGuard;
  readonly lag: LagMeter;
  readonly nowMs: number;
}): PeerStatus[] {
  const { store, members, heardMs, frontiersOf, clocks, lag, nowMs } = known;
  const held = (shard: string) => store.causality(shard)?.frontier;
  const ids = new Set([...members.active(), ...heardMs.keys()]);
  ids.delete(store.id);
  return [...ids]
    .sort((a, b) => a - b)
    .map((id) =>
      peerStatus(id, members.isActive(id), nowMs, {
        heardMs: heardMs.get(id),
        frontiers: frontiersOf.get(id),
        clockOffsetMs: clocks.offsetMs(id),
        lagMs: lag.lagMs(id, held, nowMs),
        held,
      }),
    );
}

/** What is known of a peer, put together. */
function peerStatus(
  id: number,
  isMember: boolean,
  nowMs: number,
  known: {
    readonly heardMs: number | undefined;
    readonly frontiers: ReadonlyMap<string, VersionVector> | undefined;
    readonly clockOffsetMs: number | undefined;
    readonly lagMs: number;
    /** What this replica holds of a shard. */
    readonly held: (shard: string) => VersionVector | undefined;
  },
): PeerStatus {
  const shards: PeerShard[] = [];
  for (const [shard, frontier] of known.frontiers ?? []) {
    const held = known.held(shard);
    if (held === undefined) continue;
    shards.push({ shard, missingHere: missingFrom(held, frontier), missingThere: missingFrom(frontier, held) });
  }
  const lagOperations = shards.reduce((sum, { missingHere }) => sum + missingHere, 0);
  const silentMs = known.heardMs === undefined ? undefined : nowMs - known.heardMs;
  const suspect = silentMs === undefined || silentMs > limits.suspectMs;
  const { clockOffsetMs, lagMs } = known;
  return { id, isMember, silentMs, lagOperations, lagMs, clockOffsetMs, suspect, shards };
}
