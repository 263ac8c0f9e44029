import type { LogFile } from "@murmuration/core";
import { logKeyOf } from "../encryption/data-keys.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import type { ObjectStore } from "../object-store/mod.js";
import { BackupFolder, backupFiles } from "./backup-folder.js";
import type { ListedBackup } from "./backup-place.js";
import { fetchSegments, listSegments } from "./fetch-segments.js";
import { fingerprintOf } from "./files.js";
import type { LogSegment } from "./log-segment.js";
import { readManifest } from "./manifest.js";
import { PartCodec } from "./part-codec.js";
import { type Restored, type RestoreOptions, restoreBackup } from "./restore-backup.js";
import { fetchStored, findStored, restoreStored } from "./restore-stored.js";
import { listStored } from "./stored-backups.js";
import { checkFingerprint } from "./verify-backup.js";

/** Backups, wherever they are, for whoever restores from them. */
export interface BackupSource {
  /** Newest first. */
  list(): Promise<ListedBackup[]>;
  /** Makes a data folder of the backup of this name. Throws as `restoreBackup` and `restoreStored`. */
  restore(name: string, options: RestoreOptions): Promise<Restored>;
  /** Segments of logs that are kept beside the backups, by their positions. */
  segments(): Promise<LogSegment[]>;
  /** Puts segments of a replica that encrypts as this backup does into files in a folder, each checked. Returns their paths, in order. */
  fetchSegments(segments: readonly LogSegment[], name: string, folder: string): Promise<string[]>;
  /** The log of a backup in a file, checked; it may be put into this folder. Throws likewise. */
  logOf(name: string, folder: string): Promise<LogFile>;
}

/** Those in a folder. */
export function folderSource(folder: string, masterKeys: MasterKeys | undefined): BackupSource {
  return {
    list: () => new BackupFolder(folder, () => masterKeys).list(),
    restore: async (name, options) => restoreBackup({ file: backupFiles(folder, name).log, ...options }),
    segments: async () => [],
    fetchSegments: async () => [],
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
      const { keys } = await findStored(store, name, masterKeys);
      return fetchSegments(store, segments, new PartCodec(keys), folder);
    },
    logOf: async (name, folder) => {
      const found = await findStored(store, name, masterKeys);
      const to: LogFile = { file: `${folder}/${name}.db`, key: found.keys && logKeyOf(found.keys) };
      await fetchStored(store, found, to, {});
      return to;
    },
  };
}
