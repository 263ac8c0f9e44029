import { existsSync, readdirSync, renameSync } from "node:fs";
import { SqliteOpLog, takeNewIdentity } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { dataFiles, takeDataFolder } from "../engine/data-folder.js";
import { manifestBeside, UNFINISHED } from "./backup-folder.js";
import { copyToNewFile, flush, removeLog, withFileErrors } from "./files.js";
import { type Manifest, readManifest } from "./manifest.js";
import { checkContents, checkFingerprint, type VerifyOptions } from "./verify-backup.js";

/** What to restore, where to, and where the new replica's id comes from. */
export interface RestoreOrder extends VerifyOptions {
  readonly file: string;
  readonly dataFolder: string;
  readonly newReplicaId: () => number;
}

/** What was restored. */
export interface Restored {
  readonly manifest: Manifest;
  /** Id under which the copy writes from now on. */
  readonly replicaId: number;
}

/**
 * Makes a data folder from a backup: the copy is verified as the backup was when it was made, and gets a replica id of its own. Throws
 * `already-exists` for a folder that holds data, `corrupt` for a backup that is not what its manifest says, `unavailable`, `storage`
 * or `not-found`; the folder then holds no data.
 */
export function restoreBackup({ file, dataFolder, newReplicaId, ...options }: RestoreOrder): Restored {
  const manifest = readManifest(manifestBeside(file));
  refuseData(dataFolder);
  const folder = takeDataFolder(dataFolder);
  try {
    // somebody else may have been quicker
    refuseData(dataFolder);
    const unfinished = folder.log + UNFINISHED;
    removeLog(unfinished);
    try {
      options.onStep?.("copying the file");
      checkFingerprint(file, manifest.file, copyToNewFile(file, unfinished));
      const replicaId = adopt(unfinished, manifest, newReplicaId, options);
      if (existsSync(`${unfinished}-wal`)) {
        throw new MurmurationError(
          "storage",
          `${unfinished}: what was written to it could not be brought into one file`,
        );
      }
      withFileErrors(dataFolder, () => renameSync(unfinished, folder.log));
      flush(dataFolder);
      return { manifest, replicaId };
    } catch (error) {
      removeLog(unfinished);
      throw error;
    }
  } finally {
    folder.release();
  }
}

/** Verify the copy and give it an id of its own. */
function adopt(file: string, manifest: Manifest, newReplicaId: () => number, options: VerifyOptions): number {
  const log = new SqliteOpLog(file);
  try {
    checkContents(log, manifest, options);
    return takeNewIdentity(log, newReplicaId);
  } finally {
    log.close();
  }
}

/** Images count as data: those of another log must not meet this one. */
function refuseData(dataFolder: string): void {
  const { log, images } = dataFiles(dataFolder);
  const holdsImages = existsSync(images) && readdirSync(images).length > 0;
  if (!holdsImages && !existsSync(log) && !existsSync(`${log}-wal`)) return;
  throw new MurmurationError(
    "already-exists",
    `${dataFolder} holds data already: a backup is restored into a new folder`,
  );
}
