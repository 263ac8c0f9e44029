import {
  type CheckpointSlot,
  type Dot,
  type LogEntry,
  type LogWriter,
  MemoryOpLog,
  type OpLog,
  type PointRow,
  type ReadOptions,
  type StoredPoint,
  type TransactionOptions,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError, type PointId } from "@murmuration/index";

/** The process that uses the disk ends here. */
export class CrashSignal extends Error {}

function damaged({ position }: LogEntry): MurmurationError {
  return new MurmurationError("corrupt", `row ${position} is damaged`);
}

type Call = (writer: LogWriter, log: MemoryOpLog) => void;

/**
 * A disk that keeps an operation log through crashes: what a transaction committed stays, what it had not committed is gone. It can be
 * full, stop its process at any write, let bits rot, and be put back to an earlier state.
 */
export class SimulatedDisk implements OpLog {
  #log = new MemoryOpLog();
  /** Committed transactions, for copies of earlier states. */
  #history: Call[][];
  /** How many of them a machine that dies does not forget. */
  #synced = 0;
  /** Every commit fails. */
  isFull = false;
  /** Writes until the process crashes in one; `undefined`: never. */
  writesToCrash: number | undefined;
  /** Position of a row whose bits have rotted. */
  rotten: number | undefined;
  /** Part of a shard's current checkpoint whose bits have rotted, until another checkpoint takes its place. */
  rottenPart: number | undefined;
  /** Settings or frontiers are damaged, and no process has started on them yet. */
  hasDamagedRecords = false;
  /** Payloads are damaged, or were. */
  hasDamagedPayloads = false;
  /** Rows that compaction has dropped, for a checker to take. */
  dropped: (Dot & { readonly shard: string })[] = [];
  /** Does it keep what was deleted, as a medium does until it is scrubbed? */
  keepsRemains = false;
  #remains: Uint8Array[] = [];
  #running: Call[] | undefined;

  constructor(history: readonly Call[][] = []) {
    this.#history = [...history];
    for (const calls of this.#history) this.#replay(calls);
    this.#synced = this.#history.length;
  }

  /** Is there anything on it for which a process may refuse to start? */
  get isRotten(): boolean {
    return this.rotten !== undefined || this.rottenPart !== undefined || this.hasDamagedRecords;
  }

  /** How many transactions it holds: names a state of it. */
  get transactions(): number {
    return this.#history.length;
  }

  /** A disk as this one was after so many transactions. */
  copyAt(transactions: number): SimulatedDisk {
    return new SimulatedDisk(this.#history.slice(0, transactions));
  }

  /** The rows of points as they stand, damaged or not, with their payloads. */
  rows(shard: string): ReadonlyMap<PointId, StoredPoint> {
    return this.#log.storedRows(shard);
  }

  /**
   * Rows of points are lost, or are what they once were. `isMissed`: the log can tell by what its rows add up to; else it cannot, as one that
   * was damaged before it kept that.
   */
  damage(shard: string, rows: ReadonlyMap<PointId, StoredPoint | undefined>, isMissed: boolean): void {
    const calls = Array.from(rows, ([id, point]): Call => {
      if (isMissed) return (_, log) => log.damagePoint(shard, id, point);
      if (point === undefined) return (writer) => writer.deletePoint(shard, id);
      const { state, payload } = point;
      // under a key of its own: that of then may be given up at any time
      return (writer, log) =>
        writer.putPoint(shard, id, state, payload && { key: log.newPayloadKey(shard), bytes: () => payload.bytes });
    });
    this.#put(calls);
  }

  /** What stands under the key of a payload is not what was written, or nothing. */
  damagePayload(shard: string, key: number, bytes: Uint8Array | undefined): void {
    this.hasDamagedPayloads = true;
    this.#put([(_, log) => log.damagePayload(shard, key, bytes)]);
  }

  /** A setting, or the frontier that a shard has, is not what was written. */
  damageSetting(name: string, text: string): void {
    this.hasDamagedRecords = true;
    this.#put([(writer) => writer.putSetting(name, text)]);
  }

  damageFrontier(shard: string, frontier: VersionVector): void {
    this.hasDamagedRecords = true;
    this.#put([(writer) => writer.mendFrontier(shard, frontier)]);
  }

  /** Durable at once, and no process knows. */
  #put(calls: Call[]): void {
    this.#replay(calls);
    this.#history.push(calls);
    this.#synced = this.#history.length;
  }

  /** The machine dies: what was committed lazily and not flushed since is gone. */
  losePower(): void {
    if (this.#synced === this.#history.length) return;
    this.#history = this.#history.slice(0, this.#synced);
    this.#log = new MemoryOpLog();
    for (const calls of this.#history) this.#replay(calls);
  }

  /** Would a machine that dies now forget something that was committed? */
  get isBehind(): boolean {
    return this.#synced !== this.#history.length;
  }

  sync(): void {
    if (this.#synced === this.#history.length) return;
    this.#mayCrash();
    if (this.isFull) throw new MurmurationError("storage", "the disk is full");
    this.#synced = this.#history.length;
  }

  transaction<T>(body: (writer: LogWriter) => T, { isLazy = false }: TransactionOptions = {}): T {
    const calls: Call[] = [];
    this.#running = calls;
    const { rottenPart, dropped } = this;
    const droppedBefore = [...dropped];
    try {
      const result = this.#log.transaction((writer) => {
        const value = body(this.#recording(writer));
        this.#mayCrash();
        if (this.isFull) throw new MurmurationError("storage", "the disk is full");
        return value;
      });
      this.#history.push(calls);
      if (!isLazy) this.#synced = this.#history.length;
      return result;
    } catch (error) {
      this.rottenPart = rottenPart;
      this.dropped = droppedBefore;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  *read(after: number, options?: ReadOptions): Iterable<LogEntry> {
    for (const entry of this.#log.read(after, options)) {
      if (entry.position === this.rotten && options?.onDamaged !== undefined) options.onDamaged(entry, damaged(entry));
      else yield this.#checked(entry);
    }
  }

  *readOrigin(...of: Parameters<OpLog["readOrigin"]>): Iterable<LogEntry> {
    for (const entry of this.#log.readOrigin(...of)) yield this.#checked(entry);
  }

  frontier(shard: string): VersionVector {
    return this.#log.frontier(shard);
  }

  shards(): string[] {
    return this.#log.shards();
  }

  lastPosition(): number {
    return this.#log.lastPosition();
  }

  points(...of: Parameters<OpLog["points"]>): Iterable<StoredPoint> {
    return this.#log.points(...of);
  }

  point(shard: string, id: PointId): PointRow | undefined {
    return this.#log.point(shard, id);
  }

  pointPage(shard: string, after: PointId | undefined, limit: number): PointRow[] {
    return this.#log.pointPage(shard, after, limit);
  }

  verifyPoints(shard: string): number {
    return this.#log.verifyPoints(shard);
  }

  newPayloadKey(shard: string): number {
    return this.#log.newPayloadKey(shard);
  }

  payload(shard: string, key: number): Uint8Array | undefined {
    return this.#log.payload(shard, key);
  }

  lastDrop(): number {
    return this.#log.lastDrop();
  }

  checkpointPart(shard: string, slot: CheckpointSlot, part: number): Uint8Array | undefined {
    if (slot === "current" && part === this.rottenPart)
      throw new MurmurationError("corrupt", `part ${part} of the checkpoint is damaged`);
    return this.#log.checkpointPart(shard, slot, part);
  }

  checkpointParts(shard: string, slot: CheckpointSlot): number[] {
    return this.#log.checkpointParts(shard, slot);
  }

  operationCount(shard: string): number {
    return this.#log.operationCount(shard);
  }

  setting(name: string): string | undefined {
    return this.#log.setting(name);
  }

  scrub(): boolean {
    this.#mayCrash();
    if (this.isFull) throw new MurmurationError("storage", "the disk is full");
    this.#remains = [];
    return true;
  }

  /** All bytes that are on it: what the log has, and what was written since it was last scrubbed, whether or not it was deleted since. */
  *bytes(): Generator<Uint8Array, void, void> {
    const log = this.#log;
    for (const { bytes } of log.read(0)) yield bytes;
    for (const shard of log.shards()) {
      for (const { state, payload } of log.storedRows(shard).values()) {
        yield state;
        if (payload !== undefined) yield payload.bytes;
      }
      for (const slot of ["current", "incoming"] as const)
        for (const part of log.checkpointParts(shard, slot)) yield log.checkpointPart(shard, slot, part) as Uint8Array;
    }
    yield* this.#remains;
  }

  close(): void {
    // it stays what it is for the next process
  }

  #checked(entry: LogEntry): LogEntry {
    if (entry.position === this.rotten) throw damaged(entry);
    return entry;
  }

  #mayCrash(): void {
    if (this.writesToCrash === undefined) return;
    if (this.writesToCrash <= 0) {
      this.writesToCrash = undefined;
      throw new CrashSignal("the process was killed");
    }
    this.writesToCrash--;
  }

  #remain(bytes: Uint8Array): void {
    if (this.keepsRemains) this.#remains.push(bytes);
  }

  #replay(calls: readonly Call[]): void {
    this.#log.transaction((writer) => {
      for (const call of calls) call(writer, this.#log);
    });
  }

  #recording(writer: LogWriter): LogWriter {
    const note = (call: Call) => {
      this.#mayCrash();
      this.#running?.push(call);
    };
    return {
      append: (...operation) => {
        this.#remain(operation[3]);
        note((other) => void other.append(...operation));
        return writer.append(...operation);
      },
      putPoint: (shard, id, state, payload) => {
        this.#remain(state);
        note((other) => other.putPoint(shard, id, state, payload));
        writer.putPoint(shard, id, state, payload);
      },
      deletePoint: (shard, id) => {
        note((other) => other.deletePoint(shard, id));
        writer.deletePoint(shard, id);
      },
      dropPoints: (shard) => {
        note((other) => other.dropPoints(shard));
        writer.dropPoints(shard);
      },
      mendPayload: (shard, payload) => {
        note((other) => other.mendPayload(shard, payload));
        writer.mendPayload(shard, payload);
      },
      deleteDropped: (upTo, limit) => {
        note((other) => void other.deleteDropped(upTo, limit));
        return writer.deleteDropped(upTo, limit);
      },
      mendFrontier: (shard, frontier) => {
        const stood = new Map(frontier);
        note((other) => other.mendFrontier(shard, stood));
        writer.mendFrontier(shard, stood);
      },
      dropShard: (shard) => {
        note((other) => other.dropShard(shard));
        writer.dropShard(shard);
      },
      dropOperations: (shard, through, upTo, kept) => {
        // what the caller goes on with is not what it gave
        const stood = new Map(upTo);
        note((other) => void other.dropOperations(shard, through, stood, kept));
        const before = [...this.#log.read(0, { shard })];
        const count = writer.dropOperations(shard, through, stood, kept);
        const left = new Set(Array.from(this.#log.read(0, { shard }), ({ position }) => position));
        this.dropped.push(...before.filter(({ position }) => !left.has(position)));
        return count;
      },
      restartShard: (shard, frontier) => {
        note((other) => void other.restartShard(shard, frontier));
        this.rottenPart = undefined;
        return writer.restartShard(shard, frontier);
      },
      putCheckpointPart: (shard, slot, part, bytes) => {
        const copy = bytes.slice();
        this.#remain(copy);
        note((other) => other.putCheckpointPart(shard, slot, part, copy));
        writer.putCheckpointPart(shard, slot, part, copy);
      },
      dropCheckpoint: (shard, slot) => {
        note((other) => other.dropCheckpoint(shard, slot));
        if (slot === "current") this.rottenPart = undefined;
        writer.dropCheckpoint(shard, slot);
      },
      promoteCheckpoint: (shard) => {
        note((other) => other.promoteCheckpoint(shard));
        writer.promoteCheckpoint(shard);
      },
      putSetting: (name, value) => {
        note((other) => other.putSetting(name, value));
        writer.putSetting(name, value);
      },
    };
  }
}
