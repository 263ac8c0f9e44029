import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { type FolderLock, takeLock } from "../folder-lock.js";
import { folderFailureInWords } from "./failure-in-words.js";

/** What lies where in a data folder (docs/files.md). */
export interface DataFiles {
  readonly log: string;
  readonly images: string;
  /** Vectors that are kept off memory. */
  readonly vectors: string;
  readonly reserve: string;
  readonly snapshots: string;
  /** A copy that is being sent to a store for backups; removed at a start. */
  readonly sending: string;
  /** Where backups are restored in drills; likewise. */
  readonly drill: string;
  /** What a restore to a moment has fetched; likewise. */
  readonly restoring: string;
  /** The private key by which members of a cluster know this replica. */
  readonly memberKey: string;
}

export function dataFiles(folder: string): DataFiles {
  return {
    log: join(folder, "murmuration.db"),
    images: join(folder, "images"),
    vectors: join(folder, "vectors"),
    reserve: join(folder, "reserve"),
    snapshots: join(folder, "snapshots"),
    sending: join(folder, "sending"),
    drill: join(folder, "drill"),
    restoring: join(folder, "restoring"),
    memberKey: join(folder, "member-key.pem"),
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

function lockFile(file: string, folder: string): FolderLock {
  try {
    return takeLock(file, `the data folder ${folder}`);
  } catch (cause) {
    if (cause instanceof MurmurationError) throw new MurmurationError(cause.code, cause.message, "data", cause);
    throw unusable("lock", folder, cause);
  }
}
