import { renameSync, rmSync } from "node:fs";
import {
  clockOf,
  SCRUBBED_SETTING,
  SqliteOpLog,
  SYSTEM_SHARD,
  scrubbedErasures,
  versionVectorToJson,
} from "@murmuration/core";
import { logKeyOf } from "../encryption/data-keys.js";
import { version } from "../version.js";
import { backupFiles, UNFINISHED } from "./backup-folder.js";
import { fingerprintOf, flush, withFileErrors, writeNewFile } from "./files.js";
import { contentsOf } from "./log-contents.js";
import { type BackupEncryption, type Manifest, manifestFormatVersion, manifestText } from "./manifest.js";

/** What to back up, and where to. */
export interface BackupOrder {
  readonly logFile: string;
  /** Is there. */
  readonly folder: string;
  readonly name: string;
  readonly createdMs: number;
  /** Of the log; the backup is encrypted with the same. */
  readonly encryption?: BackupEncryption | undefined;
}

/**
 * Copies a log, which its writer goes on writing, into a folder, and recovers a replica from the copy to know that it can be restored
 * and to what. The backup is there, durable and whole, when this returns, and nothing of it when it throws (`storage`, `corrupt`).
 */
export function makeBackup({ logFile, folder, name, createdMs, encryption }: BackupOrder): Manifest {
  const began = performance.now();
  const key = encryption && logKeyOf(encryption.keys);
  const files = backupFiles(folder, name);
  const unfinished = { log: files.log + UNFINISHED, manifest: files.manifest + UNFINISHED };
  try {
    copyLog(logFile, unfinished.log, key);
    const { erased, ...read } = readContents(unfinished.log, key);
    const manifest: Manifest = {
      format: manifestFormatVersion,
      name,
      version,
      created: new Date(createdMs).toISOString(),
      ms: Math.round(performance.now() - began),
      file: fingerprintOf(unfinished.log),
      ...read,
      ...(erased.length === 0 ? {} : { erased }),
    };
    writeNewFile(unfinished.manifest, manifestText(manifest, encryption));
    withFileErrors(folder, () => {
      renameSync(unfinished.log, files.log);
      renameSync(unfinished.manifest, files.manifest);
    });
    flush(folder);
    return manifest;
  } catch (error) {
    for (const path of [files.manifest, files.log, unfinished.manifest, unfinished.log]) rmSync(path, { force: true });
    throw error;
  }
}

function copyLog(from: string, to: string, key: Uint8Array | undefined): void {
  const log = new SqliteOpLog(from, { readOnly: true, key });
  try {
    log.copyTo(to);
  } finally {
    log.close();
  }
  flush(to);
}

function readContents(file: string, key: Uint8Array | undefined) {
  const log = new SqliteOpLog(file, { readOnly: true, key });
  try {
    const { wallMs, counter } = clockOf(log) ?? { wallMs: 0, counter: 0 };
    const erased = scrubbedErasures(log.setting(SCRUBBED_SETTING));
    return {
      contents: contentsOf(log),
      clock: { wall_ms: wallMs, counter },
      catalogue_frontier: versionVectorToJson(log.frontier(SYSTEM_SHARD)),
      erased,
    };
  } finally {
    log.close();
  }
}
