import { existsSync, readdirSync, renameSync } from "node:fs";
import { copyLog, SqliteOpLog, takeNewIdentity } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import { newKeyRing } from "../encryption/key-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { putRing } from "../encryption/ring-files.js";
import { dataFiles, takeDataFolder } from "../engine/data-folder.js";
import { manifestBeside, UNFINISHED } from "./backup-folder.js";
import type { AnyManifest } from "./backup-place.js";
import { copyToNewFile, flush, removeLog, withFileErrors } from "./files.js";
import { readManifest } from "./manifest.js";
import { checkContents, checkFingerprint, type VerifyOptions } from "./verify-backup.js";

/** What to restore, where to, and where the new replica's id comes from. */
export interface RestoreOrder extends RestoreOptions {
  readonly file: string;
}

/** Where to, and where the new replica's id comes from. */
export interface RestoreOptions extends VerifyOptions {
  /** Is given the log before it takes its place, with its new id; what it throws ends the restore. */
  readonly onAdopted?: (log: SqliteOpLog) => void;
  readonly dataFolder: string;
  readonly newReplicaId: () => number;
}

/** What was restored. */
export interface Restored {
  readonly manifest: AnyManifest;
  /** Id under which the copy writes from now on. */
  readonly replicaId: number;
}

/**
 * Makes a data folder from a backup: the copy is verified as the backup was when it was made, and gets a replica id of its own. Throws
 * `already-exists` for a folder that holds data, `corrupt` for a backup that is not what its manifest says, `unavailable`, `storage`
 * or `not-found`; the folder then holds no data.
 */
export function restoreBackup({ file, dataFolder, newReplicaId, ...options }: RestoreOrder): Restored {
  const { manifest, keys } = readManifest(manifestBeside(file), options.masterKeys);
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
      const replicaId = adopt(unfinished, keys && logKeyOf(keys), manifest, newReplicaId, options);
      requireOneFile(unfinished);
      const finished = options.masterKeys === undefined ? unfinished : takeKeys(dataFolder, unfinished, keys, options);
      withFileErrors(dataFolder, () => renameSync(finished, folder.log));
      flush(dataFolder);
      return { manifest, replicaId };
    } catch (error) {
      for (const left of [unfinished, unfinished + REKEYED]) removeLog(left);
      throw error;
    }
  } finally {
    folder.release();
  }
}

/** Verifies a copy and gives it an id of its own. Returns that. */
export function adopt(
  file: string,
  key: Uint8Array | undefined,
  manifest: AnyManifest,
  newReplicaId: () => number,
  options: VerifyOptions & Pick<RestoreOptions, "onAdopted">,
): number {
  const log = new SqliteOpLog(file, { key });
  try {
    checkContents(log, manifest, options);
    const replicaId = takeNewIdentity(log, newReplicaId);
    options.onAdopted?.(log);
    return replicaId;
  } finally {
    log.close();
  }
}

/** Throws `storage` where some of a log stands beside its file. */
export function requireOneFile(file: string): void {
  if (!existsSync(`${file}-wal`)) return;
  throw new MurmurationError("storage", `${file}: what was written to it could not be brought into one file`);
}

/** Behind the name of a log that is written under keys of the folder's own. */
const REKEYED = ".rekeyed";

/** Gives a folder a ring of its own, and the log its keys. Returns the file of the log that has them. */
function takeKeys(
  dataFolder: string,
  log: string,
  keys: DataKeys | undefined,
  { masterKeys, onStep }: VerifyOptions,
): string {
  onStep?.("encrypting the log with keys of its own");
  const ring = { ...newKeyRing(), isUnderWay: false };
  const rekeyed = log + REKEYED;
  removeLog(rekeyed);
  copyLog({ file: log, key: keys && logKeyOf(keys) }, { file: rekeyed, key: logKeyOf(ring) });
  flush(rekeyed);
  removeLog(log);
  putRing(dataFolder, ring, masterKeys as MasterKeys);
  return rekeyed;
}

/** Throws `already-exists` for a folder that holds data. Images count as data: those of another log must not meet this one. */
export function refuseData(dataFolder: string): void {
  const { log, images } = dataFiles(dataFolder);
  const holdsImages = existsSync(images) && readdirSync(images).length > 0;
  if (!holdsImages && !existsSync(log) && !existsSync(`${log}-wal`)) return;
  throw new MurmurationError(
    "already-exists",
    `${dataFolder} holds data already: a backup is restored into a new folder`,
  );
}
