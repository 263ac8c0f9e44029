import { Worker } from "node:worker_threads";
import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { FolderRing } from "../encryption/folder-ring.js";
import { fromPlainError } from "../threads/plain-error.js";
import { BackupFolder, backupName, type ListedBackup, parseBackupName } from "./backup-folder.js";
import type { BackupOrder } from "./make-backup.js";
import type { Manifest } from "./manifest.js";
import { nextBackupDelayMs } from "./schedule.js";
import type { BackupOutcome } from "./worker.js";

const MINUTE_MS = 60_000;
/** No scheduled backup is made so soon after the start: the engine still recovers, and a process that dies of a backup has lived so long. */
const SETTLE_MS = 60_000;
const YOUNG_GENERATION_MEBIBYTES = 96;

/** Whose backups, where they go, how often, and how many stay. */
export interface BackupsOptions {
  readonly logFile: string;
  readonly replicaId: number;
  readonly folder: string;
  /** 0: only on request. */
  readonly everyMinutes: number;
  /** So many of this replica's stay, the newest. */
  readonly keep: number;
  readonly log: Logger;
  /** No scheduled backup is made so soon after the start. */
  readonly settleMs?: number;
  /** What the log is encrypted with, if it is. */
  readonly ring?: FolderRing | undefined;
}

/** Backups as `GET /murmur/backups` tells of them. */
export interface BackupsReport {
  readonly folder: string;
  readonly everyMinutes: number;
  readonly keep: number;
  readonly isRunning: boolean;
  /** Why the last attempt failed; missing after one that did not. */
  readonly lastFailure?: { readonly atMs: number; readonly why: string };
  /** Newest first. */
  readonly backups: readonly ListedBackup[];
}

/** Makes backups of a replica's log, on request and on schedule, one at a time, each in a thread of its own. */
export class Backups {
  readonly #options: BackupsOptions;
  readonly #folder: BackupFolder;
  readonly #log: Logger;
  #running: Promise<Manifest> | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastFailure: BackupsReport["lastFailure"];
  #isClosed = false;
  readonly #earliestMs: number;

  private constructor(options: BackupsOptions) {
    this.#options = options;
    this.#folder = new BackupFolder(options.folder, () => options.ring?.masterKeys);
    this.#log = options.log;
    this.#earliestMs = Date.now() + (options.settleMs ?? SETTLE_MS);
  }

  /** Clears what an earlier process left unfinished, and begins with the schedule. A folder out of order is told of, and tried again. */
  static async open(options: BackupsOptions): Promise<Backups> {
    const backups = new Backups(options);
    await backups.#sweep();
    await backups.#schedule();
    return backups;
  }

  /**
   * Make a backup now. Resolves when it is durable and verified; rejects with `conflict` while another is made, with `storage` or `corrupt`
   * when it failed: then nothing of it is left.
   */
  make(): Promise<Manifest> {
    if (this.#isClosed) return Promise.reject(new MurmurationError("unavailable", "the server is stopping"));
    if (this.#running !== undefined) {
      return Promise.reject(new MurmurationError("conflict", "another backup is being made"));
    }
    clearTimeout(this.#timer);
    this.#running = this.#make().finally(() => {
      this.#running = undefined;
      void this.#schedule();
    });
    return this.#running;
  }

  async report(): Promise<BackupsReport> {
    const { folder, everyMinutes, keep } = this.#options;
    return {
      folder,
      everyMinutes,
      keep,
      isRunning: this.#running !== undefined,
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
      backups: await this.#folder.list(),
    };
  }

  /** Has the keys of this replica's backups be wrapped by the key that is the first one now. Returns the names of those that cannot be opened any more. Throws `storage`. */
  rewrap(): Promise<string[]> {
    return this.#folder.rewrap(this.#options.replicaId);
  }

  /** Throws `not-found`, or `storage`. */
  remove(name: string): Promise<void> {
    return this.#folder.remove(name);
  }

  /**
   * Names of backups that may hold what was erased: of a log that was not scrubbed of it, with the collection. Of this replica, and of those that are no
   * members: members see to theirs. Rejects with `conflict` while one is made.
   */
  async holding(
    erased: readonly { readonly id: string; readonly shard: string }[],
    members: ReadonlySet<number>,
  ): Promise<string[]> {
    if (this.#running !== undefined) throw new MurmurationError("conflict", "a backup is being made");
    const { replicaId } = this.#options;
    const isOurs = (name: string) => {
      const of = parseBackupName(name)?.replicaId as number;
      return of === replicaId || !members.has(of);
    };
    const mayHold = (one: ListedBackup) =>
      !("manifest" in one) ||
      erased.some(
        ({ id, shard }) =>
          one.manifest.erased?.includes(id) !== true &&
          one.manifest.contents.collections.some((collection) => collection.shard === shard),
      );
    const listed = (await this.#folder.list()).filter(({ name }) => isOurs(name));
    return listed.filter(mayHold).map(({ name }) => name);
  }

  /** Ends the schedule, and a backup that is being made. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const running = this.#running;
    await this.#worker?.terminate();
    await running?.catch(() => undefined);
  }

  async #make(): Promise<Manifest> {
    try {
      const manifest = await this.#copy();
      this.#lastFailure = undefined;
      const { name, ms, file } = manifest;
      this.#log.info({ name, ms, bytes: file.bytes }, "backup made");
      // the key may have changed while it was made
      if (this.#options.ring !== undefined) await this.#rewrapAfter();
      await this.#retain();
      return manifest;
    } catch (error) {
      const why = (error as Error).message;
      this.#lastFailure = { atMs: Date.now(), why };
      if (this.#isClosed) await this.#sweep();
      else this.#log.error({ why }, "a backup failed");
      throw error;
    }
  }

  /** A backup is made, whatever becomes of the keys of others. */
  async #rewrapAfter(): Promise<void> {
    try {
      const closed = await this.rewrap();
      if (closed.length > 0) this.#log.warn({ backups: closed }, "backups stay under a key that is not given any more");
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, "backups may stay under a key of before");
    }
  }

  async #copy(): Promise<Manifest> {
    const { logFile, replicaId, ring } = this.#options;
    await this.#folder.make();
    const newestMs = await this.#newestMs();
    // names tell the order in which backups were made, also when the clock was set back
    const createdMs = Math.max(Date.now(), (newestMs ?? 0) + 1);
    const name = backupName(createdMs, replicaId);
    const encryption = ring && { keys: ring.keys, ring: ring.written() };
    return this.#work({ logFile, folder: this.#folder.path, name, createdMs, encryption });
  }

  #work(order: BackupOrder): Promise<Manifest> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new MurmurationError("unavailable", "the server is stopping");
      const worker = new Worker(new URL("./worker.js", import.meta.url), {
        workerData: order,
        // as for the engine's recovery
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MEBIBYTES },
      });
      this.#worker = worker;
      worker.once("message", (outcome: BackupOutcome) => {
        if ("manifest" in outcome) resolve(outcome.manifest);
        else reject(fromPlainError(outcome.error));
      });
      worker.once("error", (error) =>
        reject(new MurmurationError("storage", `the backup's thread failed: ${error.message}`, undefined, error)),
      );
      worker.once("exit", () => {
        this.#worker = undefined;
        reject(new MurmurationError("unavailable", "the backup was broken off"));
      });
    });
  }

  /** Remove what is beyond the number to keep. The one just made has the newest name. */
  async #retain(): Promise<void> {
    const { keep, replicaId } = this.#options;
    try {
      const names = await this.#folder.names(replicaId);
      for (const name of names.slice(keep)) await this.#folder.remove(name);
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, "old backups could not be removed");
    }
  }

  async #sweep(): Promise<void> {
    try {
      const files = await this.#folder.sweep(this.#options.replicaId);
      if (files.length > 0) this.#log.info({ files }, "unfinished backups removed");
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, "the backup folder could not be read");
    }
  }

  async #newestMs(): Promise<number | undefined> {
    const [newest] = await this.#folder.names(this.#options.replicaId);
    return newest === undefined ? undefined : parseBackupName(newest)?.createdMs;
  }

  async #schedule(): Promise<void> {
    const everyMs = this.#options.everyMinutes * MINUTE_MS;
    if (everyMs === 0) return;
    const newestMs = await this.#newestMs().catch(() => undefined);
    if (this.#isClosed || this.#running !== undefined) return;
    const hasFailed = this.#lastFailure !== undefined;
    const delayMs = nextBackupDelayMs({
      nowMs: Date.now(),
      everyMs,
      newestMs,
      hasFailed,
      earliestMs: this.#earliestMs,
    });
    clearTimeout(this.#timer);
    // a failure is told of where it happens
    this.#timer = setTimeout(() => this.make().catch(() => undefined), delayMs).unref();
  }
}
