import type Database from "better-sqlite3";
import { limits } from "../limits.js";

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

export interface BarePointRow {
  readonly shard: number;
  /** `null` in a log that has none. */
  readonly checksum: number | null;
  readonly id: Uint8Array;
  readonly state: Uint8Array;
  /** Key of its payload, 0 for none; `null` in a log that has payloads in the state. */
  readonly payload: number | null;
}

export interface PointRow extends BarePointRow {
  /** `null` where the payload is not there. */
  readonly payloadChecksum: number | null;
  readonly payloadBytes: Uint8Array | null;
}

export interface PayloadRow {
  readonly checksum: number;
  readonly bytes: Uint8Array;
}

/** Says that nobody needs the payloads of these keys, both included, of the shard of this key. */
export interface DropRow {
  readonly position: number;
  readonly shard: number;
  readonly first: number;
  readonly last: number;
  readonly checksum: number;
}

const COLUMNS = "position, shards.name AS shard, shards.key, origin, sequence, checksum, bytes";
const KEY_OF_SHARD = "(SELECT key FROM shards WHERE name = ?)";

/** Bits of a payload's key in its place, below the key of its shard. */
const KEY_BITS = 40;
/** A payload's place in its table. Operators on bits, since a number that is bound may be a double. */
export function placeOf(shard: string, key: string): string {
  return `((${shard} << ${KEY_BITS}) | ${key})`;
}
/** What a place is made of. */
export const SHARD_OF_PLACE = `(place >> ${KEY_BITS})`;
export const KEY_OF_PLACE = `(place & ${limits.payloadKeyMax})`;
const PLACES_OF_SHARD = `place BETWEEN ${placeOf("?", "0")} AND ${placeOf("?", String(limits.payloadKeyMax))}`;

/** What the rows of a log have; one of an older version lacks some of it. Those of operations have always had checksums. */
export interface RowForms {
  /** Are those of operations over their place too? */
  readonly hasPlaces: boolean;
  readonly hasPointChecksums: boolean;
  /** Those of frontiers have them since the same version. */
  readonly hasSettingChecksums: boolean;
  /** Have payloads rows of their own? */
  readonly hasPayloads: boolean;
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
  readonly forms: RowForms;
  readonly all: Statement<[after: number, limit: number], OperationRow>;
  readonly ofShard: Statement<[shard: string, after: number, limit: number], OperationRow>;
  readonly ofOrigin: Statement<[shard: string, origin: number, after: number, limit: number], OperationRow>;
  readonly points: Statement<[shard: string, after: Uint8Array, limit: number], PointRow>;
  readonly point: Statement<[shard: number, id: Uint8Array], BarePointRow>;
  /** A negative limit is none. */
  readonly pointPage: Statement<[shard: number, after: Uint8Array, limit: number], BarePointRow>;
  /** These four are not there in a log that has payloads in the state. */
  readonly payload: Statement<[shard: number, key: number], PayloadRow> | undefined;
  readonly payloadBefore:
    | Statement<[shard: number, shard: number, before: number], PayloadRow & { readonly key: number }>
    | undefined;
  readonly drops: Statement<[shard: number], DropRow> | undefined;
  readonly lastDrop: Statement<[], number | null> | undefined;
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
  readonly putPoint: Statement<[shard: number, id: Uint8Array, state: Uint8Array, payload: number, checksum: number]>;
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
  readonly pointBefore: Statement<
    [shard: number, id: Uint8Array],
    { readonly checksum: number; readonly payload: number }
  >;
  readonly putPayload: Statement<[shard: number, key: number, checksum: number, bytes: Uint8Array]>;
  /** `null`: the shard has none. */
  readonly lastPayload: Statement<[shard: number, shard: number], number | null>;
  readonly deletePayloads: Statement<[shard: number, first: number, shard: number, last: number, limit: number]>;
  readonly putDrop: Statement<[position: number, shard: number, first: number, last: number, checksum: number]>;
  readonly firstDrop: Statement<[upTo: number], DropRow>;
  readonly dropDrop: Statement<[position: number]>;
}

/** `forms`: a log of an older version, open for reading only, lacks some of what there is. */
export function readStatements(database: Database.Database, forms: RowForms): ReadStatements {
  const settingColumns = `name, value, ${forms.hasSettingChecksums ? "checksum" : "NULL AS checksum"}`;
  const payloads = forms.hasPayloads ? payloadStatements(database) : noPayloadStatements;
  return {
    forms,
    ...payloads,
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
      `${forms.hasPayloads ? POINTS : olderPoints(forms)} WHERE shard = ${KEY_OF_SHARD} AND id > ? ORDER BY id LIMIT ?`,
    ),
    point: database.prepare(`${barePoints(forms)} WHERE shard = ? AND id = ?`),
    pointPage: database.prepare(`${barePoints(forms)} WHERE shard = ? AND id > ? ORDER BY id LIMIT ?`),
    heads: database.prepare(
      `SELECT name AS shard, key, origin, sequence, ${forms.hasSettingChecksums ? "checksum" : "NULL AS checksum"}
       FROM shards LEFT JOIN frontiers ON frontiers.shard = shards.key`,
    ),
    nameless: database.prepare(
      `SELECT shard, origin, sequence, ${forms.hasSettingChecksums ? "checksum" : "NULL AS checksum"}
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

const POINTS = `SELECT points.shard, id, state, payload, points.checksum AS checksum,
  payloads.checksum AS payloadChecksum, payloads.bytes AS payloadBytes
  FROM points LEFT JOIN payloads ON place = ${placeOf("points.shard", "points.payload")}`;

function olderPoints({ hasPointChecksums }: RowForms): string {
  const checksum = hasPointChecksums ? "checksum" : "NULL AS checksum";
  return `SELECT shard, id, state, ${checksum}, NULL AS payload, NULL AS payloadChecksum, NULL AS payloadBytes FROM points`;
}

function barePoints({ hasPointChecksums, hasPayloads }: RowForms): string {
  const checksum = hasPointChecksums ? "checksum" : "NULL AS checksum";
  return `SELECT shard, id, state, ${checksum}, ${hasPayloads ? "payload" : "NULL AS payload"} FROM points`;
}

const noPayloadStatements = {
  payload: undefined,
  payloadBefore: undefined,
  drops: undefined,
  lastDrop: undefined,
} as const;

function payloadStatements(
  database: Database.Database,
): Pick<ReadStatements, "payload" | "payloadBefore" | "drops" | "lastDrop"> {
  return {
    payload: database.prepare(`SELECT checksum, bytes FROM payloads WHERE place = ${placeOf("?", "?")}`),
    payloadBefore: database.prepare(
      `SELECT ${KEY_OF_PLACE} AS key, checksum, bytes FROM payloads
       WHERE place > ${placeOf("?", "0")} AND place < ${placeOf("?", "0")} + CAST(? AS INTEGER) ORDER BY place DESC LIMIT 1`,
    ),
    drops: database.prepare("SELECT * FROM dropped_payloads WHERE shard = ?"),
    lastDrop: database.prepare<[], number | null>("SELECT max(position) FROM dropped_payloads").pluck(),
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
      `INSERT INTO points VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET state = excluded.state, payload = excluded.payload, checksum = excluded.checksum`,
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
    pointBefore: database.prepare("SELECT checksum, payload FROM points WHERE shard = ? AND id = ?"),
    // what stands there before is damaged: no key is given twice
    putPayload: database.prepare(
      `INSERT INTO payloads VALUES (${placeOf("?", "?")}, ?, ?)
       ON CONFLICT DO UPDATE SET checksum = excluded.checksum, bytes = excluded.bytes`,
    ),
    lastPayload: database
      .prepare<[number, number], number | null>(
        `SELECT max(place) & ${limits.payloadKeyMax} FROM payloads WHERE ${PLACES_OF_SHARD}`,
      )
      .pluck(),
    deletePayloads: database.prepare(
      `DELETE FROM payloads WHERE place IN (
         SELECT place FROM payloads WHERE place BETWEEN ${placeOf("?", "?")} AND ${placeOf("?", "?")} LIMIT ?)`,
    ),
    putDrop: database.prepare("INSERT INTO dropped_payloads VALUES (?, ?, ?, ?, ?)"),
    firstDrop: database.prepare("SELECT * FROM dropped_payloads WHERE position <= ? ORDER BY position LIMIT 1"),
    dropDrop: database.prepare("DELETE FROM dropped_payloads WHERE position = ?"),
    putSetting: database.prepare(
      "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
    ),
  };
}
