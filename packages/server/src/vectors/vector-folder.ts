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
import type { DataKeys } from "../encryption/data-keys.js";
import { newRecordsHead, RECORDS_HEAD_BYTES, SealedRecords } from "../encryption/sealed-records.js";
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
  if (cause instanceof MurmurationError) return cause;
  return new MurmurationError("storage", `${what}: ${(cause as Error).message}`, undefined, cause);
}

function readAt(descriptor: number, target: Uint8Array, at: number): number {
  let done = 0;
  while (done < target.length) {
    const read = readSync(descriptor, target, done, target.length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

function writeAt(descriptor: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
}

/** The files of one thread, encrypted where there are keys. */
class FileAccess {
  readonly #descriptors: OpenDescriptors;
  readonly #keys: DataKeys | undefined;
  /** By path. */
  readonly #sealed = new Map<string, SealedRecords>();

  constructor(flags: "r" | "r+", keys: DataKeys | undefined) {
    this.#descriptors = new OpenDescriptors(flags);
    this.#keys = keys;
  }

  /** Makes an empty file. */
  make(path: string): void {
    const descriptor = openSync(path, "wx");
    try {
      if (this.#keys !== undefined) writeAt(descriptor, newRecordsHead(this.#keys), 0);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Is it there, and can it be read with these keys? */
  isUsable(path: string, name: string): boolean {
    return existsSync(path) && (this.#keys === undefined || this.#sealedOf(path, name) !== undefined);
  }

  read(path: string, name: string, target: Uint8Array, at: number, recordBytes: number): number {
    if (this.#keys === undefined) return readAt(this.#descriptors.of(path), target, at);
    const sealed = this.#requireSealed(path, name);
    const bytes = Buffer.allocUnsafe(sealed.bytesOf(Math.ceil(target.length / recordBytes), recordBytes));
    const read = readAt(this.#descriptors.of(path), bytes, sealed.placeOf(at, recordBytes));
    return sealed.open(bytes.subarray(0, read), target, at, recordBytes);
  }

  write(path: string, name: string, bytes: Uint8Array, at: number, recordBytes: number): void {
    if (this.#keys === undefined) return writeAt(this.#descriptors.of(path), bytes, at);
    const sealed = this.#requireSealed(path, name);
    writeAt(this.#descriptors.of(path), sealed.seal(bytes, at, recordBytes), sealed.placeOf(at, recordBytes));
  }

  flush(path: string): void {
    fsyncSync(this.#descriptors.of(path));
  }

  close(path: string): void {
    this.#descriptors.close(path);
    this.#sealed.delete(path);
  }

  #requireSealed(path: string, name: string): SealedRecords {
    const sealed = this.#sealedOf(path, name);
    if (sealed === undefined) throw new MurmurationError("corrupt", `the file of vectors ${name} does not decrypt`);
    return sealed;
  }

  #sealedOf(path: string, name: string): SealedRecords | undefined {
    const known = this.#sealed.get(path);
    if (known !== undefined || this.#keys === undefined) return known;
    const head = Buffer.alloc(RECORDS_HEAD_BYTES);
    const read = readAt(this.#descriptors.of(path), head, 0);
    const sealed = SealedRecords.open(this.#keys, { kind: "vectors", id: name }, head.subarray(0, read));
    if (sealed !== undefined) this.#sealed.set(path, sealed);
    return sealed;
  }
}

const UNREADABLE = "a file of vectors cannot be read";
const UNWRITABLE = "a file of vectors cannot be written";

/** The files of vectors in a folder, for a thread that reads them beside the one that writes. */
export function openVectorFiles(folder: string, keys?: DataKeys): (name: string) => RowFileReader {
  const files = new FileAccess("r", keys);
  return (name) => {
    const path = pathOf(folder, name);
    return {
      read: (target, at, recordBytes) =>
        withStorageErrors(UNREADABLE, () => files.read(path, name, target, at, recordBytes)),
    };
  };
}

/** Vectors that are kept off memory, a file for each graph in the folder of its shard (docs/files.md). The engine's thread writes them. */
export class VectorFolder implements VectorFiles {
  readonly #folder: string;
  readonly #files: FileAccess;

  /** With keys, files are encrypted; one that is not, is not taken for one then. */
  constructor(folder: string, keys?: DataKeys) {
    this.#folder = folder;
    this.#files = new FileAccess("r+", keys);
  }

  create(shard: string, vector: string): NamedVectorFile {
    const hash = createHash("sha256").update(vector).digest("hex").slice(0, 16);
    const name = `${shard}/${hash}.${randomUUID()}.rows`;
    const path = pathOf(this.#folder, name);
    withStorageErrors("no file for vectors can be made", () => {
      mkdirSync(dirname(path), { recursive: true });
      this.#files.make(path);
    });
    return { name, file: this.#fileAt(path, name) };
  }

  open(name: string): RowFile | undefined {
    const path = pathOf(this.#folder, name);
    const isUsable = withStorageErrors(UNREADABLE, () => this.#files.isUsable(path, name));
    return isUsable ? this.#fileAt(path, name) : undefined;
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
    this.#files.close(path);
    rmSync(path, { force: true });
  }

  #fileAt(path: string, name: string): RowFile {
    const files = this.#files;
    return {
      read: (target, at, recordBytes) =>
        withStorageErrors(UNREADABLE, () => files.read(path, name, target, at, recordBytes)),
      write: (bytes, at, recordBytes) =>
        withStorageErrors(UNWRITABLE, () => files.write(path, name, bytes, at, recordBytes)),
      flush: () => withStorageErrors("a file of vectors cannot be flushed", () => files.flush(path)),
    };
  }
}
