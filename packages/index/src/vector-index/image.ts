import {
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

export type { ReadExactly } from "../checked-image.js";

const KIND: ImageKind = { magic: "MURMIMG1", name: "graph image" };
/** Changes with every change of the memory layout. */
const LAYOUT_VERSION = 5;

interface Manifest {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  readonly capacity: number;
  readonly slotCount: number;
  readonly upperEnd: number;
  /** What the host needs to know about the image: the log position it stands at. */
  readonly note: string;
}

/** The image as pieces to be written one after the other: views on the graph's memory, valid until it changes. */
export function encodeImage(index: VectorIndex, note: string): Uint8Array[] {
  const { slotCount, upperEnd } = index.imageCounters();
  const { options, capacity } = index;
  const manifest: Manifest = { layout: LAYOUT_VERSION, options, capacity, slotCount, upperEnd, note };
  return encodeCheckedImage(KIND, manifest, index.imageRegions(slotCount, upperEnd));
}

/**
 * Read an image into a new index with these options. Throws `corrupt` for one that is damaged, cut short, of another layout version or
 * of other options.
 */
export function decodeImage(options: VectorIndexOptions, read: ReadExactly): { index: VectorIndex; note: string } {
  const manifest = readCheckedManifest<Manifest>(KIND, read);
  const index = new VectorIndex(options);
  const fits =
    manifest.layout === LAYOUT_VERSION &&
    manifest.capacity === index.capacity &&
    sameOptions(manifest.options, options) &&
    manifest.slotCount <= index.capacity;
  if (!fits) throw new MurmurationError("corrupt", "the graph image is of another layout or other options");
  for (const [i, region] of index.imageRegions(manifest.slotCount, manifest.upperEnd).entries()) {
    readCheckedRegion(KIND, read, region, manifest.checksums[i]);
  }
  index.restore();
  return { index, note: manifest.note };
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
