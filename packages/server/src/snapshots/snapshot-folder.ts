import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, link, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { MurmurationError } from "@murmuration/index";

/** A snapshot, as the dialect describes it. */
export interface SnapshotDescription {
  readonly name: string;
  /** UTC, to the second. */
  readonly creation_time: string;
  readonly size: number;
  readonly checksum: string | null;
}

const SUFFIX = ".snapshot";
const CHECKSUM = ".checksum";
/** Files that are being made, or were sent. */
const WORK = ".work";
/** What is being recovered: N.json says of which collection, beside N.snapshot. It is gone on over where a process ended. */
const RECOVERING = ".recovering";

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

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** A name of a collection as part of a path. */
export function pathPart(collection: string): string {
  return PLAIN.test(collection) ? collection : createHash("sha256").update(collection).digest("hex").slice(0, 40);
}

export async function checksumOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
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
  #works = 0;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder where it is not there; what was being made when a process ended is removed. */
  static async open(root: string): Promise<SnapshotFolder> {
    await rm(join(root, WORK), { recursive: true, force: true });
    for (const folder of [WORK, RECOVERING]) await mkdir(join(root, folder), { recursive: true });
    return new SnapshotFolder(await realpath(root));
  }

  /** A path that is nobody else's. Whoever uses it removes it, or has `keep` put it in its place. */
  newWork(): string {
    return join(this.#root, WORK, `${this.#works++}`);
  }

  /** Note that a collection is being recovered from a file, which is kept until that is over, also where its snapshot is removed. */
  async beginRecovery(collection: string, path: string): Promise<BegunRecovery> {
    const id = randomUUID();
    const [file, note] = [".snapshot", ".json"].map((end) => join(this.#root, RECOVERING, id + end)) as [
      string,
      string,
    ];
    await link(path, file).catch(() => copyFile(path, file));
    await writeFile(note, JSON.stringify({ collection }), { flag: "wx", flush: true });
    return this.#begun(collection, file, note);
  }

  /** Recoveries that were under way when a process ended. */
  async begunRecoveries(): Promise<BegunRecovery[]> {
    const folder = join(this.#root, RECOVERING);
    const begun: BegunRecovery[] = [];
    for (const name of await readdir(folder)) {
      const note = join(folder, name);
      const file = note.replace(/\.json$/, ".snapshot");
      if (file === note) continue;
      const { collection } = JSON.parse(await readFile(note, "utf8")) as { readonly collection: string };
      begun.push(this.#begun(collection, file, note));
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

  async list(collection: string | undefined): Promise<SnapshotDescription[]> {
    let names: string[];
    try {
      names = await readdir(this.#folderOf(collection));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
    const all = names.filter((name) => NAME.test(name)).sort();
    return Promise.all(all.map((name) => this.describe(collection, name)));
  }

  /** Throws `not-found`. */
  async describe(collection: string | undefined, name: string): Promise<SnapshotDescription> {
    const path = this.#pathOf(collection, name);
    try {
      const { size, mtime } = await stat(path);
      const checksum = await readFile(path + CHECKSUM, "utf8").catch(() => null);
      return { name, creation_time: mtime.toISOString().slice(0, 19), size, checksum };
    } catch (error) {
      if (isMissing(error)) throw new MurmurationError("not-found", `Snapshot ${name} not found`);
      throw error;
    }
  }

  /** When it was written, in milliseconds; when it is gone: in the future. */
  async writtenMs(collection: string | undefined, name: string): Promise<number> {
    return await writtenMs(this.#pathOf(collection, name));
  }

  /** Are there files that are being made, sent or recovered from and that were written to last before this moment? */
  async hasWorkSince(sinceMs: number): Promise<boolean> {
    for (const folder of [WORK, RECOVERING]) {
      for (const name of await readdir(join(this.#root, folder)))
        if ((await writtenMs(join(this.#root, folder, name))) < sinceMs) return true;
    }
    return false;
  }

  /** Where a snapshot lies that is there. Throws `not-found`. */
  async find(collection: string | undefined, name: string): Promise<string> {
    await this.describe(collection, name);
    return this.#pathOf(collection, name);
  }

  /** Throws `not-found`. */
  async remove(collection: string | undefined, name: string): Promise<void> {
    const path = await this.find(collection, name);
    await rm(path);
    await rm(path + CHECKSUM, { force: true });
  }

  /** Throws `bad-request` for a file that is not there, `forbidden` for one that lies, links followed, outside of this folder. */
  async requireInside(path: string): Promise<string> {
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
