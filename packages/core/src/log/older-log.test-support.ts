import { crc32 } from "node:zlib";
import { parsePayload } from "@murmuration/index";
import Database from "better-sqlite3";
import { withPayload } from "../operation/apart-payload.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { noPointRows, pointRowsToText, withPointRow } from "./point-rows.js";
import { type OperationPlace, operationChecksum, pointChecksum, settingChecksum } from "./row-checksums.js";

/** State of a point without its payload, as the log keeps it. */
export function registersOf(sequence: number): Uint8Array {
  return encodeMessage([2, 1_000 + sequence, 0, 1, 1, sequence, 1_000, 0, 1, [], [], [], []]);
}

/** The same with its payload, as logs up to schema 5 kept it. */
export function wholeStateOf(state: Uint8Array, payload: Uint8Array | undefined): Uint8Array {
  const [, ...fields] = decodeMessage(state, "a point") as unknown[];
  fields.splice(8, 0, payload === undefined ? {} : parsePayload(payload));
  return encodeMessage([1, ...fields]);
}

/** Makes a log's file, which is closed, one as an older version would have left it. */
export function makeOlder(file: string, version: 1 | 2 | 3 | 4 | 5 | 6): void {
  const database = new Database(file);
  putPayloadsIntoOperations(database);
  if (version === 6) {
    database.pragma("user_version = 6");
    database.close();
    return;
  }
  const points = database
    .prepare<[], { shard: number; id: Uint8Array; state: Uint8Array; bytes: Uint8Array | null }>(
      "SELECT shard, id, state, (SELECT bytes FROM payloads WHERE place = (shard << 40 | payload)) AS bytes FROM points",
    )
    .all();
  database.exec(`DROP TABLE points; DROP TABLE payloads; DROP TABLE dropped_payloads;
    CREATE TABLE points (shard INTEGER NOT NULL, id BLOB NOT NULL, state BLOB NOT NULL, PRIMARY KEY (shard, id)) STRICT, WITHOUT ROWID;
    ALTER TABLE points ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    DELETE FROM settings WHERE name LIKE 'log.payloads.%'`);
  const sums = new Map<number, typeof noPointRows>();
  const put = database.prepare("INSERT INTO points VALUES (?, ?, ?, ?)");
  for (const { shard, id, state, bytes } of points) {
    const whole = wholeStateOf(state, bytes ?? undefined);
    const checksum = pointChecksum(shard, id, whole);
    put.run(shard, id, whole, checksum);
    sums.set(shard, withPointRow(sums.get(shard) ?? noPointRows, checksum));
  }
  const putSum = database.prepare("UPDATE settings SET value = ?, checksum = ? WHERE name = ?");
  for (const [shard, rows] of sums) {
    const name = `log.points.${shard}`;
    const text = pointRowsToText(rows);
    putSum.run(text, settingChecksum(name, text), name);
  }
  if (version < 5) {
    database.function("bytes_checksum", (bytes) => crc32(bytes as Uint8Array));
    database.exec("UPDATE operations SET checksum = bytes_checksum(bytes)");
  }
  if (version < 4) {
    database.exec(`DELETE FROM settings WHERE name = 'log.settings';
      ALTER TABLE settings DROP COLUMN checksum; ALTER TABLE frontiers DROP COLUMN checksum;`);
  }
  if (version < 3) database.exec("ALTER TABLE points DROP COLUMN checksum");
  if (version < 2) database.exec("DROP TABLE checkpoints; DROP TABLE checkpoint_parts");
  database.pragma(`user_version = ${version}`);
  database.close();
}

function putPayloadsIntoOperations(database: Database.Database): void {
  const apart = database
    .prepare<[], OperationPlace & { readonly bytes: Uint8Array; readonly at: number; readonly text: Uint8Array }>(
      `SELECT position, shard, origin, sequence, operations.bytes, payload_at AS at, payloads.bytes AS text
       FROM operations JOIN payloads ON payload > 0 AND place = (shard << 40 | payload)`,
    )
    .all();
  const put = database.prepare("UPDATE operations SET bytes = ?, checksum = ? WHERE position = ?");
  for (const { bytes, at, text, ...place } of apart) {
    const whole = withPayload(bytes, at, text);
    put.run(whole, operationChecksum(place, whole), place.position);
  }
  database.exec(`DROP INDEX operations_by_payload; DROP TABLE operation_payloads;
    ALTER TABLE operations DROP COLUMN payload; ALTER TABLE operations DROP COLUMN payload_at;
    ALTER TABLE operations DROP COLUMN payload_checksum;`);
}
