import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { covers, emptyVersionVector, type Replica, SqliteOpLog, SYSTEM_SHARD } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { dataFiles } from "../engine/data-folder.js";
import type { ListedBackup } from "./backup-place.js";
import type { BackupSource } from "./backup-source.js";
import { withFileErrors } from "./files.js";
import { type CollectionContents, collectionsOf, openAlone } from "./log-contents.js";
import { type HeldLog, heldTogether, latestMs, type Moment, operationsUntil, type Steps, stepsTo } from "./moment.js";
import { type Restored, type RestoreOptions, refuseData } from "./restore-backup.js";

/** What was restored, and how it came to the moment. */
export interface RestoredMoment extends Restored {
  /** Name of the backup whose log goes on to the moment; `undefined`: the first one is of it. */
  readonly later: string | undefined;
  /** Operations that were applied behind the backup. */
  readonly replayed: number;
  /** What there is now. */
  readonly collections: readonly CollectionContents[];
}

/**
 * Makes a data folder as of a moment: the newest backup that holds nothing later is restored, and the operations that a later one of the same replica has of the time between are applied.
 * Throws as restoring does, and `bad-request` for a moment that is not held, with what is: before anything is written, or with nothing left of it. What it fetches
 * lies in `restoring/` of the folder meanwhile, encrypted where it was.
 */
export async function restoreMoment(
  source: BackupSource,
  moment: Moment,
  options: RestoreOptions,
): Promise<RestoredMoment> {
  refuseData(options.dataFolder);
  const listed = await source.list();
  try {
    return await restoreFrom(source, listed, moment, options);
  } catch (error) {
    throw withUnreadable(error, listed);
  }
}

/** Where a moment is not held, what could not be read may be why. */
function withUnreadable(error: unknown, listed: readonly ListedBackup[]): unknown {
  const unreadable = listed.flatMap((one) => ("problem" in one ? [one] : []));
  const [first] = unreadable;
  if (!(error instanceof MurmurationError) || error.code !== "bad-request" || first === undefined) return error;
  const count = unreadable.length === 1 ? "a backup" : `${unreadable.length} backups`;
  return new MurmurationError("bad-request", `${error.message}; ${count} cannot be read: ${first.problem}`);
}

async function restoreFrom(
  source: BackupSource,
  listed: readonly ListedBackup[],
  moment: Moment,
  options: RestoreOptions,
): Promise<RestoredMoment> {
  const manifests = listed.flatMap((one) => ("manifest" in one ? [one.manifest] : []));
  const all = stepsTo(moment, manifests, await source.segments());
  for (const [i, steps] of all.entries()) {
    try {
      return await restoreBy(source, moment, steps, options);
    } catch (error) {
      const isMissing = error instanceof MurmurationError && error.code === "bad-request";
      if (!isMissing || i === all.length - 1) throw error;
    }
  }
  throw new MurmurationError("internal", "there are steps to a moment, or it is refused");
}

async function restoreBy(
  source: BackupSource,
  moment: Moment,
  { base, segments, later }: Steps,
  options: RestoreOptions,
): Promise<RestoredMoment> {
  const { folder, remove } = makeRestoring(options.dataFolder);
  const opened: SqliteOpLog[] = [];
  try {
    const sources: HeldLog[] = [];
    if (segments.length > 0) {
      options.onStep?.(`fetching ${segments.length} segments of the log`);
      sources.push(await source.fetchSegments(segments, base.name, folder));
    }
    if (later !== undefined) {
      options.onStep?.(`fetching the log of ${later.name}`);
      const { file, key } = await source.logOf(later.name, folder);
      const log = new SqliteOpLog(file, { readOnly: true, key });
      opened.push(log);
      sources.push(log);
    }
    let replayed = 0;
    let collections: readonly CollectionContents[] = base.contents.collections;
    const onAdopted = (restored: SqliteOpLog) => {
      if (sources.length === 0) return;
      options.onStep?.("applying the operations since the backup");
      const replica = openAlone(restored);
      const { replica_id: replicaId, position: after } = base.contents;
      const last = Math.max(later?.contents.position ?? 0, segments.at(-1)?.to ?? 0);
      const cut = { moment, replicaId, last, after, baseMs: latestMs(base) };
      replayed = replica.replay(operationsUntil(heldTogether(sources), cut));
      requireSeen(replica, moment);
      collections = collectionsOf(replica);
    };
    const restored = await source.restore(base.name, { ...options, onAdopted });
    return { ...restored, later: later?.name, replayed, collections };
  } finally {
    for (const log of opened) log.close();
    remove();
  }
}

/** A folder of this restore's own in the data folder. Removing it leaves no data folder where there was none and nothing else came. */
function makeRestoring(dataFolder: string): { readonly folder: string; readonly remove: () => void } {
  const { restoring } = dataFiles(dataFolder);
  const isNew = !existsSync(dataFolder);
  const folder = withFileErrors(dataFolder, () => {
    mkdirSync(restoring, { recursive: true });
    return mkdtempSync(join(restoring, "moment-"));
  });
  const remove = () => {
    rmSync(folder, { recursive: true, force: true });
    for (const path of isNew ? [restoring, dataFolder] : [restoring]) {
      try {
        rmdirSync(path);
      } catch {
        // another one is at work there, or it holds what was restored
        return;
      }
    }
  };
  return { folder, remove };
}

/** Everything that the token has seen is here now. */
function requireSeen(replica: Replica, moment: Moment): void {
  if (!("token" in moment)) return;
  const held = replica.frontiers();
  for (const [shard, seen] of moment.token) {
    if (shard === SYSTEM_SHARD || covers(held.get(shard) ?? emptyVersionVector, seen)) continue;
    throw new MurmurationError("bad-request", `what the token has seen of collection ${shard} is in no backup`);
  }
}
