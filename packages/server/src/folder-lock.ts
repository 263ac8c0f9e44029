import { rmSync } from "node:fs";
import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";

/** Held as long as the process lives that took it, or until it is closed. */
export interface FolderLock {
  close(): void;
}

/**
 * Takes a file for this process: the operating system's lock on it, held by an SQLite transaction that never ends. It goes with the process, also by
 * kill -9. `what`: what is locked by it. Throws `unavailable` when another process has it, and what SQLite throws where it cannot be taken at all.
 */
export function takeLock(file: string, what: string): FolderLock {
  let lock: Database.Database | undefined;
  try {
    lock = new Database(file, { timeout: 0 });
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith("SQLITE_BUSY")) {
      throw new MurmurationError("unavailable", `another process uses ${what}`, undefined, cause);
    }
    // a lock file that is no database says nothing about the data
    if (cause instanceof Database.SqliteError && cause.code === "SQLITE_NOTADB") {
      rmSync(file, { force: true });
      return takeLock(file, what);
    }
    throw cause;
  }
}
