import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { NamedVectorFile, VectorFiles } from "@murmuration/core";
import { MurmurationError, type RowFile, type RowFileReader } from "@murmuration/index";
import { OpenDescriptors } from "./open-descriptors.js";

/** Shard, hash of the vector's name, and what no other file has had: never a way out of the folder. */
const FILE_NAME = /^[1-9]\d{0,7}-[1-9]\d{0,12}\/[0-9a-f]{16}\.[0-9a-f-]{36}\.rows$/;

function pathOf(folder: string, name: string): string {
  if (!FILE_NAME.test(name)) throw new MurmurationError("corrupt", `"${name}" is no name of a file of vectors`);
  return join(folder, name);
}

function withStorageErrors<Made>(what: string, act: () => Made): Made {
  try {
    return act();
  } catch (cause) {
    throw storageError(what, cause);
  }
}

function storageError(what: string, cause: unknown): MurmurationError {
  return new MurmurationError("storage", `${what}: ${(cause as Error).message}`, undefined, cause);
}

function readAt(descriptors: OpenDescriptors, path: string, target: Uint8Array, at: number): number {
  try {
    const descriptor = descriptors.of(path);
    let done = 0;
    while (done < target.length) {
      const read = readSync(descriptor, target, done, target.length - done, at + done);
      if (read === 0) break;
      done += read;
    }
    return done;
  } catch (cause) {
    throw storageError("a file of vectors cannot be read", cause);
  }
}

function writeAt(descriptors: OpenDescriptors, path: string, bytes: Uint8Array, at: number): void {
  try {
    const descriptor = descriptors.of(path);
    for (let done = 0; done < bytes.length; )
      done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  } catch (cause) {
    throw storageError("a file of vectors cannot be written", cause);
  }
}

/** The files of vectors in a folder, for a thread that reads them beside the one that writes. */
export function openVectorFiles(folder: string): (name: string) => RowFileReader {
  const descriptors = new OpenDescriptors("r");
  return (name) => {
    const path = pathOf(folder, name);
    return { read: (target, at) => readAt(descriptors, path, target, at) };
  };
}

/** Vectors that are kept off memory, a file for each graph in the folder of its shard (docs/files.md). The engine's thread writes them. */
export class VectorFolder implements VectorFiles {
  readonly #folder: string;
  readonly #descriptors = new OpenDescriptors("r+");

  constructor(folder: string) {
    this.#folder = folder;
  }

  create(shard: string, vector: string): NamedVectorFile {
    const hash = createHash("sha256").update(vector).digest("hex").slice(0, 16);
    const name = `${shard}/${hash}.${randomUUID()}.rows`;
    const path = pathOf(this.#folder, name);
    withStorageErrors("no file for vectors can be made", () => {
      mkdirSync(dirname(path), { recursive: true });
      closeSync(openSync(path, "wx"));
    });
    return { name, file: this.#fileAt(path) };
  }

  open(name: string): RowFile | undefined {
    const path = pathOf(this.#folder, name);
    return existsSync(path) ? this.#fileAt(path) : undefined;
  }

  /** Remove what belongs to none of these shards, and of those that are served what none of their graphs uses. */
  sweep(shards: ReadonlySet<string>, served: ReadonlyMap<string, ReadonlySet<string>>): void {
    for (const shard of existsSync(this.#folder) ? readdirSync(this.#folder) : []) {
      const used = served.get(shard);
      if (!shards.has(shard)) this.#removeAll(shard);
      else if (used !== undefined)
        for (const file of readdirSync(join(this.#folder, shard)))
          if (!used.has(`${shard}/${file}`)) this.#remove(join(this.#folder, shard, file));
    }
  }

  #removeAll(shard: string): void {
    const folder = join(this.#folder, shard);
    for (const file of readdirSync(folder)) this.#remove(join(folder, file));
    rmSync(folder, { recursive: true, force: true });
  }

  #remove(path: string): void {
    this.#descriptors.close(path);
    rmSync(path, { force: true });
  }

  #fileAt(path: string): RowFile {
    const descriptors = this.#descriptors;
    return {
      read: (target, at) => readAt(descriptors, path, target, at),
      write: (bytes, at) => writeAt(descriptors, path, bytes, at),
      flush: () => withStorageErrors("a file of vectors cannot be flushed", () => fsyncSync(descriptors.of(path))),
    };
  }
}
