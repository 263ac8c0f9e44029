import type { MessagePort } from "node:worker_threads";
import type {
  Catalogue,
  Collection,
  Command,
  ConsistencyLevel,
  LeftOut,
  Receipt,
  ReplicationStatus,
  SessionToken,
  SettledWait,
  TransportCounters,
  WaitRequest,
} from "@murmuration/core";
import type { Json, PointId } from "@murmuration/index";
import type { ReaderCounters, ReadingLimits } from "../read/readers.js";
import type { ReadAnswer, Reading } from "../read/reading.js";
import type { BriefSource } from "./brief-source.js";
import type { ErasureQuestion } from "./erasure-questions.js";
import type { Patience } from "./followed-tokens.js";
import type { FollowerStart } from "./follower.js";
import type { MemoryPart, MemoryUse } from "./memory-guard.js";
import type { PhaseReport, WatchedWrite } from "./watched-replica.js";

/** Counts of one collection, for its info page. */
export interface CollectionStatistics {
  readonly points: number;
  /** Vectors in all graphs of the collection. */
  readonly indexedVectors: number;
  /** The same by vector name. */
  readonly vectors: { readonly [name: string]: number };
  /** Points that have a value on an indexed path; without the paths whose index readers do not use yet. */
  readonly payloadIndexPoints: { readonly [path: string]: number };
  /** Bytes of the payloads of all points; `undefined` where the collection does not limit them, or they are being counted. */
  readonly payloadBytes: number | undefined;
}

/** Identity of a collection's whole state at one frontier: equal frontier ⇒ equal digests, on every replica. */
export interface Digest {
  /** Origin (decimal) → highest contiguous sequence held. */
  readonly frontier: { readonly [origin: string]: number };
  readonly points: number;
  readonly points_digest: string;
  readonly graph_digest: string;
  readonly live: number;
  readonly dead: number;
}

/** Replication as the engine's thread sees it. */
export interface ReplicationReport {
  readonly status: ReplicationStatus;
  /** Bytes of the log's files. */
  readonly logBytes: number;
  /** Room of the file system that they are on, where it says how much. */
  readonly disk?: { readonly sizeBytes: number; readonly freeBytes: number };
  /** Missing for a database that is alone. */
  readonly cluster?: {
    readonly name: string;
    readonly region: string;
    /** Counters of the transport; `undefined` until it is connected. */
    readonly transport: TransportCounters | undefined;
    readonly receivedMessages: number;
    readonly receivedBytes: number;
    /** Bytes that arrived and are not taken yet. */
    readonly waitingBytes: number;
    /** Messages dropped because too many waited; they are asked for again. */
    readonly droppedMessages: number;
  };
}

/** What was done and what waits in this process, since its start. */
export interface DatabaseCounters {
  /** Executed commands by kind. */
  readonly commands: { readonly [kind: string]: number };
  readonly pointsUpserted: number;
  /** Commands and questions that the engine's thread has not answered yet. */
  readonly pending: number;
  readonly pendingBytes: number;
  /** The heaps of the two threads that hold the points. */
  readonly memory: Readonly<Record<MemoryPart, MemoryUse>>;
  /** Recall@10 of the default search as of the last `validate`: collection → vector → share. */
  readonly recall: { readonly [collection: string]: { readonly [vector: string]: number } };
  readonly readers: ReaderCounters;
}

/** What a write asks for beside its command. */
export interface WriteOptions {
  readonly level?: ConsistencyLevel | undefined;
  /** How long the filter by which it selects points may be evaluated. */
  readonly timeoutMs?: number | undefined;
  /** How long it takes is told, by `onReport`, before it is done. */
  readonly watched?: WatchedWrite | undefined;
  readonly onReport?: ((report: PhaseReport) => void) | undefined;
}

/** Who is let into the cluster, and by which key this replica is known. */
export interface Membership {
  /** The text of an invitation by which one replica is let in, within so long. Throws `unavailable`. */
  invite(forMs: number): Promise<string>;
  /** Gives this replica another key. Throws `unavailable`. */
  renewKey(): Promise<void>;
}

/**
 * The database as the HTTP routes see it. Reads are answered from memory and never wait behind a write; writes resolve
 * when they are durable and visible to reads. Every method that takes a collection accepts an alias and throws a
 * `MurmurationError` `not-found` for an unknown name.
 */
export interface Database {
  /** Catalogue as last applied. */
  readonly catalogue: Catalogue;
  /** The collection of this name or alias. */
  collection(name: string): Collection;
  /** The collection of this very name (aliases are not followed), if there is one. */
  collectionNamed(name: string): Collection | undefined;
  statistics(name: string): CollectionStatistics;
  /** Of every collection that is served, by name: one that is quarantined has none, and keeps nothing from being told of the others. */
  allStatistics(): ReadonlyMap<string, CollectionStatistics>;

  /**
   * Read collections, which the reading names by their places in `names`. Rejects with `timeout` past the deadline, `unavailable` when too much
   * is read already or nobody waits any more, and what the read itself finds.
   */
  read(names: readonly string[], reading: Reading, limits: ReadingLimits): Promise<ReadAnswer>;

  /**
   * Rejects with a `MurmurationError`; then nothing of the command is visible, now or after a restart: so it is for a `level` of more
   * members than there are. It does not wait for them: `settled` does. With `timeout` when the filter of a command took longer to evaluate.
   */
  write(command: Command, options?: WriteOptions): Promise<Receipt>;

  /** The token of an answer given now from the catalogue and these collections; those that are not here are left out. */
  frontiers(names: readonly string[]): SessionToken;
  /** How many operations that the token has seen of the catalogue and of these collections reads do not show yet; 0: it is covered. */
  missing(token: SessionToken, names: readonly string[]): number;
  /** Resolves to false when the time is over, or nobody waits any more, before the token is covered. */
  untilCovered(token: SessionToken, names: readonly string[], patience: Patience): Promise<boolean>;
  /**
   * Resolves when members have agreed, or the time is over; what reads show then is what they agreed on. Rejects with `validation` for a
   * level of more members than there are, `unavailable` when it cannot be waited or nobody waits any more.
   */
  settled(wait: WaitRequest, signal: AbortSignal): Promise<SettledWait>;
  /** Other replicas that are heard and hold all of this, the one heard last first. */
  holders(token: SessionToken): Promise<readonly number[]>;

  digest(name: string): Promise<Digest>;
  /** Checks every rule of the graph and measures recall against exact search on `samples` stored points. */
  validate(name: string, samples: number): Promise<Json>;
  /** Neighbours of a point per layer, with distances. */
  links(name: string, id: PointId, vector: string): Promise<Json>;
  /** The latest conflicts between writes of a collection's points that this replica has seen since its start, the latest first. */
  conflicts(name: string, limit: number): Promise<Json>;
  status(): DatabaseStatus;
  /** Why no collection is read or written here: this replica does not hold yet what its cluster holds. `undefined`: it does. */
  refusesReads(): string | undefined;
  /** What is known of the other replicas, and what waits. */
  replication(): Promise<ReplicationReport>;
  /** `KnownErasures`, or `LeftNothing`. Rejects where files cannot be written. */
  erasing(question: ErasureQuestion): Promise<unknown>;
  /** Who is let into the cluster, and by which key this replica is known. */
  membership(): Membership;
  counters(): DatabaseCounters;
  /** Why nothing is served any more: the engine's thread is gone, though nobody closed it. `undefined`: it runs. */
  endedBecause(): string | undefined;
  /** Resolves with the reason when that happens: the process is to end, so that its supervisor starts it again. */
  readonly ended: Promise<string>;
  /** What another thread begins with that follows this database; it hears of what comes after at this port's other end (`follow`). */
  followedAt(port: MessagePort): Promise<FollowerStart>;
  /** What brief reads are answered from in this thread; `undefined`: they are not. */
  readonly briefSource: BriefSource | undefined;
  /** Throws `capacity` when this thread's heap has no room for what a body of so many bytes becomes. */
  requireMemoryFor(bodyBytes: number): void;
  close(): Promise<void>;
}

/** How the database is, for `GET /murmur/status` and the probes. */
export interface DatabaseStatus {
  readonly version: string;
  readonly replicaId: number;
  readonly uptimeSeconds: number;
  /** false while there is a reason. */
  readonly ready: boolean;
  /** The first of the reasons. */
  readonly reason?: string;
  /** Everything that keeps it from serving reads and writes, for people, the weightiest first; empty while it serves. */
  readonly reasons: readonly string[];
  /** What is not part of what is served. It keeps nothing else from being served, and is no reason. */
  readonly leftOut: LeftOut;
  readonly shards: readonly {
    readonly collection: string;
    readonly shard: string;
    readonly points: number;
    readonly graphBytes: number;
    /** Id of the replica whose word alone it is so far. */
    readonly unconfirmedFrom: number | undefined;
  }[];
}
