import type Database from "better-sqlite3";
import { refuseMessage } from "../operation/refuse-message.js";
import { frontierChecksum, placedChecksum, pointChecksum, settingChecksum } from "./row-checksums.js";
import { SETTING_ROWS, textOfRows } from "./sqlite-settings.js";
import type { RowForms, SettingRow } from "./sqlite-statements.js";

/** `PRAGMA application_id`: says that a file is ours ("Murm"). */
const APPLICATION_ID = 0x4d75726d;
/** `PRAGMA user_version`: a file of a newer version is refused. */
export const logSchemaVersion = 7;

const WITHOUT_POINT_CHECKSUMS = 2;
const WITHOUT_SETTING_CHECKSUMS = 3;
const WITHOUT_PLACES = 4;
const WITHOUT_PAYLOADS = 5;
const WITH_PAYLOADS_TWICE = 6;

/** What the rows of an open log have. */
export function rowFormsOf(database: Database.Database): RowForms {
  const version = database.pragma("user_version", { simple: true }) as number;
  return {
    hasPointChecksums: version > WITHOUT_POINT_CHECKSUMS,
    hasSettingChecksums: version > WITHOUT_SETTING_CHECKSUMS,
    hasPlaces: version > WITHOUT_PLACES,
    hasPayloads: version > WITHOUT_PAYLOADS,
    hasPayloadsOnce: version > WITH_PAYLOADS_TWICE,
  };
}

const TABLES = `
  CREATE TABLE shards (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE operations (
    position INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX operations_by_dot ON operations (shard, origin, sequence);
  CREATE INDEX operations_by_shard ON operations (shard);

  CREATE TABLE frontiers (
    shard INTEGER NOT NULL,
    origin INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (shard, origin)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Setting that keeps what the rows of points of the shard of this key add up to. */
export function pointRowsSetting(key: number | string): string {
  return `log.points.${key}`;
}

/** Since version 3. */
function addPointChecksums(database: Database.Database): void {
  database.exec("ALTER TABLE points ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0");
  database.function("point_checksum", { deterministic: true }, (shard, id, state) =>
    pointChecksum(Number(shard), id as Uint8Array, state as Uint8Array),
  );
  database.exec("UPDATE points SET checksum = point_checksum(shard, id, state)");
  database.exec(
    `INSERT OR REPLACE INTO settings SELECT '${pointRowsSetting("")}' || shard, count(*) || ':' || (sum(checksum) % 4294967296) FROM points GROUP BY shard`,
  );
}

/** Since version 4. A row that was there before is taken as it is. */
function addSettingChecksums(database: Database.Database): void {
  database.function("setting_checksum", { deterministic: true }, (name, value) =>
    settingChecksum(String(name), String(value)),
  );
  database.function("frontier_checksum", { deterministic: true }, (shard, origin, sequence) =>
    frontierChecksum(Number(shard), Number(origin), Number(sequence)),
  );
  for (const table of ["settings", "frontiers"]) {
    database.exec(`ALTER TABLE ${table} ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0`);
  }
  // every shard has a sum of its points from here on, so that one that is lost is missed
  database.exec(
    `INSERT OR IGNORE INTO settings SELECT '${pointRowsSetting("")}' || key, '0:0', 0 FROM shards
     WHERE key NOT IN (SELECT shard FROM points)`,
  );
  database.exec("UPDATE settings SET checksum = setting_checksum(name, value)");
  database.exec("UPDATE frontiers SET checksum = frontier_checksum(shard, origin, sequence)");
  const text = textOfRows(database.prepare<[], SettingRow>("SELECT name, value, checksum FROM settings").all());
  const put = database.prepare("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)");
  put.run(SETTING_ROWS, text, settingChecksum(SETTING_ROWS, text));
}

/** Since version 5. Where a row stands is taken as it is; bytes that are damaged stay so. */
function addPlaces(database: Database.Database): void {
  database.function("placed_checksum", { deterministic: true }, (position, shard, origin, sequence, checksum) =>
    placedChecksum(
      { position: Number(position), shard: Number(shard), origin: Number(origin), sequence: Number(sequence) },
      Number(checksum),
    ),
  );
  database.exec("UPDATE operations SET checksum = placed_checksum(position, shard, origin, sequence, checksum)");
}

/** Since version 2. The parts of a checkpoint are not moved when it becomes the current one: its slot is beside them. */
const CHECKPOINT_TABLES = `
  CREATE TABLE checkpoints (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    shard INTEGER NOT NULL,
    slot TEXT NOT NULL,
    UNIQUE (shard, slot)
  ) STRICT;

  CREATE TABLE checkpoint_parts (
    checkpoint INTEGER NOT NULL,
    part INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (checkpoint, part)
  ) STRICT;
`;

/** The points of a log of before, payload and all, while they are brought over (`bringPointsOver`). */
export const POINTS_BEFORE = "points_before";

/**
 * Since version 6. The place of a payload is the key of its shard and its own (`sqlite-statements.ts`). A note in `dropped_payloads` says that
 * no row has the payloads of these keys any more.
 */
const POINT_TABLES = `
  CREATE TABLE points (
    shard INTEGER NOT NULL,
    id BLOB NOT NULL,
    state BLOB NOT NULL,
    payload INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (shard, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE payloads (
    place INTEGER PRIMARY KEY,
    checksum INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE dropped_payloads (
    position INTEGER PRIMARY KEY,
    shard INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Since version 7. Where an operation's payload is that of a point (`payload`, its key; 0: none), it stands in the row of the payload alone, and belongs at
 * `payload_at` in the operation's bytes, where it is what `payload_checksum` says. A row of `operation_payloads` says that no point has the payload of an operation any more. Rows of
 * before stay as they are.
 */
function shareOperationPayloads(database: Database.Database): void {
  for (const column of ["payload", "payload_at", "payload_checksum"]) {
    database.exec(`ALTER TABLE operations ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0`);
  }
  database.exec(`
    CREATE INDEX operations_by_payload ON operations (shard, payload) WHERE payload > 0;
    CREATE TABLE operation_payloads (
      place INTEGER PRIMARY KEY,
      checksum INTEGER NOT NULL
    ) STRICT;
  `);
}

const FIRST_TABLE_NAMES = ["frontiers", "operations", "points", "settings", "shards"];
const OLDER_TABLE_NAMES = ["checkpoint_parts", "checkpoints", ...FIRST_TABLE_NAMES];
const PAYLOAD_TABLE_NAMES = ["dropped_payloads", "payloads", ...OLDER_TABLE_NAMES];
const TABLE_NAMES = ["operation_payloads", ...PAYLOAD_TABLE_NAMES];

function tableNames(version: number): string[] {
  if (version === 1) return FIRST_TABLE_NAMES;
  if (version <= WITHOUT_PAYLOADS) return OLDER_TABLE_NAMES;
  return version <= WITH_PAYLOADS_TWICE ? PAYLOAD_TABLE_NAMES : TABLE_NAMES;
}

/**
 * Makes the tables of a new file, brings those of an older version to this one, or checks that an existing file is a log that this version
 * reads. Throws `corrupt`.
 */
export function openSchema(database: Database.Database, file: string, isReadOnly: boolean): void {
  const applicationId = database.pragma("application_id", { simple: true });
  const version = database.pragma("user_version", { simple: true }) as number;
  const tables = database
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all();
  if (applicationId === 0 && version === 0 && tables.length === 0 && !isReadOnly) {
    database.transaction(() => {
      database.exec(TABLES + CHECKPOINT_TABLES + POINT_TABLES);
      shareOperationPayloads(database);
      addSettingChecksums(database);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${logSchemaVersion}`);
    })();
    return;
  }
  if (applicationId !== APPLICATION_ID) refuseMessage(`${file} is not a Murmuration log`);
  if (version > logSchemaVersion) {
    refuseMessage(`${file} was written by a newer version (schema ${version}, this one reads ${logSchemaVersion})`);
  }
  const hasTables = tableNames(version).every((name) => tables.includes(name));
  const isOlder = version >= 1 && version < logSchemaVersion;
  if (isOlder && !isReadOnly && hasTables) {
    database.transaction(() => {
      if (version === 1) database.exec(CHECKPOINT_TABLES);
      if (version <= WITHOUT_POINT_CHECKSUMS) addPointChecksums(database);
      if (version <= WITHOUT_SETTING_CHECKSUMS) addSettingChecksums(database);
      if (version <= WITHOUT_PLACES) addPlaces(database);
      if (version <= WITHOUT_PAYLOADS) database.exec(`ALTER TABLE points RENAME TO ${POINTS_BEFORE}; ${POINT_TABLES}`);
      shareOperationPayloads(database);
      database.pragma(`user_version = ${logSchemaVersion}`);
    })();
    return;
  }
  // one that is only read, a backup for one, stays as it is
  const isReadable = version === logSchemaVersion || (isReadOnly && version >= WITHOUT_POINT_CHECKSUMS);
  if (!isReadable || !hasTables) {
    refuseMessage(`${file} is damaged: its tables are not those of a log`);
  }
  if (isReadOnly && tables.includes(POINTS_BEFORE)) {
    refuseMessage(
      `${file} is not whole: it is being brought over from an older version, which the next start finishes`,
    );
  }
}
