import { crc32 } from "node:zlib";
import { MurmurationError } from "../errors.js";
import { textFromUtf8 } from "../text.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

// An image is the graph's memory on disk (docs/files.md): magic, u32 length of the manifest, u32 crc32 of the manifest, the manifest
// as JSON, then the regions. It is a cache: whatever is wrong with it, the graph is rebuilt from the log.

const MAGIC = new TextEncoder().encode("MURMIMG1");
/** Changes with every change of the memory layout. */
const LAYOUT_VERSION = 4;
const MANIFEST_BYTES_MAX = 1 << 20;
const HEAD_BYTES = MAGIC.length + 8;

interface Manifest {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  readonly capacity: number;
  readonly slotCount: number;
  readonly upperEnd: number;
  readonly checksums: readonly number[];
  /** What the host needs to know about the image: the log position it stands at. */
  readonly note: string;
}

/** Reads the next `target.length` bytes; false at the end of the data. Throws nothing of its own. */
export type ReadExactly = (target: Uint8Array) => boolean;

/** The image as pieces to be written one after the other: views on the graph's memory, valid until it changes. */
export function encodeImage(index: VectorIndex, note: string): Uint8Array[] {
  const { slotCount, upperEnd } = index.imageCounters();
  const regions = index.imageRegions(slotCount, upperEnd);
  const manifest: Manifest = {
    layout: LAYOUT_VERSION,
    options: index.options,
    capacity: index.capacity,
    slotCount,
    upperEnd,
    checksums: regions.map((region) => crc32(region)),
    note,
  };
  const text = new TextEncoder().encode(JSON.stringify(manifest));
  const head = new Uint8Array(HEAD_BYTES);
  head.set(MAGIC);
  const view = new DataView(head.buffer);
  view.setUint32(MAGIC.length, text.length, true);
  view.setUint32(MAGIC.length + 4, crc32(text), true);
  return [head, text, ...regions];
}

/**
 * Read an image into a new index with these options. Throws `corrupt` for one that is damaged, cut short, of another layout version or
 * of other options.
 */
export function decodeImage(options: VectorIndexOptions, read: ReadExactly): { index: VectorIndex; note: string } {
  const manifest = readManifest(read);
  const index = new VectorIndex(options);
  const fits =
    manifest.layout === LAYOUT_VERSION &&
    manifest.capacity === index.capacity &&
    sameOptions(manifest.options, options) &&
    manifest.slotCount <= index.capacity;
  if (!fits) throw new MurmurationError("corrupt", "the graph image is of another layout or other options");
  const regions = index.imageRegions(manifest.slotCount, manifest.upperEnd);
  for (const [i, region] of regions.entries()) {
    if (!read(region)) throw new MurmurationError("corrupt", "the graph image ends early");
    if (crc32(region) !== manifest.checksums[i])
      throw new MurmurationError("corrupt", "a checksum of the graph image is wrong");
  }
  index.restore();
  return { index, note: manifest.note };
}

function readManifest(read: ReadExactly): Manifest {
  const head = new Uint8Array(HEAD_BYTES);
  if (!read(head) || MAGIC.some((byte, i) => head[i] !== byte)) {
    throw new MurmurationError("corrupt", "the file is not a graph image");
  }
  const view = new DataView(head.buffer);
  const length = view.getUint32(MAGIC.length, true);
  if (length > MANIFEST_BYTES_MAX) throw new MurmurationError("corrupt", "the manifest of the graph image is too long");
  const text = new Uint8Array(length);
  if (!read(text) || crc32(text) !== view.getUint32(MAGIC.length + 4, true)) {
    throw new MurmurationError("corrupt", "the manifest of the graph image is damaged");
  }
  try {
    return JSON.parse(textFromUtf8(text, "the manifest of the graph image")) as Manifest;
  } catch (cause) {
    throw new MurmurationError("corrupt", "the manifest of the graph image is damaged", undefined, cause);
  }
}

function sameOptions(a: VectorIndexOptions, b: VectorIndexOptions): boolean {
  return (
    a.dimensions === b.dimensions &&
    a.metric === b.metric &&
    a.links === b.links &&
    a.efConstruction === b.efConstruction &&
    a.quantization === b.quantization
  );
}
