import type Database from "better-sqlite3";
import { limits } from "../limits.js";
import {
  type DropRow,
  KEY_OF_PLACE,
  PLACES_OF_SHARD,
  type PlacedDot,
  placeOf,
  type Statement,
} from "./sqlite-statements.js";

/** Every statement that writes. */
export interface WriteStatements {
  /** A commit waits for the disk from here on; or it does not. */
  readonly flushCommits: Statement<[]>;
  readonly commitLazily: Statement<[]>;
  readonly begin: Statement<[]>;
  readonly commit: Statement<[]>;
  readonly rollback: Statement<[]>;
  readonly append: Statement<
    [
      position: number,
      shard: number,
      origin: number,
      sequence: number,
      checksum: number,
      bytes: Uint8Array,
      payload: number,
      payloadAt: number,
      payloadChecksum: number,
    ]
  >;
  readonly putFrontier: Statement<[shard: number, origin: number, sequence: number, checksum: number]>;
  readonly putShard: Statement<[name: string]>;
  /** Changes nothing where the point is there. */
  readonly addPoint: Statement<[shard: number, id: Uint8Array, state: Uint8Array, payload: number, checksum: number]>;
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
  /** Keys of payloads, of which an operation has one or not; by key. */
  readonly payloadsBetween: Statement<
    [shard: number, shard: number, first: number, shard: number, last: number, limit: number],
    { readonly key: number; readonly isOfOperation: 0 | 1 }
  >;
  readonly deletePayload: Statement<[shard: number, key: number]>;
  readonly putOwned: Statement<[shard: number, key: number, checksum: number]>;
  readonly ownedChecksum: Statement<[shard: number, key: number], number>;
  readonly dropOwned: Statement<[shard: number, key: number]>;
  readonly dropOwnedOfShard: Statement<[shard: number, shard: number]>;
  readonly putDrop: Statement<[position: number, shard: number, first: number, last: number, checksum: number]>;
  readonly firstDrop: Statement<[upTo: number], DropRow>;
  readonly dropDrop: Statement<[position: number]>;
}

export function writeStatements(database: Database.Database): WriteStatements {
  return {
    flushCommits: database.prepare("PRAGMA synchronous = FULL"),
    commitLazily: database.prepare("PRAGMA synchronous = NORMAL"),
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    append: database.prepare(
      `INSERT INTO operations (position, shard, origin, sequence, checksum, bytes, payload, payload_at, payload_checksum)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    putFrontier: database.prepare(
      `INSERT INTO frontiers VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET sequence = excluded.sequence, checksum = excluded.checksum`,
    ),
    putShard: database.prepare("INSERT INTO shards (name) VALUES (?)"),
    addPoint: database.prepare("INSERT INTO points VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
    putPoint: database.prepare(
      `INSERT INTO points VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET state = excluded.state, payload = excluded.payload, checksum = excluded.checksum`,
    ),
    deletePoint: database.prepare("DELETE FROM points WHERE shard = ? AND id = ?"),
    dropOperations: database.prepare("DELETE FROM operations WHERE shard = ?"),
    dotsBehind: database.prepare(
      `SELECT position, origin, sequence, payload FROM operations INDEXED BY operations_by_dot
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
    payloadsBetween: database.prepare(
      `SELECT ${KEY_OF_PLACE} AS key, EXISTS (
         SELECT 1 FROM operations INDEXED BY operations_by_payload
         WHERE operations.shard = ? AND payload = ${KEY_OF_PLACE} AND payload > 0) AS isOfOperation
       FROM payloads WHERE place BETWEEN ${placeOf("?", "?")} AND ${placeOf("?", "?")} ORDER BY place LIMIT ?`,
    ),
    deletePayload: database.prepare(`DELETE FROM payloads WHERE place = ${placeOf("?", "?")}`),
    putOwned: database.prepare(`INSERT OR REPLACE INTO operation_payloads VALUES (${placeOf("?", "?")}, ?)`),
    ownedChecksum: database
      .prepare<[number, number], number>(`SELECT checksum FROM operation_payloads WHERE place = ${placeOf("?", "?")}`)
      .pluck(),
    dropOwned: database.prepare(`DELETE FROM operation_payloads WHERE place = ${placeOf("?", "?")}`),
    dropOwnedOfShard: database.prepare(`DELETE FROM operation_payloads WHERE ${PLACES_OF_SHARD}`),
    putDrop: database.prepare("INSERT INTO dropped_payloads VALUES (?, ?, ?, ?, ?)"),
    firstDrop: database.prepare("SELECT * FROM dropped_payloads WHERE position <= ? ORDER BY position LIMIT 1"),
    dropDrop: database.prepare("DELETE FROM dropped_payloads WHERE position = ?"),
    putSetting: database.prepare(
      "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
    ),
  };
}
