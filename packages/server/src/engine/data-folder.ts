import { accessSync, constants, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import Database from "better-sqlite3";
import { folderFailureInWords } from "./failure-in-words.js";

/** What lies where in a data folder (docs/files.md). */
export interface DataFiles {
  readonly log: string;
  readonly images: string;
  /** Vectors that are kept off memory. */
  readonly vectors: string;
  readonly reserve: string;
  readonly snapshots: string;
}

export function dataFiles(folder: string): DataFiles {
  return {
    log: join(folder, "murmuration.db"),
    images: join(folder, "images"),
    vectors: join(folder, "vectors"),
    reserve: join(folder, "reserve"),
    snapshots: join(folder, "snapshots"),
  };
}

/** A data folder that is this process's. */
export interface DataFolder extends DataFiles {
  /** Gives the folder free for another process. */
  release(): void;
}

/**
 * Make the folder if it is not there, and take it for this process. The lock is the operating system's lock on a file, held by an
 * SQLite transaction that never ends: it goes with the process, also by kill -9. Throws `unavailable` when another has it.
 */
export function takeDataFolder(folder: string): DataFolder {
  const files = dataFiles(folder);
  try {
    mkdirSync(files.images, { recursive: true });
  } catch (cause) {
    throw unusable("make", folder, cause);
  }
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable("use", folder, cause);
  }
  const lock = lockFile(join(folder, "lock"), folder);
  return { ...files, release: () => lock.close() };
}

function unusable(verb: string, folder: string, cause: unknown): MurmurationError {
  return new MurmurationError(
    "storage",
    `cannot ${verb} the data folder ${folder}: ${folderFailureInWords(folder, cause)}`,
    "data",
    cause,
  );
}

function lockFile(file: string, folder: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    lock = new Database(file, { timeout: 0 });
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith("SQLITE_BUSY")) {
      throw new MurmurationError("unavailable", `another process uses the data folder ${folder}`, "data", cause);
    }
    // a lock file that is no database says nothing about the data
    if (cause instanceof Database.SqliteError && cause.code === "SQLITE_NOTADB") {
      rmSync(file, { force: true });
      return lockFile(file, folder);
    }
    throw unusable("lock", folder, cause);
  }
}
