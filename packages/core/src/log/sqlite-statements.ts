import type Database from "better-sqlite3";

type Statement<Parameters extends unknown[], Row = unknown> = Database.Statement<Parameters, Row>;

export interface OperationRow {
  readonly position: number;
  readonly shard: string;
  /** The shard's key. */
  readonly key: number;
  readonly origin: number;
  readonly sequence: number;
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

/** An operation without its bytes. */
export interface PlacedDot {
  readonly position: number;
  readonly origin: number;
  readonly sequence: number;
}

export interface PartRow {
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

export interface FrontierRow {
  readonly shard: number;
  readonly origin: number;
  readonly sequence: number;
  readonly checksum: number | null;
}

export interface SettingRow {
  readonly name: string;
  readonly value: string;
  /** `null` in a log that has none. */
  readonly checksum: number | null;
}

export interface PointRow {
  readonly shard: number;
  /** `null` in a log that has none. */
  readonly checksum: number | null;
  readonly id: Uint8Array;
  readonly state: Uint8Array;
}

const COLUMNS = "position, shards.name AS shard, shards.key, origin, sequence, checksum, bytes";
const KEY_OF_SHARD = "(SELECT key FROM shards WHERE name = ?)";

/** Which rows of a log have checksums. Those of operations have always had them. */
export interface RowChecksums {
  /** Are those of operations over their place too? */
  readonly places: boolean;
  readonly points: boolean;
  /** Those of frontiers have them since the same version. */
  readonly settings: boolean;
}

export interface HeadRow {
  readonly shard: string;
  readonly key: number;
  /** `null` for a shard without operations. */
  readonly origin: number | null;
  readonly sequence: number | null;
  /** `null` for a shard without operations, and in a log that has none. */
  readonly checksum: number | null;
}

/** Every statement that reads. */
export interface ReadStatements {
  readonly checksums: RowChecksums;
  readonly all: Statement<[after: number, limit: number], OperationRow>;
  readonly ofShard: Statement<[shard: string, after: number, limit: number], OperationRow>;
  readonly ofOrigin: Statement<[shard: string, origin: number, after: number, limit: number], OperationRow>;
  readonly points: Statement<[shard: string, after: Uint8Array, limit: number], PointRow>;
  readonly heads: Statement<[], HeadRow>;
  /** Rows of shards whose name is not there. */
  readonly nameless: Statement<[], FrontierRow>;
  readonly lastPosition: Statement<[], number | null>;
  readonly checkpointPart: Statement<[shard: string, slot: string, part: number], PartRow>;
  readonly checkpointParts: Statement<[shard: string, slot: string], number>;
  readonly operationCount: Statement<[shard: string], number>;
  readonly setting: Statement<[name: string], SettingRow>;
  readonly settings: Statement<[], SettingRow>;
  /** Changes when another connection has written. */
  readonly dataVersion: Statement<[], number>;
}

/** Every statement that writes. */
export interface WriteStatements {
  /** A commit waits for the disk from here on; or it does not. */
  readonly flushCommits: Statement<[]>;
  readonly commitLazily: Statement<[]>;
  readonly begin: Statement<[]>;
  readonly commit: Statement<[]>;
  readonly rollback: Statement<[]>;
  readonly append: Statement<
    [position: number, shard: number, origin: number, sequence: number, checksum: number, bytes: Uint8Array]
  >;
  readonly putFrontier: Statement<[shard: number, origin: number, sequence: number, checksum: number]>;
  readonly putShard: Statement<[name: string]>;
  readonly putPoint: Statement<[shard: number, id: Uint8Array, state: Uint8Array, checksum: number]>;
  readonly deletePoint: Statement<[shard: number, id: Uint8Array]>;
  readonly dropOperations: Statement<[shard: number]>;
  readonly dotsBehind: Statement<
    [shard: number, origin: number, after: number, upTo: number, limit: number],
    PlacedDot
  >;
  readonly dropOperation: Statement<[position: number]>;
  readonly checkpointKey: Statement<[shard: number, slot: string], number>;
  readonly putCheckpoint: Statement<[shard: number, slot: string]>;
  readonly putPart: Statement<[checkpoint: number, part: number, checksum: number, bytes: Uint8Array]>;
  readonly dropParts: Statement<[checkpoint: number]>;
  readonly dropCheckpoint: Statement<[checkpoint: number]>;
  readonly promoteCheckpoint: Statement<[shard: number]>;
  readonly dropPoints: Statement<[shard: number]>;
  readonly dropFrontier: Statement<[shard: number]>;
  readonly dropShard: Statement<[shard: number]>;
  readonly putSetting: Statement<[name: string, value: string, checksum: number]>;
  readonly dropSetting: Statement<[name: string]>;
  readonly pointChecksum: Statement<[shard: number, id: Uint8Array], number>;
}

/** `checksums`: which rows have them; a log of an older version, open for reading only, lacks some. */
export function readStatements(database: Database.Database, checksums: RowChecksums): ReadStatements {
  const settingColumns = `name, value, ${checksums.settings ? "checksum" : "NULL AS checksum"}`;
  return {
    checksums,
    all: database.prepare(
      `SELECT ${COLUMNS} FROM operations CROSS JOIN shards ON shards.key = operations.shard
       WHERE position > ? ORDER BY position LIMIT ?`,
    ),
    ofShard: database.prepare(
      `SELECT ${COLUMNS} FROM operations INDEXED BY operations_by_shard CROSS JOIN shards ON shards.key = operations.shard
       WHERE operations.shard = ${KEY_OF_SHARD} AND position > ? ORDER BY position LIMIT ?`,
    ),
    ofOrigin: database.prepare(
      `SELECT ${COLUMNS} FROM operations INDEXED BY operations_by_dot CROSS JOIN shards ON shards.key = operations.shard
       WHERE operations.shard = ${KEY_OF_SHARD} AND origin = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
    ),
    points: database.prepare(
      `SELECT shard, id, state, ${checksums.points ? "checksum" : "NULL AS checksum"} FROM points WHERE shard = ${KEY_OF_SHARD} AND id > ? ORDER BY id LIMIT ?`,
    ),
    heads: database.prepare(
      `SELECT name AS shard, key, origin, sequence, ${checksums.settings ? "checksum" : "NULL AS checksum"}
       FROM shards LEFT JOIN frontiers ON frontiers.shard = shards.key`,
    ),
    nameless: database.prepare(
      `SELECT shard, origin, sequence, ${checksums.settings ? "checksum" : "NULL AS checksum"}
       FROM frontiers WHERE shard NOT IN (SELECT key FROM shards)`,
    ),
    lastPosition: database.prepare<[], number | null>("SELECT max(position) FROM operations").pluck(),
    checkpointPart: database.prepare(
      `SELECT checksum, bytes FROM checkpoint_parts
       WHERE checkpoint = (SELECT key FROM checkpoints WHERE shard = ${KEY_OF_SHARD} AND slot = ?) AND part = ?`,
    ),
    checkpointParts: database
      .prepare<[string, string], number>(
        `SELECT part FROM checkpoint_parts
         WHERE checkpoint = (SELECT key FROM checkpoints WHERE shard = ${KEY_OF_SHARD} AND slot = ?) ORDER BY part`,
      )
      .pluck(),
    operationCount: database
      .prepare<[string], number>(`SELECT count(*) FROM operations WHERE shard = ${KEY_OF_SHARD}`)
      .pluck(),
    setting: database.prepare(`SELECT ${settingColumns} FROM settings WHERE name = ?`),
    settings: database.prepare(`SELECT ${settingColumns} FROM settings`),
    dataVersion: database.prepare<[], number>("PRAGMA data_version").pluck(),
  };
}

export function writeStatements(database: Database.Database): WriteStatements {
  return {
    flushCommits: database.prepare("PRAGMA synchronous = FULL"),
    commitLazily: database.prepare("PRAGMA synchronous = NORMAL"),
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    append: database.prepare(
      "INSERT INTO operations (position, shard, origin, sequence, checksum, bytes) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    putFrontier: database.prepare(
      `INSERT INTO frontiers VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, checksum = excluded.checksum`,
    ),
    putShard: database.prepare("INSERT INTO shards (name) VALUES (?)"),
    putPoint: database.prepare(
      "INSERT INTO points VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, checksum = excluded.checksum",
    ),
    deletePoint: database.prepare("DELETE FROM points WHERE shard = ? AND id = ?"),
    dropOperations: database.prepare("DELETE FROM operations WHERE shard = ?"),
    dotsBehind: database.prepare(
      `SELECT position, origin, sequence FROM operations INDEXED BY operations_by_dot
       WHERE shard = ? AND origin = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?`,
    ),
    dropOperation: database.prepare("DELETE FROM operations WHERE position = ?"),
    checkpointKey: database
      .prepare<[number, string], number>("SELECT key FROM checkpoints WHERE shard = ? AND slot = ?")
      .pluck(),
    putCheckpoint: database.prepare("INSERT INTO checkpoints (shard, slot) VALUES (?, ?)"),
    putPart: database.prepare(
      `INSERT INTO checkpoint_parts VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET checksum = excluded.checksum, bytes = excluded.bytes`,
    ),
    dropParts: database.prepare("DELETE FROM checkpoint_parts WHERE checkpoint = ?"),
    dropCheckpoint: database.prepare("DELETE FROM checkpoints WHERE key = ?"),
    promoteCheckpoint: database.prepare(
      "UPDATE checkpoints SET slot = 'current' WHERE shard = ? AND slot = 'incoming'",
    ),
    dropPoints: database.prepare("DELETE FROM points WHERE shard = ?"),
    dropFrontier: database.prepare("DELETE FROM frontiers WHERE shard = ?"),
    dropShard: database.prepare("DELETE FROM shards WHERE key = ?"),
    dropSetting: database.prepare("DELETE FROM settings WHERE name = ?"),
    pointChecksum: database
      .prepare<[number, Uint8Array], number>("SELECT checksum FROM points WHERE shard = ? AND id = ?")
      .pluck(),
    putSetting: database.prepare(
      "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
    ),
  };
}
