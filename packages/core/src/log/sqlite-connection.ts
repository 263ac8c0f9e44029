import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";
import { unlockPages } from "./sqlite-cipher.js";
import { storageError } from "./sqlite-error.js";

const SYNCHRONOUS_FULL = 2;
/**
 * Bytes of a page of a new file. Operations and payloads are rows of some kilobytes, and the last one that does not fit leaves its room empty: half a row
 * of each page. A file that is there keeps what it was made with.
 */
export const PAGE_BYTES = 16_384;
/** The write-ahead log is taken into the file when it has grown by so much. */
const CHECKPOINT_BYTES = 16_384_000;

/** Settings of a connection. `synchronous` is read back, because builds of SQLite differ in its default for WAL. */
export function setPragmas(database: Database.Database, isReadOnly: boolean): void {
  database.pragma("busy_timeout = 5000");
  database.pragma("cache_size = -32768");
  // a mapped page that cannot be read ends the process, and counts as resident
  database.pragma("mmap_size = 0");
  if (isReadOnly) return;
  database.pragma(`page_size = ${PAGE_BYTES}`);
  const mode = database.pragma("journal_mode = WAL", { simple: true });
  database.pragma("synchronous = FULL");
  const synchronous = database.pragma("synchronous", { simple: true });
  if (mode !== "wal" || synchronous !== SYNCHRONOUS_FULL) {
    throw new MurmurationError(
      "storage",
      `${database.name}: the file system cannot keep the log durable (journal ${mode}, synchronous ${synchronous})`,
    );
  }
  database.pragma(`wal_autocheckpoint = ${Math.round(CHECKPOINT_BYTES / pageBytesOf(database))}`);
  database.pragma("journal_size_limit = 67108864");
}

/** Bytes of a page of this file. */
export function pageBytesOf(database: Database.Database): number {
  return database.pragma("page_size", { simple: true }) as number;
}

/** A connection to the file, whose pages are encrypted where there is a key. Throws `storage`, or `corrupt` for a file that is no database. */
export function openDatabase(file: string, readOnly: boolean, key?: Uint8Array): Database.Database {
  try {
    const database = new Database(file, { readonly: readOnly });
    unlockPages(database, key);
    return database;
  } catch (cause) {
    const typed = storageError(cause, file);
    if (typed instanceof MurmurationError) throw typed;
    throw new MurmurationError(
      "storage",
      `${file}: ${cause instanceof Error ? cause.message : "cannot be opened"}`,
      undefined,
      cause,
    );
  }
}

/**
 * Writes the file anew without what was deleted: pages, and rows within pages, keep their bytes until others are written over them. Then the
 * write-ahead log is taken into it and cut to nothing, which waits for connections that read of before: false where there are any.
 */
export function scrubDatabase(database: Database.Database, isRewritten: boolean): boolean {
  if (!isRewritten) database.exec("VACUUM");
  const patienceMs = database.pragma("busy_timeout", { simple: true });
  database.pragma("busy_timeout = 0");
  try {
    const [result] = database.pragma("wal_checkpoint(TRUNCATE)") as { readonly busy: number }[];
    return result?.busy === 0;
  } finally {
    database.pragma(`busy_timeout = ${patienceMs}`);
  }
}
