import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { type FolderLock, takeLock } from "../folder-lock.js";
import type { Position } from "./source.js";

const count = z.int().min(0);
const stateFile = z.object({
  murmur_import: z.literal(1),
  source: z.unknown().optional(),
  target: z.object({ url: z.string(), collection: z.string() }),
  asked: z.unknown().optional(),
  position: z.object({ rows: count, at: z.unknown().optional() }),
  written: count,
  rejected: count,
  rejected_bytes: count,
  makes_collection: z.literal(true).optional(),
});

/** How far an import is. */
export interface Progress {
  readonly position: Position;
  readonly written: number;
  readonly rejected: number;
  readonly rejectedBytes: number;
  /** It was making the collection, which may be there without its payload indexes. */
  readonly makesCollection?: true | undefined;
}

/** Of an import that begins. */
export const freshProgress: Progress = { position: { rows: 0 }, written: 0, rejected: 0, rejectedBytes: 0 };

/** What must be the same for an import to go on. */
export interface ImportIdentity {
  readonly source: unknown;
  readonly target: { readonly url: string; readonly collection: string };
  /** What was asked for that decides ids and payloads. */
  readonly asked: unknown;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));

/**
 * Keeps other imports from the same state, and from the file of wrong rows that it counts, until it is closed or the process ends. Throws `conflict` where one is under way, `storage` where nothing
 * can be written there.
 */
export function takeState(path: string): FolderLock {
  const file = `${path}.importing`;
  let lock: FolderLock;
  try {
    lock = takeLock(file, path);
  } catch (error) {
    if (error instanceof MurmurationError)
      throw new MurmurationError("conflict", `another import is under way whose state is ${path}`);
    throw new MurmurationError(
      "storage",
      `${path} cannot be written: ${(error as Error).message} (--state names another)`,
    );
  }
  return {
    close: () => {
      rmSync(file, { force: true });
      lock.close();
    },
  };
}

/** The file beside a source that says how far its import is. Each change replaces it whole. */
export class ImportState {
  readonly path: string;
  readonly #identity: ImportIdentity;

  constructor(path: string, identity: ImportIdentity) {
    this.path = path;
    this.#identity = identity;
  }

  /** What a run before this one has done; `undefined`: there was none. Throws `conflict` where it was another import. */
  read(): Progress | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    let parsed: z.output<typeof stateFile>;
    try {
      parsed = stateFile.parse(JSON.parse(text));
    } catch {
      throw this.#conflict("is none that this version wrote");
    }
    const { source, target, asked } = this.#identity;
    const differs = (a: unknown, b: unknown) => !isDeepStrictEqual(plain(a), plain(b));
    if (differs(parsed.source, source)) throw this.#conflict("is of another source, or the source has changed since");
    if (differs(parsed.target, target)) throw this.#conflict("is of another server or collection");
    if (differs(parsed.asked, asked)) throw this.#conflict("is of an import with other options");
    const { position, written, rejected, rejected_bytes, makes_collection } = parsed;
    const progress = { position: position as Position, written, rejected, rejectedBytes: rejected_bytes };
    return makes_collection === true ? { ...progress, makesCollection: true } : progress;
  }

  #conflict(why: string): MurmurationError {
    return new MurmurationError(
      "conflict",
      `${this.path} ${why}: begin again with --restart, or name another file by --state`,
    );
  }

  write({ position, written, rejected, rejectedBytes, makesCollection }: Progress): void {
    const { source, target, asked } = this.#identity;
    const content = {
      murmur_import: 1,
      source,
      target,
      asked,
      position,
      written,
      rejected,
      rejected_bytes: rejectedBytes,
      makes_collection: makesCollection,
    };
    const unfinished = `${this.path}.unfinished`;
    const file = openSync(unfinished, "w", 0o600);
    try {
      // not writeSync, which may write less where the disk is almost full
      writeFileSync(file, `${JSON.stringify(content)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, this.path);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
