import { renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkLogSchema, type LogFile } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { logKeyOf } from "../encryption/data-keys.js";
import { newKeyRing } from "../encryption/key-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { putRing } from "../encryption/ring-files.js";
import { takeDataFolder } from "../engine/data-folder.js";
import type { ObjectStore } from "../object-store/mod.js";
import { UNFINISHED } from "./backup-folder.js";
import { fetchLog } from "./fetch-log.js";
import { flush, removeLog, withFileErrors } from "./files.js";
import { PartCodec } from "./part-codec.js";
import { adopt, type Restored, type RestoreOptions, refuseData, requireOneFile } from "./restore-backup.js";
import { makerOf, storedManifest, storedNames } from "./stored-backups.js";
import { type FoundStoredManifest, type StoredManifest, schemaOf } from "./stored-manifest.js";
import { withTemporaryFolder } from "./temporary-folder.js";
import { checkRows, type VerifyOptions } from "./verify-backup.js";

/** The backup of this name, or the newest one. Throws `not-found`, what the store throws, and as `parseStoredManifest`. */
export async function findStored(
  store: ObjectStore,
  name: string | undefined,
  masterKeys: MasterKeys | undefined,
): Promise<FoundStoredManifest> {
  const wanted = name ?? (await storedNames(store))[0];
  if (wanted === undefined) throw new MurmurationError("not-found", `${store.place}: there is no backup`);
  const found = await storedManifest(store, wanted, masterKeys);
  checkLogSchema(schemaOf(found.manifest));
  return found;
}

/** Puts the log of a backup together in a new file. Throws as `fetchLog`. */
export function fetchStored(
  store: ObjectStore,
  { manifest, keys }: FoundStoredManifest,
  to: LogFile,
  options: VerifyOptions,
): Promise<void> {
  options.onStep?.("fetching the parts");
  const replicaId = makerOf(store, manifest.name);
  return fetchLog({ store, replicaId, codec: new PartCodec(keys) }, manifest, to);
}

/**
 * Makes a data folder from a backup in a store, as `restoreBackup` does from one in a folder: every part is checked by its hash, then the digests of a replica that is recovered from them.
 * Throws as that does, `corrupt` for a part that is lost or changed, and what the store throws; the folder then holds no data.
 */
export async function restoreStored(
  store: ObjectStore,
  name: string | undefined,
  { dataFolder, newReplicaId, ...options }: RestoreOptions,
): Promise<Restored> {
  refuseData(dataFolder);
  const found = await findStored(store, name, options.masterKeys);
  const folder = takeDataFolder(dataFolder);
  try {
    // somebody else may have been quicker
    refuseData(dataFolder);
    const unfinished = folder.log + UNFINISHED;
    removeLog(unfinished);
    const ring = options.masterKeys && { ...newKeyRing(), isUnderWay: false };
    const key = ring && logKeyOf(ring);
    try {
      await fetchStored(store, found, { file: unfinished, key }, options);
      const replicaId = adopt(unfinished, key, found.manifest, newReplicaId, options);
      requireOneFile(unfinished);
      flush(unfinished);
      if (ring !== undefined) putRing(dataFolder, ring, options.masterKeys as MasterKeys);
      withFileErrors(dataFolder, () => renameSync(unfinished, folder.log));
      flush(dataFolder);
      return { manifest: found.manifest, replicaId };
    } catch (error) {
      removeLog(unfinished);
      throw error;
    }
  } finally {
    folder.release();
  }
}

/**
 * Does a backup in a store restore to what its manifest says, and is every row in it what was written? It is put together in a temporary folder, encrypted where it is, of which nothing stays.
 * Throws as `verifyBackup`, and as `fetchLog`.
 */
export async function verifyStored(
  store: ObjectStore,
  name: string | undefined,
  options: VerifyOptions & { readonly temporary?: string },
): Promise<StoredManifest> {
  const found = await findStored(store, name, options.masterKeys);
  const temporary = options.temporary ?? tmpdir();
  return withTemporaryFolder(temporary, "murmuration-verify", async (folder) => {
    const file = join(folder, "verified.db");
    const key = found.keys && logKeyOf(found.keys);
    await fetchStored(store, found, { file, key }, options);
    checkRows(file, key, found.manifest, options);
    return found.manifest;
  });
}
