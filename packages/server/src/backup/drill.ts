import { randomInt } from "node:crypto";
import { join } from "node:path";
import { limits, SqliteOpLog } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { logKeyOf } from "../encryption/data-keys.js";
import { openRing } from "../encryption/key-ring.js";
import type { MasterKeys } from "../encryption/master-keys.js";
import { findRing } from "../encryption/ring-files.js";
import { dataFiles } from "../engine/data-folder.js";
import type { AnyManifest } from "./backup-place.js";
import type { BackupSource } from "./backup-source.js";
import { contentDifferences, contentsOf } from "./log-contents.js";
import { withTemporaryFolder } from "./temporary-folder.js";
import type { VerifyOptions } from "./verify-backup.js";

/** How a drill went that went well. */
export interface DrillReport {
  readonly manifest: AnyManifest;
  /** What restoring, opening and comparing took. */
  readonly ms: number;
}

/**
 * Restores a backup, the newest one or the one that is named, into a folder of its own below `temporary`, opens it as a start does, under its own keys, and compares what is there with what the
 * manifest recorded when it was made: of each collection frontier, points and digests. Nothing stays of it, whatever comes. Throws as restoring does, `corrupt` where it is something else.
 */
export async function drill(
  source: BackupSource,
  name: string | undefined,
  { temporary, ...options }: VerifyOptions & { readonly temporary: string },
): Promise<DrillReport> {
  const began = performance.now();
  const wanted = name ?? (await source.list())[0]?.name;
  if (wanted === undefined) throw new MurmurationError("not-found", "there is no backup");
  return withTemporaryFolder(temporary, "murmuration-drill", async (folder) => {
    const dataFolder = join(folder, "data");
    const newReplicaId = () => randomInt(1, limits.originMax + 1);
    const { manifest, replicaId } = await source.restore(wanted, { ...options, dataFolder, newReplicaId });
    options.onStep?.("opening what was restored");
    const files = dataFiles(dataFolder);
    const log = new SqliteOpLog(files.log, { key: keyIn(dataFolder, options.masterKeys) });
    try {
      const expected = { ...manifest.contents, replica_id: replicaId };
      const [difference] = contentDifferences(expected, contentsOf(log));
      if (difference !== undefined) {
        throw new MurmurationError("corrupt", `backup ${manifest.name} restores to something else: ${difference}`);
      }
    } finally {
      log.close();
    }
    return { manifest, ms: Math.round(performance.now() - began) };
  });
}

/** The key of the log of a folder; `undefined`: it is not encrypted. */
function keyIn(folder: string, masterKeys: MasterKeys | undefined): Uint8Array | undefined {
  const there = findRing(folder);
  if (there === undefined || masterKeys === undefined) return undefined;
  return logKeyOf(openRing(there.ring, masterKeys, `the data folder ${folder}`));
}
