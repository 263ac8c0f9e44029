import type { MurmurationError, PointId } from "@murmuration/index";
import type { VersionVector } from "../causality/version-vector.js";
import type { PayloadSpan } from "../operation/apart-payload.js";

/** One operation as it stands in the log. */
export interface LogEntry {
  /** Local place in the log: ascending over all shards, never given twice. */
  readonly position: number;
  readonly shard: string;
  readonly origin: number;
  readonly sequence: number;
  /** As made by `encodeOperation`; opaque here. */
  readonly bytes: Uint8Array;
}

/** A payload as the log keeps it, apart from the point's other state: it is written once under its key, and never changed. */
export interface StoredPayload {
  /** From 1 to `limits.payloadKeyMax`. Names it in its shard on this replica, and never another one. */
  readonly key: number;
  /** Opaque here. */
  readonly bytes: Uint8Array;
}

/** A payload to be kept: `bytes` is asked when the point's row has another key. */
export interface KeyedPayload {
  readonly key: number;
  readonly bytes: () => Uint8Array;
}

/** The payload in the bytes of an operation that is kept under a key of its own, with the point that the operation makes. */
export interface PayloadInOperation extends PayloadSpan {
  readonly key: number;
}

/** A point as the log's projection keeps it. */
export interface StoredPoint {
  readonly id: PointId;
  /** Opaque here. */
  readonly state: Uint8Array;
  /** Absent where the point has none, or where it stands in `state`, as in logs of before that are only read. */
  readonly payload?: StoredPayload;
}

/** A point as the log's projection keeps it, without its payload. */
export interface PointRow {
  readonly id: PointId;
  /** Opaque here. */
  readonly state: Uint8Array;
  /** 0 where the point has no payload, or where it stands in `state`, as in logs of before that are only read. */
  readonly payloadKey: number;
}

/** How points are read. */
export interface PointsOptions {
  /** Told of a payload that is damaged or lost, before its point comes without; else reading throws `corrupt` there. */
  readonly onLostPayload?: (id: PointId, key: number) => void;
}

/** Where reading begins and ends. */
export interface ReadOptions {
  /** Only this shard; otherwise all of them. */
  readonly shard?: string;
  /** At most so many entries. */
  readonly limit?: number;
  /** Payloads that are kept apart from their operations are not read: empty ones stand in their place. */
  readonly leavesPayloadsOut?: boolean;
  /** Told of an entry whose bytes fail their checks, which is then passed over; without it reading throws `corrupt` there. */
  readonly onDamaged?: (entry: Omit<LogEntry, "bytes">, error: MurmurationError) => void;
}

/**
 * The checkpoints that a shard can have: the one that recovery starts from and that others are given, and one that is being received.
 * A checkpoint is opaque here: numbered parts.
 */
export type CheckpointSlot = "current" | "incoming";

/** Operations that compaction keeps: origin → sequences. */
export type KeptOperations = ReadonlyMap<number, ReadonlySet<number>>;

/** What a transaction may write. Of no use once the transaction is over. */
export interface LogWriter {
  /**
   * Appends the next operation of an origin and moves the shard's frontier with it. Any other sequence than the next one
   * is a fault of the caller and throws. Returns the entry's position. `payload`: a point is put with it in the same transaction. It is on the disk
   * once then, for as long as the operation or a point has it, and is put into the bytes again where they are read.
   */
  append(shard: string, origin: number, sequence: number, bytes: Uint8Array, payload?: PayloadInOperation): number;
  /** The payload that the point had under another key is noted as dropped. */
  putPoint(shard: string, id: PointId, state: Uint8Array, payload?: KeyedPayload): void;
  deletePoint(shard: string, id: PointId): void;
  /** Forgets every point of a shard, also what stands where a point should. */
  dropPoints(shard: string): void;
  /** Puts a frontier in place of one that is damaged. The caller knows it from the operations. */
  mendFrontier(shard: string, frontier: VersionVector): void;
  /** Writes a payload that is damaged, or lost, once more. */
  mendPayload(shard: string, payload: StoredPayload): void;
  /**
   * Deletes payloads whose drop was noted at a position up to `upTo` (`OpLog.lastDrop`), at most `limit` of them. They can be read until
   * then. One that an operation has goes with the operation. Returns whether none is left.
   */
  deleteDropped(upTo: number, limit: number): boolean;
  /** Forgets a shard: its operations, points, checkpoints and frontier. */
  dropShard(shard: string): void;
  /** Drops operations up to position `through` that `upTo` covers, but for those to keep; the frontier stays. Returns how many. */
  dropOperations(shard: string, through: number, upTo: VersionVector, kept: KeptOperations): number;
  /**
   * Puts a snapshot in place of a shard's operations and points: both are forgotten, and the frontier is the given one. Returns a
   * position of its own, behind everything before and before everything after.
   */
  restartShard(shard: string, frontier: VersionVector): number;
  /** Puts a part of a checkpoint, in place of an earlier one of this number. */
  putCheckpointPart(shard: string, slot: CheckpointSlot, part: number, bytes: Uint8Array): void;
  dropCheckpoint(shard: string, slot: CheckpointSlot): void;
  /** The incoming checkpoint becomes the current one. */
  promoteCheckpoint(shard: string): void;
  putSetting(name: string, value: string): void;
}

/** How a transaction is committed. */
export interface TransactionOptions {
  /**
   * Kept when the process dies, and durable only with the next `sync` or the next transaction without this: a machine that dies before may
   * forget it, with all that was committed after it. Saves the wait for the disk.
   */
  readonly isLazy?: boolean;
}

/**
 * Port: the durable log of operations, the store of record, with its projections. Reads see what is committed and, inside a
 * transaction, also what it has written. Iterators may be kept across writes; whether they then see what was written is open.
 * Failures of the storage are `MurmurationError`s: `storage`, or `corrupt` for contents that fail their checks.
 */
export interface OpLog {
  /**
   * Runs `body`; all it wrote is durable when this returns, unless it is lazy, with one flush for everything in it. When `body` throws or the
   * commit fails, nothing of it is kept and the error is passed on. `body` is synchronous; transactions do not nest.
   */
  transaction<T>(body: (writer: LogWriter) => T, options?: TransactionOptions): T;
  /** Makes durable what lazy transactions have committed. Throws `storage` when that fails. */
  sync(): void;
  /** Entries behind position `after` (0: from the start), by position. */
  read(after: number, options?: ReadOptions): Iterable<LogEntry>;
  /** Operations of one origin behind `afterSequence`, by sequence; at most `limit`. */
  readOrigin(
    shard: string,
    origin: number,
    afterSequence: number,
    limit: number,
    options?: Pick<ReadOptions, "leavesPayloadsOut">,
  ): Iterable<LogEntry>;
  /** Per origin the highest sequence of the shard. A copy. */
  frontier(shard: string): VersionVector;
  /** Shards that hold anything, sorted. */
  shards(): string[];
  /** The highest position given out, 0 for none. */
  lastPosition(): number;
  /** Every point of a shard, in no stated order. Throws as `point` does, and for points that are not those that were written. */
  points(shard: string, options?: PointsOptions): Iterable<StoredPoint>;
  /** The row of one point; `undefined`: there is none. Throws `corrupt` for one that is damaged. */
  point(shard: string, id: PointId): PointRow | undefined;
  /**
   * Rows of points in an order that stays, those behind `after` (`undefined`: from the first one on), at most `limit`; fewer: there are no
   * more. Throws as `point` does.
   */
  pointPage(shard: string, after: PointId | undefined, limit: number): PointRow[];
  /** Looks at the row of every point. Returns how many there are. Throws `corrupt` where one is damaged, or they are not those that were written. */
  verifyPoints(shard: string): number;
  /** A key for a payload of a shard: ascending, and never given twice, also not over restarts. */
  newPayloadKey(shard: string): number;
  /** The payload of this key; `undefined`: there is none. Throws `corrupt` for one that is damaged. */
  payload(shard: string, key: number): Uint8Array | undefined;
  /**
   * Position of the latest note that a payload was dropped, 0 for none: ascending. What was noted when the log is opened, nobody reads any
   * more.
   */
  lastDrop(): number;
  /** Part of a checkpoint; `undefined`: there is none of this number. */
  checkpointPart(shard: string, slot: CheckpointSlot, part: number): Uint8Array | undefined;
  /** Numbers of the parts that are there, ascending. */
  checkpointParts(shard: string, slot: CheckpointSlot): number[];
  /** How many operations of a shard are in the log. Counts them: not for every call. */
  operationCount(shard: string): number;
  setting(name: string): string | undefined;
  /**
   * Leaves nothing on the medium of what was deleted or written over, between transactions: writes all that there is anew. False: somebody still reads
   * of it as it was, and it is to be called again, with `isRewritten`. Throws `storage`, also where there is no room for that: then nothing is lost.
   */
  scrub(isRewritten: boolean): boolean;
  close(): void;
}
