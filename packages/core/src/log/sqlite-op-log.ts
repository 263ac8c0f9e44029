import { crc32 } from "node:zlib";
import { assert, MurmurationError, type PointId } from "@murmuration/index";
import type Database from "better-sqlite3";
import type { VersionVector } from "../causality/version-vector.js";
import { limits } from "../limits.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { mendShardKeys } from "./mend-shard-keys.js";
import type {
  CheckpointSlot,
  LogEntry,
  LogWriter,
  OpLog,
  PointRow,
  PointsOptions,
  ReadOptions,
  StoredPoint,
  TransactionOptions,
} from "./op-log.js";
import { pointIdToKey } from "./point-key.js";
import { noPointRows } from "./point-rows.js";
import { bringPointsOver } from "./sqlite-bring-over.js";
import { openDatabase, pageBytesOf, scrubDatabase, setPragmas } from "./sqlite-connection.js";
import { damagedRows } from "./sqlite-damage.js";
import { storageError, withStorageErrors } from "./sqlite-error.js";
import { type Heads, readHeads } from "./sqlite-heads.js";
import { finishTransaction, sqliteLogWriter, type Transaction } from "./sqlite-log-writer.js";
import { entryOfRow, formOf } from "./sqlite-operations.js";
import { Drops, readPayload } from "./sqlite-payloads.js";
import { intactRow, plainBytes, readPoints, verifyPoints } from "./sqlite-points.js";
import { openSchema, rowFormsOf } from "./sqlite-schema.js";
import { readSetting, SYNCED } from "./sqlite-settings.js";
import { type OperationRow, type ReadStatements, readStatements } from "./sqlite-statements.js";
import { type WriteStatements, writeStatements } from "./sqlite-write-statements.js";

/** What `pagesMax` counts, whatever the pages of the file are. */
const BOUND_PAGE_BYTES = 4096;

/** How to open the file of a log. */
export interface SqliteOpLogOptions {
  /** For a second connection that reads while another writes. */
  readonly readOnly?: boolean;
  /** Bound on the file, in pages of 4 KiB: a write beyond it fails as a full disk does. */
  readonly pagesMax?: number;
  /** Of its pages, 32 bytes (`unlockPages`); without it they are not encrypted. A copy is encrypted with the same. */
  readonly key?: Uint8Array | undefined;
  /** Told of how many points an older log has, and how many of them have been brought to the present form. */
  readonly onBroughtOver?: (done: number, points: number) => void;
}

/** The log in one SQLite file, in WAL mode and flushed at every commit that is not lazy. One writing connection, any number of reading ones. */
export class SqliteOpLog implements OpLog {
  readonly #file: string;
  readonly #database: Database.Database;
  readonly #reads: ReadStatements;
  readonly #writes: WriteStatements | undefined;
  #heads: Heads | undefined;
  #headsVersion = -1;
  #transaction: Transaction | undefined;
  #commitsLazily = false;
  /** Has something been committed and not flushed? */
  #isBehind = false;
  /** What `lastDrop` was after the last commit: notes may all be gone, and none gets the position of one before. */
  #lastDrop = 0;
  /** The last key of a payload that was given, by shard. It is not taken back with a transaction. */
  readonly #lastKeys = new Map<string, number>();

  /** Opens the file and makes it if it is not there. Throws `storage`, or `corrupt` when it is not a log that this version reads. */
  constructor(file: string, options: SqliteOpLogOptions = {}) {
    const { readOnly = false, pagesMax, key, onBroughtOver } = options;
    this.#file = file;
    this.#database = openDatabase(file, readOnly, key);
    try {
      withStorageErrors(file, () => {
        setPragmas(this.#database, readOnly);
        openSchema(this.#database, file, readOnly);
        if (!readOnly) bringPointsOver(this.#database, onBroughtOver);
        if (!readOnly) mendShardKeys(this.#database);
      });
      this.#reads = withStorageErrors(file, () => readStatements(this.#database, rowFormsOf(this.#database)));
      this.#writes = readOnly ? undefined : withStorageErrors(file, () => writeStatements(this.#database));
      if (pagesMax !== undefined) this.limitPages(pagesMax);
      this.#currentHeads();
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Moves the bound on the file; it cannot go below what the file has. */
  limitPages(pagesMax: number): void {
    const pages = Math.trunc((pagesMax * BOUND_PAGE_BYTES) / pageBytesOf(this.#database));
    withStorageErrors(this.#file, () => this.#database.pragma(`max_page_count = ${pages}`));
  }

  transaction<T>(body: (writer: LogWriter) => T, { isLazy = false }: TransactionOptions = {}): T {
    assert(this.#transaction === undefined, "transactions do not nest");
    const writes = this.#writes;
    if (writes === undefined) throw new MurmurationError("storage", `${this.#file} is open for reading only`);
    try {
      if (isLazy !== this.#commitsLazily) {
        (isLazy ? writes.commitLazily : writes.flushCommits).run();
        this.#commitsLazily = isLazy;
      }
      writes.begin.run();
      const transaction: Transaction = {
        heads: this.#currentHeads(),
        advanced: new Map(),
        summed: new Set(),
        drops: new Drops(writes),
        dropped: new Set(),
        isSetting: false,
      };
      this.#transaction = transaction;
      const result = body(sqliteLogWriter(writes, transaction, () => this.#transaction === transaction));
      assert(!(result instanceof Promise), "a transaction is synchronous");
      finishTransaction(writes, transaction);
      writes.commit.run();
      // a flush covers the whole of the write-ahead log
      this.#isBehind = isLazy;
      this.#lastDrop = transaction.heads.lastDrop;
      for (const shard of transaction.dropped) this.#lastKeys.delete(shard);
      return result;
    } catch (error) {
      this.#heads = undefined;
      // SQLite takes some transactions back by itself, those that ran out of disk for one.
      if (this.#database.inTransaction) withStorageErrors(this.#file, () => writes.rollback.run());
      throw storageError(error, this.#file);
    } finally {
      this.#transaction = undefined;
    }
  }

  sync(): void {
    if (this.#isBehind) this.transaction((writer) => writer.putSetting(SYNCED, String(this.lastPosition())));
  }

  *read(after: number, options: ReadOptions = {}): Iterable<LogEntry> {
    const { shard, limit = Number.MAX_SAFE_INTEGER } = options;
    const { all, ofShard } = this.#reads;
    const form = formOf(options);
    const page = (position: number, rows: number) =>
      shard === undefined ? all[form].all(position, rows) : ofShard[form].all(shard, position, rows);
    yield* this.#pages(limit, after, page, options);
  }

  *readOrigin(
    shard: string,
    origin: number,
    afterSequence: number,
    limit: number,
    options: Pick<ReadOptions, "leavesPayloadsOut"> = {},
  ): Iterable<LogEntry> {
    let after = afterSequence;
    const statement = this.#reads.ofOrigin[formOf(options)];
    const page = (_: number, rows: number) => {
      const found = statement.all(shard, origin, after, rows);
      after = found.at(-1)?.sequence ?? after;
      return found;
    };
    yield* this.#pages(limit, 0, page, options);
  }

  frontier(shard: string): VersionVector {
    return new Map(this.#currentHeads().shards.get(shard)?.frontier);
  }

  shards(): string[] {
    return [...this.#currentHeads().shards.keys()].sort();
  }

  lastPosition(): number {
    return this.#currentHeads().lastPosition;
  }

  points(shard: string, options?: PointsOptions): Iterable<StoredPoint> {
    const head = this.#currentHeads().shards.get(shard);
    const rows = head === undefined ? noPointRows : head.rows;
    return readPoints(this.#file, this.#reads, shard, rows, options);
  }

  point(shard: string, id: PointId): PointRow | undefined {
    const key = this.#keyOf(shard);
    if (key === undefined) return undefined;
    const row = withStorageErrors(this.#file, () => this.#reads.point.get(key, pointIdToKey(id)));
    return row && intactRow(this.#file, shard, row);
  }

  pointPage(shard: string, after: PointId | undefined, limit: number): PointRow[] {
    const key = this.#keyOf(shard);
    if (key === undefined) return [];
    const from = after === undefined ? new Uint8Array(0) : pointIdToKey(after);
    const rows = withStorageErrors(this.#file, () => this.#reads.pointPage.all(key, from, limit));
    return rows.map((row) => intactRow(this.#file, shard, row));
  }

  verifyPoints(shard: string): number {
    const head = this.#currentHeads().shards.get(shard);
    return head === undefined ? 0 : verifyPoints(this.#file, this.#reads, shard, head.key, head.rows);
  }

  newPayloadKey(shard: string): number {
    const floor = this.#currentHeads().shards.get(shard)?.payloadFloor ?? 0;
    const key = (this.#lastKeys.get(shard) ?? floor) + 1;
    if (key > limits.payloadKeyMax) throw new MurmurationError("capacity", `no key is left for payloads of ${shard}`);
    this.#lastKeys.set(shard, key);
    return key;
  }

  payload(shard: string, key: number): Uint8Array | undefined {
    const ofShard = this.#keyOf(shard);
    if (ofShard === undefined) return undefined;
    const bytes = withStorageErrors(this.#file, () => readPayload(this.#file, this.#reads, ofShard, key));
    return bytes === undefined ? undefined : plainBytes(bytes);
  }

  lastDrop(): number {
    return this.#currentHeads().lastDrop;
  }

  checkpointPart(shard: string, slot: CheckpointSlot, part: number): Uint8Array | undefined {
    const row = withStorageErrors(this.#file, () => this.#reads.checkpointPart.get(shard, slot, part));
    if (row === undefined) return undefined;
    const bytes = plainBytes(row.bytes);
    if (crc32(bytes) === row.checksum) return bytes;
    return refuseMessage(
      `${this.#file}: part ${part} of the checkpoint of shard ${shard} is damaged: the checksum does not match`,
    );
  }

  checkpointParts(shard: string, slot: CheckpointSlot): number[] {
    return withStorageErrors(this.#file, () => this.#reads.checkpointParts.all(shard, slot));
  }

  operationCount(shard: string): number {
    return withStorageErrors(this.#file, () => this.#reads.operationCount.get(shard)) ?? 0;
  }

  setting(name: string): string | undefined {
    const value = withStorageErrors(this.#file, () => readSetting(this.#file, this.#reads, name));
    const shard = /^causality\.(.*)$/s.exec(name)?.[1];
    if (value !== undefined || shard === undefined) return value;
    const { shards, isNameLost } = this.#currentHeads();
    if (!isNameLost || (shards.get(shard)?.frontier.size ?? 0) > 0) return undefined;
    return refuseMessage(`${this.#file}: a row of table shards is damaged, and may be that of shard ${shard}`);
  }

  scrub(isRewritten: boolean): boolean {
    assert(this.#transaction === undefined, "a log is scrubbed between transactions");
    return withStorageErrors(this.#file, () => scrubDatabase(this.#database, isRewritten));
  }

  /** Every row that is not what was written, as one line each; those too that are made again from others when they are read. */
  damagedRows(): string[] {
    return withStorageErrors(this.#file, () => damagedRows(this, this.#reads, this.#database));
  }

  /**
   * Writes what is committed now into a file of its own that opens as a log, while another connection goes on writing. The file must not
   * exist. It is not flushed, and stays there in part when this throws (`storage`, a full disk for one, or `corrupt`).
   */
  copyTo(file: string): void {
    withStorageErrors(file, () => this.#database.prepare("VACUUM INTO ?").run(file));
  }

  close(): void {
    withStorageErrors(this.#file, () => this.#database.close());
  }

  /** No statement stays open between two pages, so that the caller may write. */
  *#pages(
    limit: number,
    after: number,
    page: (after: number, rows: number) => OperationRow[],
    options: ReadOptions,
  ): Iterable<LogEntry> {
    const { onDamaged } = options;
    let left = limit;
    let position = after;
    while (left > 0) {
      const rowsAsked = Math.min(left, limits.logPageRows);
      const rows = withStorageErrors(this.#file, () => page(position, rowsAsked));
      for (const row of rows) {
        const entry = entryOfRow(this.#file, this.#reads.forms, row, options);
        if (!(entry instanceof MurmurationError)) yield entry;
        else if (onDamaged === undefined) throw entry;
        else onDamaged(row, entry);
      }
      if (rows.length < rowsAsked) return;
      left -= rows.length;
      position = (rows.at(-1) as OperationRow).position;
    }
  }

  /** The key of a shard. Whoever writes need not ask whether another connection has: no key is given to another shard. */
  #keyOf(shard: string): number | undefined {
    const known = this.#writes === undefined ? undefined : this.#heads?.shards.get(shard);
    return (known ?? this.#currentHeads().shards.get(shard))?.key;
  }

  #currentHeads(): Heads {
    if (this.#transaction !== undefined) return this.#transaction.heads;
    return withStorageErrors(this.#file, () => {
      const version = this.#reads.dataVersion.get() ?? 0;
      if (this.#heads === undefined || version !== this.#headsVersion) {
        this.#heads = readHeads(this.#file, this.#reads, this.#writes === undefined);
        this.#heads.lastDrop = Math.max(this.#heads.lastDrop, this.#lastDrop);
        this.#headsVersion = version;
      }
      return this.#heads;
    });
  }
}
