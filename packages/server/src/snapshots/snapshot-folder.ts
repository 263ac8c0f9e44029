import { createHash, randomUUID } from "node:crypto";
import {
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { type DataKeys, openBytes, sealBytes } from "../encryption/data-keys.js";
import { plainBytesOf } from "../encryption/sealed-pages.js";
import { type NotedSnapshot, newSnapshotId, SnapshotNotes } from "./snapshot-notes.js";

/** A snapshot, as the dialect describes it. */
export interface SnapshotDescription {
  readonly name: string;
  /** UTC, to the second. */
  readonly creation_time: string;
  readonly size: number;
  readonly checksum: string | null;
}

const SECOND_MS = 1_000;
const SUFFIX = ".snapshot";
const CHECKSUM = ".checksum";
/** Files that are being made, or were sent. */
const WORK = ".work";
/** What is being recovered: N.json says of which collection, beside N.snapshot. It is gone on over where a process ended. */
const RECOVERING = ".recovering";
const NOTE = ".json";
const UNFINISHED = ".unfinished";

/** A recovery that was begun: everything was checked, and something may have been written. */
export interface BegunRecovery {
  readonly collection: string;
  readonly file: string;
  /** It is over, whatever it came to. */
  end(): Promise<void>;
}
/** Names of collections that are names of folders as they are. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const NAME = /^[^/\\\0]{1,200}\.snapshot$/;

/** Names of files that say nothing. */
const RANDOM = /^[0-9a-f-]{36}$/;

/** Removes what a process left that ended while it began a recovery, or ended one: a file without a note is of none. */
async function clearRecovering(folder: string): Promise<void> {
  const names = new Set(await readdir(folder));
  for (const name of names) {
    const isOfNone = name.endsWith(SUFFIX) && !names.has(name.slice(0, -SUFFIX.length) + NOTE);
    if (isOfNone || name.endsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
  }
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** A name of a collection as part of a path. */
export function pathPart(collection: string): string {
  return PLAIN.test(collection) ? collection : createHash("sha256").update(collection).digest("hex").slice(0, 40);
}

async function writtenMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

/** The folder of all snapshots: those of the whole store in it, those of a collection in a folder of its own. */
export class SnapshotFolder {
  readonly #root: string;
  /** What is kept is encrypted with them; without: it is not. */
  readonly keys: DataKeys | undefined;
  readonly #notes: SnapshotNotes | undefined;
  /** When work was begun, by path: what comes of it holds what was there then. */
  readonly #begunMs = new Map<string, number>();

  private constructor(root: string, keys: DataKeys | undefined) {
    this.#root = root;
    this.keys = keys;
    this.#notes = keys && new SnapshotNotes(root, keys);
  }

  /** Makes the folder where it is not there; what was being made when a process ended is removed. */
  static async open(root: string, keys?: DataKeys): Promise<SnapshotFolder> {
    await rm(join(root, WORK), { recursive: true, force: true });
    for (const folder of [WORK, RECOVERING]) await mkdir(join(root, folder), { recursive: true });
    await clearRecovering(join(root, RECOVERING));
    const folder = new SnapshotFolder(await realpath(root), keys);
    await folder.#notes?.open();
    return folder;
  }

  /** A path that is nobody else's. Whoever uses it ends it by `endWork`, also when `keep` has put it in its place. */
  newWork(): string {
    const path = join(this.#root, WORK, newSnapshotId());
    this.#begunMs.set(path, Date.now());
    return path;
  }

  async endWork(path: string): Promise<void> {
    await rm(path, { force: true });
    this.#begunMs.delete(path);
  }

  /** Note that a collection is being recovered from a file, which is kept until that is over, also where its snapshot is removed. Where that fails, nothing of it is left. */
  async beginRecovery(collection: string, path: string): Promise<BegunRecovery> {
    // the end of it is what its content may be sealed as
    const sealedAs = basename(path, SUFFIX);
    const isSealed = this.keys !== undefined && RANDOM.test(sealedAs);
    const id = isSealed ? `${randomUUID()}~${sealedAs}` : randomUUID();
    const at = join(this.#root, RECOVERING, id);
    const [file, note, unfinished] = [at + SUFFIX, at + NOTE, at + UNFINISHED];
    try {
      await link(path, file).catch(() => copyFile(path, file));
      const text = Buffer.from(JSON.stringify({ collection }));
      const written = this.keys === undefined ? text : sealBytes(this.keys, { kind: "recovery", id }, text);
      await writeFile(unfinished, written, { flag: "wx", flush: true });
      await rename(unfinished, note);
    } catch (error) {
      for (const left of [file, unfinished]) await rm(left, { force: true });
      throw error;
    }
    return this.#begun(collection, file, note);
  }

  /** Recoveries that were under way when a process ended. `onUnreadable` is told of notes that cannot be read, which keep nothing else back. */
  async begunRecoveries(onUnreadable: (note: string, error: unknown) => void): Promise<BegunRecovery[]> {
    const folder = join(this.#root, RECOVERING);
    const begun: BegunRecovery[] = [];
    for (const name of await readdir(folder)) {
      if (!name.endsWith(NOTE)) continue;
      const note = join(folder, name);
      const id = basename(note, NOTE);
      try {
        const written = await readFile(note);
        const text = this.keys === undefined ? written : openBytes(this.keys, { kind: "recovery", id }, written);
        const { collection } = JSON.parse(text.toString()) as { readonly collection: string };
        begun.push(this.#begun(collection, join(folder, id + SUFFIX), note));
      } catch (error) {
        onUnreadable(note, error);
      }
    }
    return begun;
  }

  #begun(collection: string, file: string, note: string): BegunRecovery {
    const end = async () => {
      for (const path of [note, file]) await rm(path, { force: true });
    };
    return { collection, file, end };
  }

  #folderOf(collection: string | undefined): string {
    return collection === undefined ? this.#root : join(this.#root, "collections", pathPart(collection));
  }

  /** Throws `bad-request` for a name with a path in it, or that no snapshot has. */
  #pathOf(collection: string | undefined, name: string): string {
    if (!NAME.test(name) || name.startsWith(".")) {
      throw new MurmurationError("bad-request", "the name of a snapshot ends in .snapshot and holds no path");
    }
    return join(this.#folderOf(collection), name);
  }

  /** Puts a finished file in its place under a name that begins so. */
  async keep(
    work: string,
    collection: string | undefined,
    begin: string,
    checksum: string,
  ): Promise<SnapshotDescription> {
    // a snapshot is as old as its beginning: what is written to it last may be of collections that come last
    const begun = (this.#begunMs.get(work) ?? Date.now()) / SECOND_MS;
    await utimes(work, begun, begun);
    if (this.#notes !== undefined) return this.#keepSealed(this.#notes, work, collection, begin, checksum);
    const folder = this.#folderOf(collection);
    await mkdir(folder, { recursive: true });
    for (let n = 1; ; n++) {
      const name = `${begin}${n === 1 ? "" : `-${n}`}${SUFFIX}`;
      try {
        // the checksum first: a snapshot that is there has one, and of two that come at once one gets the name
        await writeFile(join(folder, name + CHECKSUM), checksum, { flag: "wx" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
        throw error;
      }
      await rename(work, join(folder, name));
      return this.describe(collection, name);
    }
  }

  async #keepSealed(
    notes: SnapshotNotes,
    work: string,
    collection: string | undefined,
    begin: string,
    checksum: string,
  ): Promise<SnapshotDescription> {
    const there = new Set((await this.#sealed(collection)).map(({ note }) => note.name));
    let name = begin + SUFFIX;
    for (let n = 2; there.has(name); n++) name = `${begin}-${n}${SUFFIX}`;
    const part = collection === undefined ? {} : { part: pathPart(collection) };
    await notes.put(work, basename(work), { ...part, name, checksum });
    return this.describe(collection, name);
  }

  /** Those of a collection, or of the whole store, that are encrypted. */
  async #sealed(collection: string | undefined): Promise<NotedSnapshot[]> {
    const part = collection === undefined ? undefined : pathPart(collection);
    return ((await this.#notes?.all()) ?? []).filter(({ note }) => note.part === part);
  }

  async #findSealed(collection: string | undefined, name: string): Promise<NotedSnapshot | undefined> {
    return (await this.#sealed(collection)).find(({ note }) => note.name === name);
  }

  async list(collection: string | undefined): Promise<SnapshotDescription[]> {
    if (this.#notes !== undefined) {
      const names = (await this.#sealed(collection)).map(({ note }) => note.name);
      return this.#describeThere(collection, names);
    }
    let names: string[];
    try {
      names = await readdir(this.#folderOf(collection));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    return this.#describeThere(
      collection,
      names.filter((name) => NAME.test(name)),
    );
  }

  /** Those that nobody has removed meanwhile. */
  async #describeThere(collection: string | undefined, names: readonly string[]): Promise<SnapshotDescription[]> {
    const described = names.toSorted().map((name) =>
      this.describe(collection, name).catch((error: unknown) => {
        if (error instanceof MurmurationError && error.code === "not-found") return [];
        throw error;
      }),
    );
    return (await Promise.all(described)).flat();
  }

  /** Throws `not-found`. */
  async describe(collection: string | undefined, name: string): Promise<SnapshotDescription> {
    const named = this.#pathOf(collection, name);
    const sealed = await this.#findSealed(collection, name);
    const path = sealed?.path ?? named;
    try {
      const { size: bytes, mtime } = await stat(path);
      const size = sealed === undefined ? bytes : plainBytesOf(bytes);
      const checksum = sealed?.note.checksum ?? (await readFile(path + CHECKSUM, "utf8").catch(() => null));
      return { name, creation_time: mtime.toISOString().slice(0, 19), size, checksum };
    } catch (error) {
      if (isMissing(error)) throw new MurmurationError("not-found", `Snapshot ${name} not found`);
      throw error;
    }
  }

  /** When it was written, in milliseconds; when it is gone: in the future. */
  async writtenMs(collection: string | undefined, name: string): Promise<number> {
    const sealed = await this.#findSealed(collection, name);
    return await writtenMs(sealed?.path ?? this.#pathOf(collection, name));
  }

  /** Are there files that are being made, sent or recovered from and that were begun, or written to last, before this moment? */
  async hasWorkSince(sinceMs: number): Promise<boolean> {
    for (const folder of [WORK, RECOVERING]) {
      for (const name of await readdir(join(this.#root, folder))) {
        const path = join(this.#root, folder, name);
        if (Math.min(await writtenMs(path), this.#begunMs.get(path) ?? Number.POSITIVE_INFINITY) < sinceMs) return true;
      }
    }
    // what is begun and has no file yet
    for (const begunMs of this.#begunMs.values()) if (begunMs < sinceMs) return true;
    return false;
  }

  /** Where a snapshot lies that is there. Throws `not-found`. */
  async find(collection: string | undefined, name: string): Promise<string> {
    await this.describe(collection, name);
    return (await this.#findSealed(collection, name))?.path ?? this.#pathOf(collection, name);
  }

  /** Throws `not-found`. */
  async remove(collection: string | undefined, name: string): Promise<void> {
    const path = await this.find(collection, name);
    const sealed = await this.#findSealed(collection, name);
    try {
      if (sealed !== undefined) return await this.#notes?.remove(sealed);
      await rm(path);
      await rm(path + CHECKSUM, { force: true });
    } catch (error) {
      // another request was quicker
      if (isMissing(error)) throw new MurmurationError("not-found", `Snapshot ${name} not found`);
      throw error;
    }
  }

  /** Throws `bad-request` for a file that is not there, `forbidden` for one that lies, links followed, outside of this folder. */
  async requireInside(path: string): Promise<string> {
    // one that is encrypted lies under another name, and is meant by the path that it would have
    for (const { note, path: there } of (await this.#notes?.all()) ?? []) {
      const folder = note.part === undefined ? this.#root : join(this.#root, "collections", note.part);
      if (path === join(folder, note.name)) return there;
    }
    let real: string;
    try {
      real = await realpath(path);
    } catch {
      throw new MurmurationError("bad-request", `Snapshot file ${JSON.stringify(path)} does not exist`);
    }
    if (real.startsWith(this.#root + sep) && (await stat(real)).isFile()) return real;
    throw new MurmurationError("forbidden", "snapshots are recovered from files in the snapshots folder alone");
  }
}
