import { crc32 } from "node:zlib";
import {
  encodeCheckedHead,
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  RegionReading,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { MurmurationError } from "../errors.js";
import { upperListsOf } from "./earlier-layouts.js";
import { ROW_HEAD_BYTES } from "./graph-limits.js";
import {
  type ApartImage,
  areParts,
  type ImagePart,
  type ImageParts,
  type OpenPart,
  readParts,
  SLAB_SLOTS,
  viewsOfRegions,
} from "./image-parts.js";
import { type VectorIndexOptions, walksOnCodes } from "./options.js";
import { putRowsToFile, type RowKeeping, readRowsToFile, readRowsToMemory, rowPieces } from "./row-images.js";
import { VectorIndex } from "./vector-index.js";

export type { ReadExactly } from "../checked-image.js";

/** What images of graphs begin with, and are called. */
export const GRAPH_IMAGE: ImageKind = { magic: "MURMIMG1", name: "graph image" };
/**
 * Changes with every change of the memory layout. Checkpoints hold images too, and nothing else has what a compacted log held: those of earlier
 * layouts, made by the version before or coming from a member that runs it, are read and their addresses moved (`earlier-layouts.ts`).
 */
const LAYOUT_VERSION = 5;

/** Which of the regions hold the codes and the f32 rows. */
const CODES_REGION = 2;
const ROWS_REGION = 3;

/** What stands at the beginning of an image. */
export interface GraphManifest {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  readonly capacity: number;
  readonly slotCount: number;
  readonly upperEnd: number;
  /** Where the upper lists begin: addresses in the image count from there. Absent before layout 5. */
  readonly upperStart?: number;
  /** Name of the file that the f32 rows are in; absent: they are in the image. */
  readonly rows?: string;
  /** Files that the codes and the f32 rows are in; absent: they are in the image. */
  readonly parts?: readonly ImagePart[];
  /** What the host needs to know about the image: the log position it stands at. */
  readonly note: string;
}

function manifestOf(index: VectorIndex, note: string): GraphManifest {
  const { slotCount, upperStart, upperEnd } = index.imageCounters();
  const { options, capacity } = index;
  return { layout: LAYOUT_VERSION, options, capacity, slotCount, upperStart, upperEnd, note };
}

/**
 * The image as pieces to be written one after the other: views on the graph's memory, valid until it changes. Rows that are in a file stay there:
 * the image belongs to it. Throws `storage` where the file cannot be flushed.
 */
export function encodeImage(index: VectorIndex, note: string): Uint8Array[] {
  const manifest = manifestOf(index, note);
  const regions = index.imageRegions(manifest.slotCount, manifest.upperEnd);
  const store = index.rows?.store;
  store?.file.flush();
  return encodeCheckedImage(GRAPH_IMAGE, { ...manifest, ...(store && { rows: store.name }) }, regions);
}

/**
 * The same with codes and f32 rows in parts beside it, of which only what no part holds yet is to be written: to one with this name. `isWhole`: all of
 * them are. `undefined` for a graph that has few, or its rows in a file: its image is small, or the file is there.
 */
export function encodeApart(
  index: VectorIndex,
  note: string,
  parts: ImageParts,
  { name, isWhole }: { readonly name: string; readonly isWhole: boolean },
): ApartImage | undefined {
  const manifest = manifestOf(index, note);
  const { slotCount } = manifest;
  if (index.rows !== undefined || slotCount < SLAB_SLOTS) return undefined;
  const regions = index.imageRegions(slotCount, manifest.upperEnd);
  const apart = [regions[CODES_REGION], regions[ROWS_REGION]] as Uint8Array[];
  const next = parts.next({ slotCount, views: viewsOfRegions(apart, slotCount) }, name, isWhole);
  const rest = regions.map((region, i) => (isApart(i) ? region.subarray(0, 0) : region));
  return {
    parts: next.parts.map((part) => part.name),
    part: next.pieces,
    image: encodeCheckedImage(GRAPH_IMAGE, { ...manifest, parts: next.parts }, rest),
    written: next.written,
  };
}

function isApart(region: number): boolean {
  return region === CODES_REGION || region === ROWS_REGION;
}

/** The same with all rows in it, wherever they are kept. Throws `corrupt` or `storage` for rows that cannot be read. */
export function* encodeWholeImage(index: VectorIndex, note: string): IterableIterator<Uint8Array> {
  if (index.rows === undefined) {
    yield* encodeImage(index, note);
    return;
  }
  const manifest = manifestOf(index, note);
  const regions = index.imageRegions(manifest.slotCount, manifest.upperEnd);
  const rows = () => rowPieces(index, manifest.slotCount);
  const checksums = regions.map((region) => crc32(region));
  checksums[ROWS_REGION] = 0;
  for (const piece of rows()) checksums[ROWS_REGION] = crc32(piece, checksums[ROWS_REGION]);
  yield* encodeCheckedHead(GRAPH_IMAGE, manifest, checksums);
  for (const [i, region] of regions.entries()) {
    if (i === ROWS_REGION) yield* rows();
    else yield region;
  }
}

/**
 * Read an image into a new index with these options, whose rows are kept as `keeping` says; default: in its memory. `rows`: the file that the image
 * takes them from, absent where they are in it. `openPart`: of what is in parts beside it, which `parts` then names. Throws `corrupt` for one
 * that is damaged, cut short, of a layout version that is not known or of other options, `capacity` for one of an earlier version that holds more vectors than fit now.
 */
export function decodeImage(
  options: VectorIndexOptions,
  read: ReadExactly,
  keeping?: RowKeeping,
  openPart?: OpenPart,
): { index: VectorIndex; note: string; rows: string | undefined; parts: readonly ImagePart[] } {
  const manifest = readCheckedManifest<GraphManifest>(GRAPH_IMAGE, read);
  const before = manifest.rows === undefined ? undefined : keeping?.open(manifest.rows);
  if (manifest.rows !== undefined && before === undefined)
    throw new MurmurationError("corrupt", "the file of vectors beside the graph image is gone");
  const isOffMemory = keeping?.isOffMemory === true && walksOnCodes(options);
  const index = new VectorIndex(options, isOffMemory ? (before ?? keeping.create()) : undefined);
  const { upperStart } = index.imageCounters();
  const fits = sameOptions(manifest.options, options) && Number.isSafeInteger(manifest.slotCount);
  const start = fits ? startOf(manifest, index.capacity, upperStart) : undefined;
  if (start === undefined)
    throw new MurmurationError("corrupt", "the graph image is of another layout or other options");
  if (manifest.slotCount > index.capacity) {
    const problem = `the graph image holds ${manifest.slotCount} vectors, and at most ${index.capacity} of this size fit a shard's memory`;
    throw new MurmurationError("capacity", problem);
  }
  const { parts = [] } = manifest;
  const hasParts = manifest.parts !== undefined;
  if (hasParts && !(before === undefined && areParts(parts, manifest.slotCount)))
    throw new MurmurationError("corrupt", "the graph image does not say what its parts hold");
  const moved = upperStart - start;
  const isRowless = before !== undefined || index.rows !== undefined;
  const regions = index.imageRegions(manifest.slotCount, manifest.upperEnd + moved);
  for (const [i, region] of regions.entries()) {
    if (hasParts && isApart(i)) continue;
    if (i !== ROWS_REGION || !isRowless) readCheckedRegion(GRAPH_IMAGE, read, region, manifest.checksums[i]);
    else if (before === undefined) {
      const reading = new RegionReading(GRAPH_IMAGE, read);
      readRowsToFile(index, manifest.slotCount, (piece) => reading.piece(piece));
      reading.end(manifest.checksums[i]);
    }
  }
  if (hasParts) readApart(index, manifest.slotCount, regions, parts, openPart);
  if (!index.restore(manifest.layout === LAYOUT_VERSION ? undefined : moved)) {
    throw new MurmurationError("corrupt", "the graph image leads out of its memory");
  }
  if (before === undefined) index.rows?.nameAll(manifest.slotCount);
  else if (index.rows === undefined) readRowsToMemory(index, manifest.slotCount, before);
  return { index, note: manifest.note, rows: manifest.rows, parts };
}

/** Read codes and rows from parts, to wherever the index has its rows. */
function readApart(
  index: VectorIndex,
  slotCount: number,
  regions: readonly Uint8Array[],
  parts: readonly ImagePart[],
  openPart: OpenPart | undefined,
): void {
  const [codes, inMemory] = [regions[CODES_REGION], regions[ROWS_REGION]] as [Uint8Array, Uint8Array];
  const { rows } = index;
  if (rows === undefined) {
    readParts({ slotCount, views: viewsOfRegions([codes, inMemory], slotCount) }, parts, openPart);
    return;
  }
  const rowBytes = rows.recordBytes - ROW_HEAD_BYTES;
  const viewsOfCodes = viewsOfRegions([codes], slotCount);
  const views = (from: number, slots: number) => [...viewsOfCodes(from, slots), new Uint8Array(slots * rowBytes)];
  readParts({ slotCount, views }, parts, openPart, (from, [, read]) => {
    if (read !== undefined) putRowsToFile(index, from, read);
  });
}

/** Where the upper lists began when the image was made; `undefined`: its regions are not those of this version. */
function startOf(manifest: GraphManifest, capacity: number, upperStart: number): number | undefined {
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
