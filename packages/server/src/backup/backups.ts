import { rm } from "node:fs/promises";
import { MurmurationError } from "@murmuration/index";
import type { Logger } from "pino";
import type { FolderRing } from "../encryption/folder-ring.js";
import { isInTheClear, type StoreConfig } from "../object-store/mod.js";
import { BackupFolder, backupName, parseBackupName } from "./backup-folder.js";
import type { AnyManifest, BackupPlace, ListedBackup } from "./backup-place.js";
import { BackupThreads } from "./backup-thread.js";
import type { BackupCounts, BackupsReport, Drilled } from "./backups-report.js";
import { OneAtATime } from "./one-at-a-time.js";
import { Repeated } from "./repeated.js";
import { nextBackupDelayMs } from "./schedule.js";
import type { Shipped } from "./ship-log.js";
import { StoredBackups } from "./stored-backups.js";

const MINUTE_MS = 60_000;
/** No scheduled backup is made so soon after the start: the engine still recovers, and a process that dies of a backup has lived so long. */
const SETTLE_MS = 60_000;

/** Whose backups, where they go, how often, and how many stay. */
export interface BackupsOptions {
  readonly logFile: string;
  readonly replicaId: number;
  /** A folder, or a store with the folder where a copy lies until it is sent. */
  readonly to: { readonly folder: string } | { readonly store: StoreConfig; readonly staging: string };
  /** 0: only on request. */
  readonly everyMinutes: number;
  /** So many of this replica's stay, the newest. */
  readonly keep: number;
  readonly log: Logger;
  /** No scheduled backup is made so soon after the start. */
  readonly settleMs?: number;
  /** What the log is encrypted with, if it is. */
  readonly ring?: FolderRing | undefined;
  /** How often operations are sent that were written since; 0, or nothing: never. To a store alone. */
  readonly logEveryMinutes?: number;
  /** How often the newest one is restored in a drill; 0, or nothing: never. */
  readonly drillEveryMinutes?: number;
  /** Where to; it is emptied. Without it there are no drills. */
  readonly drillFolder?: string;
}

/** The first drill after a start comes after so long at most, and one that failed is tried again. */
const DRILL_SOON_MS = 600_000;

const UNCLEARED = "unfinished backups could not be removed";
const beingMade = () => new MurmurationError("conflict", "a backup is being made");
const beingDrilled = () => new MurmurationError("conflict", "a backup is being restored in a drill");

/** Makes backups of a replica's log, on request and on schedule, one at a time, each in a thread of its own. */
export class Backups {
  readonly #options: BackupsOptions;
  readonly #place: BackupPlace;
  readonly #log: Logger;
  #running: Promise<AnyManifest> | undefined;
  readonly #threads = new BackupThreads();
  readonly #drills: Repeated<Drilled>;
  readonly #shipping: Repeated<Shipped>;
  #lastMs: number | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastFailure: BackupsReport["lastFailure"];
  #isClosed = false;
  /** Backups and drills: each takes as much memory as the data, and a drill needs what retention removes. */
  readonly #recoveries = new OneAtATime();
  #isDrilling = false;
  /** What changes the place beside backups; one that is begun meanwhile waits, as it counts on what is there. */
  readonly #tidying = new OneAtATime();
  readonly #earliestMs: number;

  private constructor(options: BackupsOptions) {
    this.#options = options;
    const masterKeys = () => options.ring?.masterKeys;
    const { to } = options;
    this.#place = "store" in to ? new StoredBackups(to.store, masterKeys) : new BackupFolder(to.folder, masterKeys);
    this.#log = options.log;
    this.#earliestMs = Date.now() + (options.settleMs ?? SETTLE_MS);
    const { drillEveryMinutes = 0, logEveryMinutes = 0, log } = options;
    this.#drills = new Repeated({
      everyMinutes: drillEveryMinutes,
      soonMs: DRILL_SOON_MS,
      act: () => this.#recoveries.run(() => this.#drill()),
      onDone: (drilled) => log.info(drilled, "the newest backup was restored in a drill: equal to what was backed up"),
      onFailed: (why) => log.error({ why }, "a restore drill failed"),
    });
    this.#shipping = new Repeated({
      everyMinutes: "store" in to ? logEveryMinutes : 0,
      soonMs: MINUTE_MS,
      act: () => this.#tidying.run(() => this.#ship()),
      onFailed: (why) => log.error({ why }, "operations of the log could not be sent to the store"),
    });
  }

  /** Clears what an earlier process left unfinished, and begins with the schedule. A folder out of order is told of, and tried again. */
  static async open(options: BackupsOptions): Promise<Backups> {
    const backups = new Backups(options);
    if ("store" in options.to && isInTheClear(options.to.store)) {
      options.log.warn({ endpoint: options.to.store.endpoint }, "backups pass the network in the clear: use https://");
    }
    await backups.#sweep();
    const scheduled = backups.#schedule();
    // a store may be long in answering, and a server starts without it
    if ("folder" in options.to) await scheduled;
    return backups;
  }

  /**
   * Make a backup now. Resolves when it is durable and verified; rejects with `conflict` while another is made, with `storage` or `corrupt`
   * when it failed: then nothing of it is left.
   */
  make(): Promise<AnyManifest> {
    if (this.#isClosed) return Promise.reject(new MurmurationError("unavailable", "the server is stopping"));
    if (this.#running !== undefined) {
      return Promise.reject(new MurmurationError("conflict", "another backup is being made"));
    }
    clearTimeout(this.#timer);
    this.#running = this.#recoveries
      .run(() => this.#make())
      .finally(() => {
        this.#running = undefined;
        void this.#schedule();
      });
    return this.#running;
  }

  async report(): Promise<BackupsReport> {
    const { everyMinutes, keep } = this.#options;
    return {
      place: this.#place.path,
      everyMinutes,
      keep,
      isRunning: this.#running !== undefined,
      drills: this.#drills.report,
      shipping: this.#shipping.report,
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
      ...(await this.#listed()),
    };
  }

  /** What else there is to tell is told, also while a store does not answer. */
  async #listed(): Promise<Pick<BackupsReport, "backups" | "problem">> {
    try {
      return { backups: await this.#place.list() };
    } catch (error) {
      if (!("store" in this.#options.to) || !(error instanceof MurmurationError)) throw error;
      return { backups: [], problem: error.message };
    }
  }

  get counts(): BackupCounts {
    return {
      lastMs: this.#lastMs,
      failures: this.#failures,
      drills: this.#drills.report,
      shipping: this.#shipping.report,
    };
  }

  /** Has the keys of this replica's backups be wrapped by the key that is the first one now. Returns the names of those that cannot be opened any more. Throws `storage`. */
  rewrap(): Promise<string[]> {
    // not beside a removal: a manifest that is written again would be there again
    return this.#tidying.run(() => this.#place.rewrap(this.#options.replicaId));
  }

  /** Throws `not-found`, `storage`, or what a store throws; `conflict` in a drill, and while a backup is sent, whose parts would be taken for what is left over. */
  async remove(names: readonly string[]): Promise<void> {
    if (this.#isDrilling) throw beingDrilled();
    if (this.#running !== undefined && "store" in this.#options.to) throw beingMade();
    await this.#tidying.run(() => this.#place.remove(names, this.#options.replicaId));
  }

  /**
   * Leaves nothing there that is of no backup: of this replica, and of all that are no members, whatever they left. With `mayKeep`, a backup that cannot be read keeps what its replica left:
   * resolves to their names. Throws as `remove`, and `conflict` while a backup is made.
   */
  async leaveOnlyBackups(members: ReadonlySet<number>, mayKeep = false): Promise<string[]> {
    this.#requireIdle();
    const { replicaId } = this.#options;
    return this.#tidying.run(async () => {
      const left = (await this.#place.makers()).filter((id) => id !== replicaId && !members.has(id));
      const kept: string[] = [];
      for (const id of [replicaId, ...left]) kept.push(...(await this.#place.leaveOnlyBackups(id, mayKeep)));
      return kept;
    });
  }

  /**
   * Names of backups that may hold what was erased: of a log that was not scrubbed of it, with the collection. Of this replica, and of those that are no
   * members: members see to theirs. Rejects with `conflict` while one is made, or restored in a drill.
   */
  async holding(
    erased: readonly { readonly id: string; readonly shard: string }[],
    members: ReadonlySet<number>,
  ): Promise<string[]> {
    this.#requireIdle();
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
    const listed = (await this.#place.list()).filter(({ name }) => isOurs(name));
    return listed.filter(mayHold).map(({ name }) => name);
  }

  /** Ends the schedule, and a backup that is being made. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const running = this.#running;
    this.#drills.close();
    this.#shipping.close();
    await this.#threads.close();
    await running?.catch(() => undefined);
    // a thread that is broken off does not tidy up
    await this.#clear().catch((error: Error) => this.#log.warn({ why: error.message }, UNCLEARED));
  }

  #requireIdle(): void {
    if (this.#isDrilling) throw beingDrilled();
    if (this.#running !== undefined) throw beingMade();
  }

  async #make(): Promise<AnyManifest> {
    try {
      const manifest = await this.#copy();
      this.#lastFailure = undefined;
      this.#lastMs = Date.parse(manifest.created);
      const { name, ms } = manifest;
      const size = "file" in manifest ? { bytes: manifest.file.bytes } : { bytes: manifest.bytes, sent: manifest.sent };
      this.#log.info({ name, ms, ...size }, "backup made");
      // the key may have changed while it was made
      if (this.#options.ring !== undefined) await this.#rewrapAfter();
      await this.#tidying.run(() => this.#retain());
      return manifest;
    } catch (error) {
      const why = (error as Error).message;
      this.#failures++;
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

  async #copy(): Promise<AnyManifest> {
    const { logFile, replicaId, ring, to } = this.#options;
    await this.#tidying.settled;
    if (this.#place instanceof BackupFolder) await this.#place.make();
    const newestMs = await this.#newestMs();
    // names tell the order in which backups were made, also when the clock was set back
    const createdMs = Math.max(Date.now(), (newestMs ?? 0) + 1);
    const name = backupName(createdMs, replicaId);
    const encryption = ring && { keys: ring.keys, ring: ring.written() };
    const order = { logFile, name, createdMs, encryption };
    if ("folder" in to) return this.#threads.run<AnyManifest>({ ...order, folder: to.folder });
    return this.#threads.run<AnyManifest>({ ...order, folder: to.staging, store: to.store, replicaId });
  }

  /** Restores the newest backup of this replica. `undefined`: there is none, or it was removed meanwhile. */
  async #drill(): Promise<Drilled | undefined> {
    this.#isDrilling = true;
    try {
      await this.#tidying.settled;
      const { to, ring, replicaId, drillFolder } = this.#options;
      const [name] = await this.#place.names(replicaId);
      if (name === undefined || drillFolder === undefined) return undefined;
      const began = performance.now();
      const from = "folder" in to ? to : { store: to.store };
      try {
        await this.#threads.run({ drill: name, from, temporary: drillFolder, masterKeys: ring?.masterKeys });
      } catch (error) {
        // another replica may have removed it
        if (this.#isClosed || (await this.#place.names(replicaId)).includes(name)) throw error;
        return undefined;
      }
      return { backup: name, ms: Math.round(performance.now() - began) };
    } finally {
      this.#isDrilling = false;
    }
  }

  /** Sends what was written since. `undefined`: there is no backup that it could follow, or nothing was. */
  async #ship(): Promise<Shipped | undefined> {
    const { logFile, replicaId, to, ring } = this.#options;
    if (!(this.#place instanceof StoredBackups) || !("store" in to)) return undefined;
    const after = await this.#place.shippedTo(replicaId);
    if (after === undefined) return undefined;
    const encryption = ring && { keys: ring.keys, ring: ring.written() };
    const shipped = await this.#threads.run<Shipped>({ ship: { logFile, replicaId, after, encryption }, to: to.store });
    return shipped.operations === 0 ? undefined : shipped;
  }

  /** Remove what is beyond the number to keep. The one just made has the newest name. */
  async #retain(): Promise<void> {
    const { keep, replicaId } = this.#options;
    try {
      const old = (await this.#place.names(replicaId)).slice(keep);
      if (old.length > 0) await this.#place.remove(old, replicaId);
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, "old backups could not be removed");
    }
  }

  async #sweep(): Promise<void> {
    try {
      const files = await this.#place.sweep(this.#options.replicaId);
      if (files.length > 0) this.#log.info({ files }, "unfinished backups removed");
    } catch (error) {
      this.#log.warn({ why: (error as Error).message }, UNCLEARED);
    }
  }

  /** Removes copies that are no backups. */
  async #clear(): Promise<void> {
    const { to, drillFolder } = this.#options;
    if ("staging" in to) await rm(to.staging, { recursive: true, force: true });
    if (drillFolder !== undefined) await rm(drillFolder, { recursive: true, force: true });
  }

  async #newestMs(): Promise<number | undefined> {
    const [newest] = await this.#place.names(this.#options.replicaId);
    return newest === undefined ? undefined : parseBackupName(newest)?.createdMs;
  }

  async #schedule(): Promise<void> {
    const everyMs = this.#options.everyMinutes * MINUTE_MS;
    if (everyMs === 0) return;
    const newestMs = await this.#newestMs().catch(() => undefined);
    this.#lastMs ??= newestMs;
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
