import {
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import { upperListsOf } from "./earlier-layouts.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

export type { ReadExactly } from "../checked-image.js";

const KIND: ImageKind = { magic: "MURMIMG1", name: "graph image" };
/**
 * Changes with every change of the memory layout. Checkpoints hold images too, and nothing else has what a compacted log held: those of earlier
 * layouts, made by the version before or coming from a member that runs it, are read and their addresses moved (`earlier-layouts.ts`).
 */
const LAYOUT_VERSION = 5;

interface Manifest {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  readonly capacity: number;
  readonly slotCount: number;
  readonly upperEnd: number;
  /** Where the upper lists begin: addresses in the image count from there. Absent before layout 5. */
  readonly upperStart?: number;
  /** What the host needs to know about the image: the log position it stands at. */
  readonly note: string;
}

/** The image as pieces to be written one after the other: views on the graph's memory, valid until it changes. */
export function encodeImage(index: VectorIndex, note: string): Uint8Array[] {
  const { slotCount, upperStart, upperEnd } = index.imageCounters();
  const { options, capacity } = index;
  const manifest: Manifest = { layout: LAYOUT_VERSION, options, capacity, slotCount, upperStart, upperEnd, note };
  return encodeCheckedImage(KIND, manifest, index.imageRegions(slotCount, upperEnd));
}

/**
 * Read an image into a new index with these options. Throws `corrupt` for one that is damaged, cut short, of a layout version that is not
 * known or of other options, `capacity` for one of an earlier version that holds more vectors than fit now.
 */
export function decodeImage(options: VectorIndexOptions, read: ReadExactly): { index: VectorIndex; note: string } {
  const manifest = readCheckedManifest<Manifest>(KIND, read);
  const index = new VectorIndex(options);
  const { upperStart } = index.imageCounters();
  const fits = sameOptions(manifest.options, options) && Number.isSafeInteger(manifest.slotCount);
  const start = fits ? startOf(manifest, index.capacity, upperStart) : undefined;
  if (start === undefined)
    throw new MurmurationError("corrupt", "the graph image is of another layout or other options");
  if (manifest.slotCount > index.capacity) {
    const problem = `the graph image holds ${manifest.slotCount} vectors, and at most ${index.capacity} of this size fit a shard's memory`;
    throw new MurmurationError("capacity", problem);
  }
  const moved = upperStart - start;
  for (const [i, region] of index.imageRegions(manifest.slotCount, manifest.upperEnd + moved).entries()) {
    readCheckedRegion(KIND, read, region, manifest.checksums[i]);
  }
  if (!index.restore(manifest.layout === LAYOUT_VERSION ? undefined : moved)) {
    throw new MurmurationError("corrupt", "the graph image leads out of its memory");
  }
  return { index, note: manifest.note };
}

/** Where the upper lists began when the image was made; `undefined`: its regions are not those of this version. */
function startOf(manifest: Manifest, capacity: number, upperStart: number): number | undefined {
  if (manifest.layout !== LAYOUT_VERSION) return upperListsOf(manifest);
  return manifest.capacity === capacity ? upperStart : undefined;
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
