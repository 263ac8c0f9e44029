import { crc32 } from "node:zlib";
import { MurmurationError } from "./errors.js";
import { textFromUtf8 } from "./text.js";

// An image is a shared memory on disk (docs/files.md): magic, u32 length of the manifest, u32 crc32 of the manifest, the manifest as JSON,
// then the regions, whose checksums are in the manifest. It is a cache: whatever is wrong with it, it is refused and made again.

const MANIFEST_BYTES_MAX = 1 << 20;
const MAGIC_BYTES = 8;
const HEAD_BYTES = MAGIC_BYTES + 8;

/** Which kind of image: eight ASCII characters that it begins with, and what errors call it. */
export interface ImageKind {
  readonly magic: string;
  readonly name: string;
}

/** Reads the next `target.length` bytes; false at the end of the data. Throws nothing of its own. */
export type ReadExactly = (target: Uint8Array) => boolean;

/** An image as pieces to be written one after the other: the head, the manifest with the regions' checksums, the regions themselves. */
export function encodeCheckedImage(kind: ImageKind, manifest: object, regions: readonly Uint8Array[]): Uint8Array[] {
  return [
    ...encodeCheckedHead(
      kind,
      manifest,
      regions.map((region) => crc32(region)),
    ),
    ...regions,
  ];
}

/** What stands before the regions, whose checksums are known. */
export function encodeCheckedHead(kind: ImageKind, manifest: object, checksums: readonly number[]): Uint8Array[] {
  const whole = { ...manifest, checksums };
  const text = new TextEncoder().encode(JSON.stringify(whole));
  const head = new Uint8Array(HEAD_BYTES);
  head.set(new TextEncoder().encode(kind.magic));
  const view = new DataView(head.buffer);
  view.setUint32(MAGIC_BYTES, text.length, true);
  view.setUint32(MAGIC_BYTES + 4, crc32(text), true);
  return [head, text];
}

/** Read the head and the manifest. Throws `corrupt` for one that is damaged, cut short or of another kind. */
export function readCheckedManifest<Manifest>(
  kind: ImageKind,
  read: ReadExactly,
): Manifest & { readonly checksums: readonly number[] } {
  const head = new Uint8Array(HEAD_BYTES);
  const magic = new TextEncoder().encode(kind.magic);
  if (!read(head) || magic.some((byte, i) => head[i] !== byte)) throw corrupt(`the file is not a ${kind.name}`);
  const view = new DataView(head.buffer);
  const length = view.getUint32(MAGIC_BYTES, true);
  if (length > MANIFEST_BYTES_MAX) throw corrupt(`the manifest of the ${kind.name} is too long`);
  const text = new Uint8Array(length);
  if (!read(text) || crc32(text) !== view.getUint32(MAGIC_BYTES + 4, true)) {
    throw corrupt(`the manifest of the ${kind.name} is damaged`);
  }
  try {
    return JSON.parse(textFromUtf8(text, `the manifest of the ${kind.name}`));
  } catch (cause) {
    throw corrupt(`the manifest of the ${kind.name} is damaged`, cause);
  }
}

/** Read the next region. Throws `corrupt` when it ends early or its checksum is another one. */
export function readCheckedRegion(
  kind: ImageKind,
  read: ReadExactly,
  region: Uint8Array,
  checksum: number | undefined,
): void {
  const reading = new RegionReading(kind, read);
  reading.piece(region);
  reading.end(checksum);
}

/** Reads a region in pieces. */
export class RegionReading {
  readonly #kind: ImageKind;
  readonly #read: ReadExactly;
  #checksum = 0;

  constructor(kind: ImageKind, read: ReadExactly) {
    this.#kind = kind;
    this.#read = read;
  }

  /** Throws `corrupt` when the image ends before. */
  piece(target: Uint8Array): void {
    if (!this.#read(target)) throw corrupt(`the ${this.#kind.name} ends early`);
    this.#checksum = crc32(target, this.#checksum);
  }

  /** Throws `corrupt` when what was read has another checksum. */
  end(checksum: number | undefined): void {
    if (this.#checksum !== checksum) throw corrupt(`a checksum of the ${this.#kind.name} is wrong`);
  }
}

function corrupt(message: string, cause?: unknown): MurmurationError {
  return new MurmurationError("corrupt", message, undefined, cause);
}
