import type Database from "better-sqlite3";
import { limits } from "../limits.js";
import { POINT_BYTES, type PointBytes } from "./sqlite-point-bytes.js";

/** A statement as it is bound and what it gives. */
export type Statement<Parameters extends unknown[], Row = unknown> = Database.Statement<Parameters, Row>;

export interface OperationRow {
  readonly position: number;
  readonly shard: string;
  /** The shard's key. */
  readonly key: number;
  readonly origin: number;
  readonly sequence: number;
  readonly checksum: number;
  /** Without its payload where that has a key. */
  readonly bytes: Uint8Array;
  /** Key of its payload, 0 for one in `bytes`; `null` in a log that has all of them there. */
  readonly payload: number | null;
  /** Where it belongs in the operation's bytes, and their checksum there. */
  readonly payloadAt: number | null;
  readonly payloadChecksum: number | null;
  /** As it is kept; `null` where there is none, and where it was not asked for. */
  readonly payloadText: Uint8Array | null;
}

/** An operation without its bytes. */
export interface PlacedDot {
  readonly payload: number;
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

const OPERATION =
  "position, shards.name AS shard, shards.key, origin, sequence, operations.checksum AS checksum, operations.bytes AS bytes";
const KEY_OF_SHARD = "(SELECT key FROM shards WHERE name = ?)";

/** Bits of a payload's key in its place, below the key of its shard. */
const KEY_BITS = 40;
/** A payload's place in its table. Operators on bits, since a number that is bound may be a double. */
export function placeOf(shard: string, key: string): string {
  return `((${shard} << ${KEY_BITS}) | ${key})`;
}
/** What a place is made of, and where the payloads of a shard stand. */
export const SHARD_OF_PLACE = `(place >> ${KEY_BITS})`;
export const KEY_OF_PLACE = `(place & ${limits.payloadKeyMax})`;
export const PLACES_OF_SHARD = `place BETWEEN ${placeOf("?", "0")} AND ${placeOf("?", String(limits.payloadKeyMax))}`;

/** What the rows of a log have; one of an older version lacks some of it. Those of operations have always had checksums. */
export interface RowForms {
  /** Are those of operations over their place too? */
  readonly hasPlaces: boolean;
  readonly hasPointChecksums: boolean;
  /** Those of frontiers have them since the same version. */
  readonly hasSettingChecksums: boolean;
  /** Have payloads rows of their own? */
  readonly hasPayloads: boolean;
  /** May those of operations be these? */
  readonly hasPayloadsOnce: boolean;
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

/** Pages of operations, with their payloads and without. */
export interface OperationPages<Of extends unknown[]> {
  readonly whole: Statement<[...Of, after: number, limit: number], OperationRow>;
  readonly apart: Statement<[...Of, after: number, limit: number], OperationRow>;
}

/** Every statement that reads. */
export interface ReadStatements {
  readonly forms: RowForms;
  readonly all: OperationPages<[]>;
  readonly ofShard: OperationPages<[shard: string]>;
  readonly ofOrigin: OperationPages<[shard: string, origin: number]>;
  readonly points: Statement<[shard: string, after: Uint8Array, limit: number], PointRow>;
  readonly point: Statement<[shard: number, id: Uint8Array], BarePointRow>;
  /** A negative limit is none. */
  readonly pointPage: Statement<[shard: number, after: Uint8Array, limit: number], BarePointRow>;
  /** These are not there in a log that has payloads in the state. */
  readonly pointBytes: Statement<[shard: number, after: Uint8Array, limit: number], PointBytes> | undefined;
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

/** `forms`: a log of an older version, open for reading only, lacks some of what there is. */
export function readStatements(database: Database.Database, forms: RowForms): ReadStatements {
  const settingColumns = `name, value, ${forms.hasSettingChecksums ? "checksum" : "NULL AS checksum"}`;
  const payloads = forms.hasPayloads ? payloadStatements(database) : noPayloadStatements;
  return {
    forms,
    ...payloads,
    all: pages((isWhole) =>
      database.prepare(`${operations(forms, isWhole, "")} WHERE position > ? ORDER BY position LIMIT ?`),
    ),
    ofShard: pages((isWhole) =>
      database.prepare(
        `${operations(forms, isWhole, "INDEXED BY operations_by_shard")}
         WHERE operations.shard = ${KEY_OF_SHARD} AND position > ? ORDER BY position LIMIT ?`,
      ),
    ),
    ofOrigin: pages((isWhole) =>
      database.prepare(
        `${operations(forms, isWhole, "INDEXED BY operations_by_dot")}
         WHERE operations.shard = ${KEY_OF_SHARD} AND origin = ? AND sequence > ? ORDER BY sequence LIMIT ?`,
      ),
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

function pages<Of extends unknown[]>(prepare: (isWhole: boolean) => OperationPages<Of>["whole"]): OperationPages<Of> {
  return { whole: prepare(true), apart: prepare(false) };
}

function operations({ hasPayloadsOnce }: RowForms, isWhole: boolean, indexed: string): string {
  const columns = hasPayloadsOnce
    ? "payload, payload_at AS payloadAt, payload_checksum AS payloadChecksum"
    : "NULL AS payload, NULL AS payloadAt, NULL AS payloadChecksum";
  const from = `FROM operations ${indexed} CROSS JOIN shards ON shards.key = operations.shard`;
  return hasPayloadsOnce && isWhole
    ? `SELECT ${OPERATION}, ${columns}, payloads.bytes AS payloadText
       ${from} LEFT JOIN payloads ON payload > 0 AND place = ${placeOf("operations.shard", "payload")}`
    : `SELECT ${OPERATION}, ${columns}, NULL AS payloadText ${from}`;
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
  pointBytes: undefined,
  payload: undefined,
  payloadBefore: undefined,
  drops: undefined,
  lastDrop: undefined,
} as const;

function payloadStatements(
  database: Database.Database,
): Pick<ReadStatements, "pointBytes" | "payload" | "payloadBefore" | "drops" | "lastDrop"> {
  return {
    pointBytes: database.prepare(POINT_BYTES),
    payload: database.prepare(`SELECT checksum, bytes FROM payloads WHERE place = ${placeOf("?", "?")}`),
    payloadBefore: database.prepare(
      `SELECT ${KEY_OF_PLACE} AS key, checksum, bytes FROM payloads
       WHERE place > ${placeOf("?", "0")} AND place < ${placeOf("?", "0")} + CAST(? AS INTEGER) ORDER BY place DESC LIMIT 1`,
    ),
    drops: database.prepare("SELECT * FROM dropped_payloads WHERE shard = ?"),
    lastDrop: database.prepare<[], number | null>("SELECT max(position) FROM dropped_payloads").pluck(),
  };
}
