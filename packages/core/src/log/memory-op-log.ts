import { assert, comparePointIds, type PointId } from "@murmuration/index";
import { isOrigin, isSequence } from "../causality/dot.js";
import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { type MemoryOperation, operationRow, readOperation } from "./memory-operations.js";
import { MemoryPayloads } from "./memory-payloads.js";
import type {
  CheckpointSlot,
  KeptOperations,
  KeyedPayload,
  LogEntry,
  LogWriter,
  OpLog,
  PayloadInOperation,
  PointRow,
  PointsOptions,
  ReadOptions,
  StoredPoint,
} from "./op-log.js";
import { pointIdToKey } from "./point-key.js";
import { arePointRows, noPointRows, type PointRows, withoutPointRow, withPointRow } from "./point-rows.js";
import { pointChecksum } from "./row-checksums.js";

/** A row of points: the payload stands under its key. */
interface MemoryPoint {
  readonly state: Uint8Array;
  readonly payloadKey: number;
}

const checksumOf = (id: PointId, { state, payloadKey }: MemoryPoint) =>
  pointChecksum(0, pointIdToKey(id), state, payloadKey);

type Parts = ReadonlyMap<number, Uint8Array>;

const noParts: Parts = new Map();

interface ShardContents {
  /** Origin → its entries, by sequence. */
  readonly origins: Map<number, MemoryOperation[]>;
  readonly frontier: Map<number, number>;
  readonly points: Map<PointId, MemoryPoint>;
  /** What they were written to be. */
  rows: PointRows;
  readonly checkpoints: Map<CheckpointSlot, Parts>;
}

/** A log that lives as long as its object. For tests and for replicas that may forget. */
export class MemoryOpLog implements OpLog {
  #entries: MemoryOperation[] = [];
  #shards = new Map<string, ShardContents>();
  #settings = new Map<string, string>();
  #lastPosition = 0;
  readonly #payloads = new MemoryPayloads();
  /** How to take back what the running transaction has written, newest last. */
  #undo: (() => void)[] | undefined;

  transaction<T>(body: (writer: LogWriter) => T): T {
    assert(this.#undo === undefined, "transactions do not nest");
    const undo: (() => void)[] = [];
    this.#undo = undo;
    try {
      const result = body(this.#writer(undo));
      assert(!(result instanceof Promise), "a transaction is synchronous");
      return result;
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  sync(): void {
    // nothing here outlives the object
  }

  *read(after: number, options: ReadOptions = {}): Iterable<LogEntry> {
    const { shard, limit = Number.POSITIVE_INFINITY } = options;
    let position = after;
    for (let count = 0; count < limit; ) {
      const entry = this.#entries[this.#indexBehind(position)];
      if (entry === undefined) return;
      position = entry.position;
      if (shard !== undefined && entry.shard !== shard) continue;
      count += 1;
      const read = readOperation(this.#payloads, entry, options);
      if (read !== undefined) yield read;
    }
  }

  *readOrigin(
    shard: string,
    origin: number,
    afterSequence: number,
    limit: number,
    options: Pick<ReadOptions, "leavesPayloadsOut"> = {},
  ): Iterable<LogEntry> {
    const entries = this.#shards.get(shard)?.origins.get(origin) ?? [];
    for (const entry of entries.filter(({ sequence }) => sequence > afterSequence).slice(0, limit)) {
      const read = readOperation(this.#payloads, entry, options);
      if (read !== undefined) yield read;
    }
  }

  frontier(shard: string): VersionVector {
    return new Map(this.#shards.get(shard)?.frontier);
  }

  shards(): string[] {
    return [...this.#shards.keys()].sort();
  }

  lastPosition(): number {
    return this.#lastPosition;
  }

  *points(shard: string, options: PointsOptions = {}): Iterable<StoredPoint> {
    const { points = [], rows = noPointRows } = this.#shards.get(shard) ?? {};
    let found = noPointRows;
    for (const [id, point] of points) {
      found = withPointRow(found, checksumOf(id, point));
      yield this.#storedPoint(shard, id, point, options);
    }
    if (!arePointRows(found, rows)) refuseMessage(`points of shard ${shard} are lost, or are what they once were`);
  }

  point(shard: string, id: PointId): PointRow | undefined {
    const point = this.#shards.get(shard)?.points.get(id);
    return point && { id, ...point };
  }

  pointPage(shard: string, after: PointId | undefined, limit: number): PointRow[] {
    const { points = [] } = this.#shards.get(shard) ?? {};
    const rows = Array.from(points, ([id, point]) => ({ id, ...point }));
    // no other page is asked for
    if (after === undefined && rows.length < limit) return rows;
    return rows
      .filter(({ id }) => after === undefined || comparePointIds(id, after) > 0)
      .sort((a, b) => comparePointIds(a.id, b.id))
      .slice(0, limit);
  }

  verifyPoints(shard: string): number {
    const { points = [], rows = noPointRows } = this.#shards.get(shard) ?? {};
    let found = noPointRows;
    let count = 0;
    for (const [id, point] of points) {
      found = withPointRow(found, checksumOf(id, point));
      count++;
    }
    if (!arePointRows(found, rows)) refuseMessage(`points of shard ${shard} are lost, or are what they once were`);
    return count;
  }

  /** The rows of points as they stand, damaged or not, those without their payload left out. For the simulator. */
  storedRows(shard: string): ReadonlyMap<PointId, StoredPoint> {
    const rows = new Map<PointId, StoredPoint>();
    for (const [id, { state, payloadKey }] of this.#shards.get(shard)?.points ?? []) {
      const bytes = this.#payloads.stored(shard, payloadKey);
      if (payloadKey === 0) rows.set(id, { id, state });
      else if (bytes !== undefined) rows.set(id, { id, state, payload: { key: payloadKey, bytes } });
    }
    return rows;
  }

  /** Make a row of points another one, or none, as a damaged disk does: nothing else of the log knows. For the simulator. */
  damagePoint(shard: string, id: PointId, point: StoredPoint | undefined): void {
    const points = this.#shards.get(shard)?.points;
    if (point === undefined) points?.delete(id);
    else points?.set(id, { state: point.state, payloadKey: point.payload?.key ?? 0 });
  }

  /** The same for what stands under the key of a payload. For the simulator. */
  damagePayload(shard: string, key: number, bytes: Uint8Array | undefined): void {
    this.#payloads.damage(shard, key, bytes);
  }

  newPayloadKey(shard: string): number {
    return this.#payloads.newKey(shard);
  }

  payload(shard: string, key: number): Uint8Array | undefined {
    return this.#payloads.read(shard, key);
  }

  lastDrop(): number {
    return this.#payloads.lastDrop;
  }

  checkpointPart(shard: string, slot: CheckpointSlot, part: number): Uint8Array | undefined {
    return this.#shards.get(shard)?.checkpoints.get(slot)?.get(part);
  }

  checkpointParts(shard: string, slot: CheckpointSlot): number[] {
    return [...(this.#shards.get(shard)?.checkpoints.get(slot)?.keys() ?? [])].sort((a, b) => a - b);
  }

  operationCount(shard: string): number {
    return [...(this.#shards.get(shard)?.origins.values() ?? [])].reduce((sum, { length }) => sum + length, 0);
  }

  scrub(): boolean {
    return true;
  }

  setting(name: string): string | undefined {
    return this.#settings.get(name);
  }

  close(): void {}

  #writer(undo: (() => void)[]): LogWriter {
    const write = (undoStep: () => void) => {
      assert(this.#undo === undo, "the transaction is over");
      undo.push(undoStep);
    };
    return {
      append: (shard, origin, sequence, bytes, payload) =>
        this.#append(write, { shard, origin, sequence, bytes }, payload),
      putPoint: (shard, id, state, payload) => this.#putPoint(write, shard, id, state.slice(), payload),
      deletePoint: (shard, id) => this.#putPoint(write, shard, id, undefined),
      dropPoints: (shard) => {
        for (const id of [...(this.#shards.get(shard)?.points.keys() ?? [])])
          this.#putPoint(write, shard, id, undefined);
      },
      mendFrontier: (shard, frontier) => {
        const contents = this.#contents(write, shard);
        const before = new Map(contents.frontier);
        const put = (entries: VersionVector) => {
          contents.frontier.clear();
          for (const [origin, sequence] of entries) contents.frontier.set(origin, sequence);
        };
        write(() => put(before));
        put(new Map(frontier));
      },
      mendPayload: (shard, { key, bytes }) => this.#payloads.put(write, shard, key, bytes.slice()),
      deleteDropped: (upTo, limit) => this.#payloads.deleteDropped(write, upTo, limit),
      dropShard: (shard) => this.#dropShard(write, shard),
      dropOperations: (shard, through, upTo, kept) => this.#dropOperations(write, shard, through, upTo, kept),
      restartShard: (shard, frontier) => this.#restartShard(write, shard, frontier),
      putCheckpointPart: (shard, slot, part, bytes) => {
        const parts = this.#shards.get(shard)?.checkpoints.get(slot) ?? noParts;
        this.#putCheckpoint(write, shard, slot, new Map([...parts, [part, bytes.slice()]]));
      },
      dropCheckpoint: (shard, slot) => {
        if (this.#shards.has(shard)) this.#putCheckpoint(write, shard, slot, noParts);
      },
      promoteCheckpoint: (shard) => {
        this.#putCheckpoint(write, shard, "current", this.#shards.get(shard)?.checkpoints.get("incoming") ?? noParts);
        this.#putCheckpoint(write, shard, "incoming", noParts);
      },
      putSetting: (name, value) => {
        const before = this.#settings.get(name);
        write(() => (before === undefined ? this.#settings.delete(name) : this.#settings.set(name, before)));
        this.#settings.set(name, value);
      },
    };
  }

  #append(
    write: (undo: () => void) => void,
    operation: Omit<LogEntry, "position">,
    payload: PayloadInOperation | undefined,
  ): number {
    const { shard, origin, sequence } = operation;
    assert(isOrigin(origin) && isSequence(sequence), "the log holds operations with a dot");
    const contents = this.#contents(write, shard);
    const last = sequenceOf(contents.frontier, origin);
    assert(sequence === last + 1, `the next operation of ${origin} in ${shard} is ${last + 1}, not ${sequence}`);
    const position = this.#lastPosition + 1;
    const entry = operationRow({ ...operation, position }, payload);
    if (payload !== undefined) this.#payloads.share(write, shard, payload.key);
    const ofOrigin = contents.origins.get(origin) ?? [];
    write(() => {
      this.#entries.pop();
      ofOrigin.pop();
      this.#lastPosition = position - 1;
      if (last === 0) contents.frontier.delete(origin);
      else contents.frontier.set(origin, last);
    });
    contents.origins.set(origin, ofOrigin);
    ofOrigin.push(entry);
    this.#entries.push(entry);
    this.#lastPosition = position;
    contents.frontier.set(origin, sequence);
    return position;
  }

  #storedPoint(
    shard: string,
    id: PointId,
    { state, payloadKey: key }: MemoryPoint,
    { onLostPayload }: PointsOptions,
  ): StoredPoint {
    if (key === 0) return { id, state };
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#payloads.read(shard, key);
      if (bytes === undefined) return refuseMessage(`the payload of point ${id} of shard ${shard} is lost`);
    } catch (error) {
      if (onLostPayload === undefined) throw error;
      onLostPayload(id, key);
      return { id, state };
    }
    return { id, state, payload: { key, bytes } };
  }

  #putPoint(
    write: (undo: () => void) => void,
    shard: string,
    id: PointId,
    state: Uint8Array | undefined,
    payload?: KeyedPayload,
  ): void {
    if (state === undefined && !this.#shards.has(shard)) return;
    const after = state === undefined ? undefined : { state, payloadKey: payload?.key ?? 0 };
    const contents = this.#contents(write, shard);
    const { points, rows } = contents;
    const before = points.get(id);
    write(() => {
      contents.rows = rows;
      if (before === undefined) points.delete(id);
      else points.set(id, before);
    });
    const rest = before === undefined ? rows : withoutPointRow(rows, checksumOf(id, before));
    contents.rows = after === undefined ? rest : withPointRow(rest, checksumOf(id, after));
    if (after === undefined) points.delete(id);
    else points.set(id, after);
    const had = before?.payloadKey ?? 0;
    const has = after?.payloadKey ?? 0;
    if (had === has) return;
    if (had !== 0) this.#payloads.drop(write, shard, had);
    if (payload !== undefined) this.#payloads.put(write, shard, has, payload.bytes().slice());
  }

  #dropShard(write: (undo: () => void) => void, shard: string): void {
    const entries = this.#entries;
    const shards = this.#shards;
    this.#dropPayloadsOf(
      write,
      entries.filter((entry) => entry.shard === shard),
    );
    for (const { payloadKey } of shards.get(shard)?.points.values() ?? []) {
      if (payloadKey !== 0) this.#payloads.drop(write, shard, payloadKey);
    }
    write(() => {
      this.#entries = entries;
      this.#shards = shards;
    });
    this.#entries = entries.filter((entry) => entry.shard !== shard);
    this.#shards = new Map(shards);
    this.#shards.delete(shard);
  }

  #dropOperations(
    write: (undo: () => void) => void,
    shard: string,
    through: number,
    upTo: VersionVector,
    kept: KeptOperations,
  ): number {
    const contents = this.#shards.get(shard);
    const isDropped = (entry: MemoryOperation) =>
      entry.shard === shard &&
      entry.position <= through &&
      entry.sequence <= sequenceOf(upTo, entry.origin) &&
      kept.get(entry.origin)?.has(entry.sequence) !== true;
    const entries = this.#entries;
    const origins = new Map(contents?.origins);
    write(() => {
      this.#entries = entries;
      for (const [origin, before] of origins) contents?.origins.set(origin, before);
    });
    this.#entries = entries.filter((entry) => !isDropped(entry));
    this.#dropPayloadsOf(write, entries.filter(isDropped));
    for (const [origin, before] of origins) {
      contents?.origins.set(
        origin,
        before.filter((entry) => !isDropped(entry)),
      );
    }
    return entries.length - this.#entries.length;
  }

  #dropPayloadsOf(write: (undo: () => void) => void, operations: readonly MemoryOperation[]): void {
    for (const { shard, payload } of operations) {
      if (payload !== undefined) this.#payloads.dropOfOperation(write, shard, payload.key);
    }
  }

  #restartShard(write: (undo: () => void) => void, shard: string, frontier: VersionVector): number {
    const checkpoints = new Map(this.#shards.get(shard)?.checkpoints);
    this.#dropShard(write, shard);
    const position = this.#lastPosition + 1;
    write(() => {
      this.#lastPosition = position - 1;
    });
    this.#lastPosition = position;
    this.#shards.set(shard, {
      origins: new Map(),
      frontier: new Map(frontier),
      points: new Map(),
      rows: noPointRows,
      checkpoints,
    });
    return position;
  }

  #putCheckpoint(write: (undo: () => void) => void, shard: string, slot: CheckpointSlot, parts: Parts): void {
    const { checkpoints } = this.#contents(write, shard);
    const before = checkpoints.get(slot) ?? noParts;
    write(() => checkpoints.set(slot, before));
    checkpoints.set(slot, parts);
  }

  #contents(write: (undo: () => void) => void, shard: string): ShardContents {
    const existing = this.#shards.get(shard);
    if (existing !== undefined) return existing;
    const made: ShardContents = {
      origins: new Map(),
      frontier: new Map(),
      points: new Map(),
      rows: noPointRows,
      checkpoints: new Map(),
    };
    write(() => this.#shards.delete(shard));
    this.#shards.set(shard, made);
    return made;
  }

  /** Index of the first entry behind a position. */
  #indexBehind(position: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as LogEntry).position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
