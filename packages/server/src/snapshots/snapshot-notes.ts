import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { type DataKeys, openBytes, sealBytes } from "../encryption/data-keys.js";

/** Where snapshots lie whose names must not show. */
export const SEALED_FOLDER = "sealed";
const SNAPSHOT = ".snapshot";
const NOTE = ".note";

const noteSchema = z.object({
  /** The part of its path that is of its collection; missing: it is of the whole store. */
  part: z.string().optional(),
  name: z.string(),
  checksum: z.string().nullable(),
});

/** What a snapshot is of, and called. */
export type SnapshotNote = z.infer<typeof noteSchema>;

/** A snapshot that is kept, and where. */
export interface NotedSnapshot {
  readonly note: SnapshotNote;
  readonly path: string;
}

/**
 * Snapshots that are encrypted: each is a file under a random name, beside a note, encrypted as well, that says what it is called. The random name goes into the keys of
 * both, so that a file put in place of another does not open.
 */
export class SnapshotNotes {
  readonly #folder: string;
  readonly #keys: DataKeys;

  constructor(root: string, keys: DataKeys) {
    this.#folder = join(root, SEALED_FOLDER);
    this.#keys = keys;
  }

  /** Makes the folder, and removes what a process that ended left by half. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const names = new Set(await readdir(this.#folder));
    for (const name of names) {
      const [isNote, isFile] = [name.endsWith(NOTE), name.endsWith(SNAPSHOT)];
      const other = isNote ? name.slice(0, -NOTE.length) + SNAPSHOT : name.slice(0, -SNAPSHOT.length) + NOTE;
      if (((isNote || isFile) && !names.has(other)) || name.endsWith(".unfinished"))
        await rm(join(this.#folder, name), { force: true });
    }
  }

  /** All that are kept; one whose note does not open, or is removed meanwhile, is not shown. */
  async all(): Promise<NotedSnapshot[]> {
    const found: NotedSnapshot[] = [];
    for (const file of (await readdir(this.#folder)).sort()) {
      if (!file.endsWith(NOTE)) continue;
      const id = file.slice(0, -NOTE.length);
      try {
        const text = openBytes(this.#keys, sealedAs(id), await readFile(join(this.#folder, file))).toString();
        found.push({ note: noteSchema.parse(JSON.parse(text)), path: join(this.#folder, id + SNAPSHOT) });
      } catch (error) {
        const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
        if (!isGone && !(error instanceof MurmurationError) && !(error instanceof z.ZodError)) throw error;
      }
    }
    return found;
  }

  /** Puts a finished file, sealed under this random name, in its place. */
  async put(work: string, id: string, note: SnapshotNote): Promise<string> {
    const path = join(this.#folder, id + SNAPSHOT);
    const sealed = sealBytes(this.#keys, sealedAs(id), Buffer.from(JSON.stringify(note)));
    const unfinished = join(this.#folder, `${id}.unfinished`);
    await writeFile(unfinished, sealed, { flush: true });
    await rename(unfinished, join(this.#folder, id + NOTE));
    await rename(work, path);
    return path;
  }

  async remove({ path }: NotedSnapshot): Promise<void> {
    await rm(path);
    await rm(path.slice(0, -SNAPSHOT.length) + NOTE, { force: true });
  }
}

const sealedAs = (id: string) => ({ kind: "snapshot note", id });

/** A random name of a file. */
export const newSnapshotId = randomUUID;
