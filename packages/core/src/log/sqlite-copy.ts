import { MurmurationError } from "@murmuration/index";
import type Database from "better-sqlite3";
import { rawKey } from "./sqlite-cipher.js";
import { openDatabase, PAGE_BYTES } from "./sqlite-connection.js";
import { copyReadableRows, isUnreadable } from "./sqlite-copy-readable.js";
import { withStorageErrors } from "./sqlite-error.js";

/** The file of a log, and the key of its pages; without one they are not encrypted. */
export interface LogFile {
  readonly file: string;
  readonly key?: Uint8Array | undefined;
}

/** What a copy is told and tells of. */
export interface CopyOptions {
  /** Told of each table that is there, with what came over of it. */
  readonly onTable?: (table: string, rows: number) => void;
  /** Rows of pages that cannot be read are left out, and told of; without it, such a page ends the copy. */
  readonly onUnreadable?: (table: string) => void;
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** So many keys are passed over where it is not known which was given last. */
const KEYS_PASSED_OVER = 1_000_000;

/** The tables that are copied: all of the log's own, and what counts for AUTOINCREMENT. */
const SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";

/**
 * Writes the rows of a log that nobody else has open into a file that is not there yet, under another key or none. It is not flushed, and stays there in
 * part when this throws: `storage`, or `corrupt` for a page that cannot be read.
 */
export function copyLog(from: LogFile, to: LogFile, { onTable, onUnreadable }: CopyOptions = {}): void {
  const source = openDatabase(from.file, false, from.key);
  try {
    const schema = withStorageErrors(from.file, () => source.prepare<[], SchemaRow>(SCHEMA).all());
    const target = openDatabase(to.file, false, to.key);
    try {
      withStorageErrors(to.file, () => {
        target.pragma(`page_size = ${PAGE_BYTES}`);
        target.pragma("journal_mode = OFF");
        target.pragma("synchronous = OFF");
        for (const { type, sql } of schema) if (type === "table") target.exec(sql);
      });
    } finally {
      target.close();
    }
    for (const { type, name } of schema) if (type === "table") copyTable(source, name, from, to, onTable, onUnreadable);
    finish(source, schema, to, onUnreadable);
  } finally {
    source.close();
  }
}

function copyTable(
  source: Database.Database,
  table: string,
  from: LogFile,
  to: LogFile,
  onTable: CopyOptions["onTable"],
  onUnreadable: CopyOptions["onUnreadable"],
): void {
  try {
    withStorageErrors(from.file, () => {
      attached(source, to, () => {
        const { changes } = source.prepare(`INSERT INTO target."${table}" SELECT * FROM main."${table}"`).run();
        onTable?.(table, changes);
      });
    });
  } catch (error) {
    if (onUnreadable === undefined || !(error instanceof MurmurationError) || error.code !== "corrupt") throw error;
    onUnreadable(table);
    const target = openDatabase(to.file, false, to.key);
    try {
      const rows = withStorageErrors(to.file, () => copyReadableRows(source, target, table));
      onTable?.(table, rows);
    } finally {
      target.close();
    }
  }
}

/** What is not rows: counters, indexes, and what says that a file is a log. */
function finish(
  source: Database.Database,
  schema: readonly SchemaRow[],
  to: LogFile,
  onUnreadable: CopyOptions["onUnreadable"],
): void {
  const [application, version] = ["application_id", "user_version"].map((name) =>
    source.pragma(name, { simple: true }),
  );
  attached(source, to, () => {
    const hasCounters = source.prepare("SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'").get();
    if (hasCounters === undefined) return;
    try {
      source.exec(
        "DELETE FROM target.sqlite_sequence; INSERT INTO target.sqlite_sequence SELECT * FROM main.sqlite_sequence",
      );
    } catch (error) {
      if (onUnreadable === undefined || !isUnreadable(error)) throw error;
      // what was copied has counted up to its last keys; those of rows that are gone must not be given again
      onUnreadable("sqlite_sequence");
      source.prepare("UPDATE target.sqlite_sequence SET seq = seq + ?").run(KEYS_PASSED_OVER);
    }
  });
  const target = openDatabase(to.file, false, to.key);
  try {
    withStorageErrors(to.file, () => {
      for (const { type, sql } of schema) if (type === "index") target.exec(sql);
      target.pragma(`application_id = ${application}`);
      target.pragma(`user_version = ${version}`);
    });
  } finally {
    target.close();
  }
}

function attached(source: Database.Database, to: LogFile, act: () => void): void {
  // a file that is attached takes the settings of new files, and its key from here
  if (to.key !== undefined) for (const pragma of ["cipher = 'aegis'", "algorithm = 'aegis-256'"]) source.pragma(pragma);
  source.prepare("ATTACH ? AS target KEY ?").run(to.file, to.key === undefined ? "" : rawKey(to.key));
  try {
    source.pragma("target.synchronous = OFF");
    act();
  } finally {
    source.exec("DETACH target");
  }
}

/** A key cannot be wrong from here on: opens the file with it and reads. Throws `corrupt` where the file is of another. */
export function requireKeyOf({ file, key }: LogFile): void {
  const database = openDatabase(file, true, key);
  try {
    withStorageErrors(file, () => database.prepare("SELECT count(*) FROM sqlite_master").get());
  } finally {
    database.close();
  }
}
