import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import type { MasterKeys } from "../encryption/master-keys.js";
import { folderFailureInWords } from "../engine/failure-in-words.js";
import type { BackupPlace, ListedBackup } from "./backup-place.js";
import { fileError, flush } from "./files.js";
import { parseManifest, rewrappedManifest } from "./manifest.js";

// A backup is NAME.db, the log, and NAME.json, its manifest, which is put there last: without it there is no backup of that name.
// Until then both are called so with UNFINISHED behind.

/** Behind the names of files that are being made. */
export const UNFINISHED = ".unfinished";

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-(\d{1,8})$/;
const FILE = /^(.+)\.(db|json)(\.unfinished(?:-\w+)?)?$/;

/** The two files of a backup. */
export interface BackupFiles {
  readonly log: string;
  readonly manifest: string;
}

/** `20261125T174653123Z-5`: names sort by time. */
export function backupName(createdMs: number, replicaId: number): string {
  return `${new Date(createdMs).toISOString().replace(/[-:.]/g, "")}-${replicaId}`;
}

/** Time and replica that a name tells; `undefined` for what is no backup's name. */
export function parseBackupName(name: string): { readonly createdMs: number; readonly replicaId: number } | undefined {
  const [, year, month, day, hour, minute, second, ms, replica] = NAME.exec(name) ?? [];
  if (replica === undefined) return undefined;
  const createdMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(createdMs) ? undefined : { createdMs, replicaId: Number(replica) };
}

export function backupFiles(folder: string, name: string): BackupFiles {
  return { log: join(folder, `${name}.db`), manifest: join(folder, `${name}.json`) };
}

/** The manifest that belongs beside a backup's file. */
export function manifestBeside(file: string): string {
  return `${file.replace(/\.db$/, "")}.json`;
}

/** The folder where backups are. Several replicas may use one: each touches only what it made itself. */
export class BackupFolder implements BackupPlace {
  readonly path: string;
  readonly #masterKeys: () => MasterKeys | undefined;

  /** `masterKeys`: what opens manifests that are encrypted. */
  constructor(path: string, masterKeys: () => MasterKeys | undefined = () => undefined) {
    this.path = path;
    this.#masterKeys = masterKeys;
  }

  /** Names of the backups, newest first; of one replica, or of all. A folder that is not there has none. */
  async names(replicaId?: number): Promise<string[]> {
    const found: string[] = [];
    for (const { name, isManifest, isFinished } of await this.#files(replicaId)) {
      if (isManifest && isFinished) found.push(name);
    }
    return found.sort().reverse();
  }

  /** All backups, newest first. */
  async list(): Promise<ListedBackup[]> {
    const names = await this.names();
    return Promise.all(
      names.map(async (name) => {
        const path = backupFiles(this.path, name).manifest;
        try {
          const { manifest } = parseManifest(await readFile(path, "utf8"), path, this.#masterKeys());
          return { name, manifest };
        } catch (error) {
          return { name, problem: (fileError(error, path) as Error).message };
        }
      }),
    );
  }

  /** Throws `not-found`, or `storage`. */
  async remove(names: readonly string[]): Promise<void> {
    const there = new Set(await this.names());
    for (const name of names) {
      if (!there.has(name)) throw new MurmurationError("not-found", `there is no backup ${name}`);
    }
    try {
      for (const name of names) {
        const files = backupFiles(this.path, name);
        // the manifest first: what is left over without it is swept
        for (const path of [files.manifest, files.log]) await rm(path, { force: true });
      }
      flush(this.path);
    } catch (error) {
      throw fileError(error, this.path);
    }
  }

  /** Removes what a replica left unfinished. Returns the names of the files. */
  async sweep(replicaId: number): Promise<string[]> {
    const files = await this.#files(replicaId);
    const finished = new Set(files.filter((one) => one.isManifest && one.isFinished).map(({ name }) => name));
    const left = files.filter((one) => !one.isFinished || !finished.has(one.name)).map(({ file }) => file);
    for (const file of left) await rm(join(this.path, file), { force: true });
    return left;
  }

  async makers(): Promise<number[]> {
    const files = await this.#files(undefined);
    return [...new Set(files.flatMap(({ name }) => parseBackupName(name)?.replicaId ?? []))];
  }

  /** A folder holds nothing else of a replica while none is made. */
  async leaveOnlyBackups(replicaId: number): Promise<string[]> {
    await this.sweep(replicaId);
    return [];
  }

  /** Has the manifests of a replica be wrapped by the first of the keys. Returns the names of those that none of them opens. Throws `storage`. */
  async rewrap(replicaId: number): Promise<string[]> {
    const masterKeys = this.#masterKeys();
    const closed: string[] = [];
    for (const name of masterKeys === undefined ? [] : await this.names(replicaId)) {
      const path = backupFiles(this.path, name).manifest;
      try {
        const text = rewrappedManifest(await readFile(path, "utf8"), path, masterKeys as MasterKeys);
        if (text === undefined) continue;
        await writeFile(path + UNFINISHED, text, { flush: true });
        await rename(path + UNFINISHED, path);
        flush(this.path);
      } catch (error) {
        if (!(error instanceof MurmurationError)) throw fileError(error, path);
        closed.push(name);
      }
    }
    return closed;
  }

  /** Makes the folder if it is not there. Throws `storage`. */
  async make(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true });
    } catch (error) {
      throw new MurmurationError(
        "storage",
        `cannot make the backup folder ${this.path}: ${folderFailureInWords(this.path, error)}`,
        undefined,
        error,
      );
    }
  }

  async #files(replicaId: number | undefined) {
    const entries = await readdir(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw fileError(error, this.path);
    });
    return entries.flatMap((file) => {
      const [, name = "", extension, unfinished] = FILE.exec(file) ?? [];
      const parsed = parseBackupName(name);
      if (parsed === undefined || (replicaId !== undefined && parsed.replicaId !== replicaId)) return [];
      return [{ file, name, isManifest: extension === "json", isFinished: unfinished === undefined }];
    });
  }
}
