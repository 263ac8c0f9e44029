import type { LogFile } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, logKeyOf } from "../encryption/data-keys.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { ObjectStore } from "../object-store/mod.js";
import { BackupFolder, backupFiles } from "./backup-folder.js";
import type { ListedBackup } from "./backup-place.js";
import { fetchSegments, listSegments } from "./fetch-segments.js";
import { fingerprintOf } from "./files.js";
import type { LogSegment } from "./log-segment.js";
import { readManifest } from "./manifest.js";
import type { HeldLog } from "./moment.js";
import { PartCodec } from "./part-codec.js";
import { type Restored, type RestoreOptions, restoreBackup } from "./restore-backup.js";
import { fetchStored, findStored, restoreStored } from "./restore-stored.js";
import { listStored, makerOf, storedManifest, storedNames } from "./stored-backups.js";
import { checkFingerprint } from "./verify-backup.js";

/** Backups, wherever they are, for whoever restores from them. */
export interface BackupSource {
  /** Newest first. */
  list(): Promise<ListedBackup[]>;
  /** Makes a data folder of the backup of this name. Throws as `restoreBackup` and `restoreStored`. */
  restore(name: string, options: RestoreOptions): Promise<Restored>;
  /** Segments of logs that are kept beside the backups, by their positions. */
  segments(): Promise<LogSegment[]>;
  /** Puts segments of the replica of this backup, as they are stored, into files in a folder, each checked. Returns what they hold. */
  fetchSegments(segments: readonly LogSegment[], name: string, folder: string): Promise<HeldLog>;
  /** The log of a backup in a file, checked; it may be put into this folder. Throws likewise. */
  logOf(name: string, folder: string): Promise<LogFile>;
}

/** Those in a folder. */
export function folderSource(folder: string, masterKeys: MasterKeys | undefined): BackupSource {
  return {
    list: () => new BackupFolder(folder, () => masterKeys).list(),
    restore: async (name, options) => restoreBackup({ file: backupFiles(folder, name).log, ...options }),
    segments: async () => [],
    fetchSegments: async () => ({ read: () => [] }),
    logOf: async (name) => {
      const { log: file, manifest } = backupFiles(folder, name);
      const found = readManifest(manifest, masterKeys);
      checkFingerprint(file, found.manifest.file, fingerprintOf(file));
      return { file, key: found.keys && logKeyOf(found.keys) };
    },
  };
}

/** Those in a store. */
export function storeSource(store: ObjectStore, masterKeys: MasterKeys | undefined): BackupSource {
  return {
    list: () => listStored(store, masterKeys),
    restore: (name, options) => restoreStored(store, name, options),
    segments: () => listSegments(store),
    fetchSegments: async (segments, name, folder) => {
      return fetchSegments(store, segments, await codecsSince(store, name, masterKeys), folder);
    },
    logOf: async (name, folder) => {
      const found = await findStored(store, name, masterKeys);
      const to: LogFile = { file: `${folder}/${name}.db`, key: found.keys && logKeyOf(found.keys) };
      await fetchStored(store, found, to, {});
      return to;
    },
  };
}

/**
 * What opens segments behind a backup: as it is encrypted itself, and as later ones of its replica are. In the clear only where the backup is: encryption is turned on, and whoever writes to the
 * bucket without a key must not turn it off.
 */
async function codecsSince(
  store: ObjectStore,
  name: string,
  masterKeys: MasterKeys | undefined,
): Promise<[PartCodec, ...PartCodec[]]> {
  const { keys: own } = await findStored(store, name, masterKeys);
  const codecs: [PartCodec, ...PartCodec[]] = [new PartCodec(own)];
  const idOf = (keys: DataKeys) => `${keys.ring} ${keys.keys[0].id}`;
  const seen = new Set(own && [idOf(own)]);
  for (const later of (await storedNames(store, makerOf(store, name))).filter((other) => other > name)) {
    const keys = await keysOf(store, later, masterKeys);
    if (keys === undefined || seen.has(idOf(keys))) continue;
    seen.add(idOf(keys));
    codecs.push(new PartCodec(keys));
  }
  return codecs;
}

/** The keys of a backup; `undefined`: it has none, or cannot be read. */
async function keysOf(
  store: ObjectStore,
  name: string,
  masterKeys: MasterKeys | undefined,
): Promise<DataKeys | undefined> {
  try {
    return (await storedManifest(store, name, masterKeys)).keys;
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code === "unavailable") throw error;
    return undefined;
  }
}
