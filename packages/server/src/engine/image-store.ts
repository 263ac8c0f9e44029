import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type CausalState, type ImageSource, imageNote, type Replica } from "@murmuration/core";
import { encodeImage, MurmurationError, type ReadExactly, type VectorIndex } from "@murmuration/index";

/** Bytes of one write or read call: the operating system takes no more than 2 GiB at once. */
const PIECE_BYTES = 1 << 26;

/** What made it: origin and sequence. */
const SHARD_ID = /^[1-9]\d{0,7}-[1-9]\d{0,12}$/;

/** Vector names may hold any character; file names may not. */
function fileOf(folder: string, shard: string, vector: string): string {
  // a name from elsewhere must not become a way out of the folder
  if (!SHARD_ID.test(shard)) throw new MurmurationError("corrupt", `"${shard}" is no id of a shard`);
  return join(folder, shard, `${createHash("sha256").update(vector).digest("hex").slice(0, 16)}.image`);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; )
    at += writeSync(descriptor, bytes, at, Math.min(PIECE_BYTES, bytes.length - at));
}

function readAll(descriptor: number, target: Uint8Array): boolean {
  for (let at = 0; at < target.length; ) {
    const read = readSync(descriptor, target, at, Math.min(PIECE_BYTES, target.length - at), null);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** Graph images as files, one per vector: a cache of what the log can make again. */
export class ImageStore implements ImageSource {
  readonly #folder: string;
  readonly #onRefused: (shard: string, vector: string, error: MurmurationError) => void;
  readonly #positions = new Map<string, number>();
  #opened: number[] = [];

  constructor(folder: string, onRefused: (shard: string, vector: string, error: MurmurationError) => void) {
    this.#folder = folder;
    this.#onRefused = onRefused;
  }

  open(shard: string, vector: string): ReadExactly | undefined {
    let descriptor: number;
    try {
      descriptor = openSync(fileOf(this.#folder, shard, vector), "r");
    } catch {
      return undefined;
    }
    this.#opened.push(descriptor);
    return (target) => {
      try {
        return readAll(descriptor, target);
      } catch {
        return false;
      }
    };
  }

  used(shard: string, vector: string, position: number): void {
    this.#positions.set(fileOf(this.#folder, shard, vector), position);
  }

  /** What could not be used goes, so that a log that has grown since does not take it for its own. */
  refused(shard: string, vector: string, error: MurmurationError): void {
    rmSync(fileOf(this.#folder, shard, vector), { force: true });
    this.#onRefused(shard, vector, error);
  }

  /** The log position that the newest image of a graph stands at; 0 where there is none. */
  position(shard: string, vector: string): number {
    return this.#positions.get(fileOf(this.#folder, shard, vector)) ?? 0;
  }

  /** After recovery: the files that it read are closed. */
  closeAll(): void {
    for (const descriptor of this.#opened) closeSync(descriptor);
    this.#opened = [];
  }

  /** Replace the image of a graph: wholly, or not at all. Throws what the file system throws. */
  save(
    shard: string,
    vector: string,
    index: VectorIndex,
    position: number,
    causality: Pick<CausalState, "toJson">,
  ): void {
    const file = fileOf(this.#folder, shard, vector);
    const unfinished = `${file}.unfinished`;
    mkdirSync(dirname(file), { recursive: true });
    const descriptor = openSync(unfinished, "w");
    try {
      for (const piece of encodeImage(index, imageNote(position, causality))) writeAll(descriptor, piece);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
    flush(dirname(file));
    this.#positions.set(file, position);
  }

  /** Remove what belongs to none of these shards, and files that were never finished. */
  sweep(shards: ReadonlySet<string>): void {
    for (const shard of readdirSync(this.#folder)) {
      const folder = join(this.#folder, shard);
      if (!shards.has(shard)) rmSync(folder, { recursive: true, force: true });
      else
        for (const file of readdirSync(folder))
          if (file.endsWith(".unfinished")) rmSync(join(folder, file), { force: true });
    }
  }
}

/** Write the images that lack an operation of the log up to `position`. Returns how many. Throws what the file system throws. */
export function saveImages(images: Pick<ImageStore, "position" | "save">, replica: Replica, position: number): number {
  let written = 0;
  for (const { shard, indexes } of replica.writableShards()) {
    for (const [vector, index] of indexes) {
      if (images.position(shard.id, vector) >= shard.position) continue;
      images.save(shard.id, vector, index, position, shard.causality);
      written++;
    }
  }
  return written;
}
