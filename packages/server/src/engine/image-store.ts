import { createHash, randomUUID } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type CausalState, type ImageSource, imageNote, type PlacedImage, type Replica } from "@murmuration/core";
import { MurmurationError, type ReadExactly, type Space } from "@murmuration/index";
import type { DataKeys, Sealed } from "../encryption/data-keys.js";
import { readerOfFile, sinkTo } from "../encryption/sealed-file.js";

/** What made it: origin and sequence. */
const SHARD_ID = /^[1-9]\d{0,7}-[1-9]\d{0,12}$/;

/** What an image is of: the graph of a vector, or the table. */
type ImageOf = { readonly vector: string } | "table";

/** What names of parts are made of here. */
const PART = /^[\da-f-]{36}$/;
const PART_END = ".part";
const UNFINISHED = ".unfinished";

/** Vector names may hold any character; file names may not. */
function fileOf(folder: string, shard: string, what: ImageOf): string {
  // a name from elsewhere must not become a way out of the folder
  if (!SHARD_ID.test(shard)) throw new MurmurationError("corrupt", `"${shard}" is no id of a shard`);
  const name = what === "table" ? what : createHash("sha256").update(what.vector).digest("hex").slice(0, 16);
  return join(folder, shard, `${name}.image`);
}

function partOf(folder: string, shard: string, name: string): string {
  return join(dirname(fileOf(folder, shard, "table")), name + PART_END);
}

function flush(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Told of an image that cannot be used: of a graph, or of a table, which has no vector. */
export type OnImageRefused = (shard: string, vector: string | undefined, error: MurmurationError) => void;

/**
 * Images of graphs and tables as files, one per vector and one for the table: a cache of what the log can make again. A larger graph's has parts beside it
 * (`SpacePort.imageApart`), each written once and removed when no image names it any more.
 */
export class ImageStore implements ImageSource {
  readonly #folder: string;
  readonly #onRefused: OnImageRefused;
  readonly #keys: DataKeys | undefined;
  /** By file. */
  readonly #graphs = new Map<string, PlacedImage>();
  #opened: number[] = [];

  /** With keys, images are encrypted; one that is not, is refused then. */
  constructor(folder: string, onRefused: OnImageRefused, keys?: DataKeys) {
    this.#folder = folder;
    this.#onRefused = onRefused;
    this.#keys = keys;
  }

  open(shard: string, vector: string): ReadExactly | undefined {
    return this.#open(shard, { vector });
  }

  openTable(shard: string): ReadExactly | undefined {
    return this.#open(shard, "table");
  }

  openPart(shard: string, name: string): ReadExactly | undefined {
    return PART.test(name) ? this.#openFile(() => partOf(this.#folder, shard, name)) : undefined;
  }

  #open(shard: string, what: ImageOf): ReadExactly | undefined {
    return this.#openFile(() => fileOf(this.#folder, shard, what));
  }

  #openFile(path: () => string): ReadExactly | undefined {
    let file: string;
    let descriptor: number;
    try {
      file = path();
      descriptor = openSync(file, "r");
    } catch {
      return undefined;
    }
    this.#opened.push(descriptor);
    return readerOfFile(descriptor, this.#keys, this.#sealedAs(file));
  }

  #sealedAs(file: string): Sealed {
    return { kind: "image", id: relative(this.#folder, file) };
  }

  used(shard: string, vector: string, image: PlacedImage): void {
    this.#graphs.set(fileOf(this.#folder, shard, { vector }), image);
  }

  /** What could not be used goes, so that a log that has grown since does not take it for its own. */
  refused(shard: string, vector: string, error: MurmurationError): void {
    rmSync(fileOf(this.#folder, shard, { vector }), { force: true });
    this.#onRefused(shard, vector, error);
  }

  refusedTable(shard: string, error: MurmurationError): void {
    rmSync(fileOf(this.#folder, shard, "table"), { force: true });
    this.#onRefused(shard, undefined, error);
  }

  /** The log position that the newest image of a graph stands at; 0 where there is none. */
  position(shard: string, vector: string): number {
    return this.#graphs.get(fileOf(this.#folder, shard, { vector }))?.position ?? 0;
  }

  /** The file that the newest image of a graph takes its vectors from; `undefined` where they are in it, or there is none. */
  rowFile(shard: string, vector: string): string | undefined {
    return this.#graphs.get(fileOf(this.#folder, shard, { vector }))?.rows;
  }

  /** The token of the newest image of a graph; `undefined` where there is none that has one. */
  token(shard: string, vector: string): string | undefined {
    return this.#graphs.get(fileOf(this.#folder, shard, { vector }))?.token;
  }

  /** After recovery: the files that it read are closed. */
  closeAll(): void {
    for (const descriptor of this.#opened) closeSync(descriptor);
    this.#opened = [];
  }

  /** Replace the image of a graph: wholly, or not at all. `isWhole`: also what parts hold. Throws what the file system throws. */
  save(
    shard: string,
    vector: string,
    space: Space,
    position: number,
    causality: Pick<CausalState, "toJson">,
    isWhole = false,
  ): void {
    const file = fileOf(this.#folder, shard, { vector });
    const image: PlacedImage = { position, token: randomUUID(), rows: rowFileOf(space) };
    const note = imageNote(image, causality);
    const name = randomUUID();
    const apart = space.imageApart(note, { name, isWhole });
    const part = partOf(this.#folder, shard, name);
    try {
      // before the image that names it
      if (apart !== undefined && apart.part.length > 0) this.#write(part, apart.part);
      this.#write(file, apart?.image ?? space.image(note));
    } catch (error) {
      // a disk that is full must not be filled by what nobody names
      for (const left of [part, `${part}${UNFINISHED}`]) rmSync(left, { force: true });
      throw error;
    }
    apart?.written();
    this.#graphs.set(file, { ...image, parts: apart?.parts });
  }

  /** Replace the image of a table, given in pieces, likewise. */
  saveTable(shard: string, pieces: readonly Uint8Array[]): void {
    this.#write(fileOf(this.#folder, shard, "table"), pieces);
  }

  #write(file: string, pieces: Iterable<Uint8Array>): void {
    const unfinished = file + UNFINISHED;
    mkdirSync(dirname(file), { recursive: true });
    const descriptor = openSync(unfinished, "w");
    try {
      const sink = sinkTo(descriptor, this.#keys, this.#sealedAs(file));
      for (const piece of pieces) sink.push(piece);
      sink.end();
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
    flush(dirname(file));
  }

  /** Remove what belongs to none of these shards, or to a vector that one which is served does not have any more, and files that were never finished. */
  sweep(shards: ReadonlySet<string>, served: ReadonlyMap<string, Iterable<string>> = new Map()): void {
    for (const shard of readdirSync(this.#folder)) {
      const folder = join(this.#folder, shard);
      if (!shards.has(shard)) {
        rmSync(folder, { recursive: true, force: true });
        continue;
      }
      const vectors = served.get(shard);
      const graphs = vectors && Array.from(vectors, (vector) => fileOf(this.#folder, shard, { vector }));
      const parts = graphs?.flatMap((file) => this.#graphs.get(file)?.parts ?? []);
      const used = graphs && new Set([...graphs, fileOf(this.#folder, shard, "table")]);
      for (const part of parts ?? []) used?.add(join(folder, part + PART_END));
      for (const name of readdirSync(folder)) {
        const file = join(folder, name);
        const isOurs = name.endsWith(".image") || name.endsWith(PART_END);
        const isGone = used !== undefined && isOurs && !used.has(file);
        if (isGone) this.#graphs.delete(file);
        if (isGone || name.endsWith(UNFINISHED)) rmSync(file, { force: true });
      }
    }
  }
}

/**
 * How many operations, at most, the images lack that a replica was opened with: those that its start applied anew, and that the next would. Of one shard, the
 * one of which most are lacking.
 */
export function lackedBy(images: Pick<ImageStore, "position">, replica: Replica): number {
  let most = 0;
  for (const { shard, indexes } of replica.writableShards()) {
    const ever = [...shard.frontier.values()].reduce((sum, sequence) => sum + sequence, 0);
    for (const vector of indexes.keys())
      most = Math.max(most, Math.min(ever, shard.position - images.position(shard.id, vector)));
  }
  return most;
}

/** Name of the file that a graph has its f32 rows in; `undefined`: they are in memory, or it has none. */
export function rowFileOf(space: Space): string | undefined {
  return space.kind === "dense" ? space.handle().rows : undefined;
}

type SavedImages = Pick<ImageStore, "position" | "rowFile" | "token" | "save" | "saveTable">;

/**
 * Write the images that lack an operation of the log up to `position`, or have their vectors in another place than the graph, those of tables after those of their graphs, which they name. Returns how
 * many. `all`: also those that lack nothing, and what their parts hold. Throws what the file system throws.
 */
export function saveImages(
  images: SavedImages,
  replica: Replica,
  position: number,
  { all = false }: { readonly all?: boolean } = {},
): number {
  let written = 0;
  for (const target of replica.writableShards()) {
    const { shard, indexes, rows } = target;
    const before = written;
    for (const [vector, index] of indexes) {
      const isCurrent = images.position(shard.id, vector) >= shard.position;
      if (!all && isCurrent && images.rowFile(shard.id, vector) === rowFileOf(index)) continue;
      images.save(shard.id, vector, index, position, shard.causality, all);
      written++;
    }
    if (!rows.hasImages || (!all && written === before && rows.isImaged)) continue;
    const graphs = tokensOf(images, shard.id, indexes.keys());
    if (graphs === undefined) continue;
    images.saveTable(shard.id, replica.tableImage(target, position, graphs));
    rows.imaged();
    written++;
  }
  return written;
}

/** Of the images of a shard's graphs, by vector name; `undefined` where one has none. */
function tokensOf(
  images: Pick<ImageStore, "token">,
  shard: string,
  vectors: Iterable<string>,
): ReadonlyMap<string, string> | undefined {
  const tokens = new Map<string, string>();
  for (const vector of vectors) {
    const token = images.token(shard, vector);
    if (token === undefined) return undefined;
    tokens.set(vector, token);
  }
  return tokens.size === 0 ? undefined : tokens;
}
