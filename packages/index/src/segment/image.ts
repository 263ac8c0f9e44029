import {
  encodeCheckedImage,
  type ImageKind,
  type ReadExactly,
  readCheckedManifest,
  readCheckedRegion,
} from "../checked-image.js";
import { assert, MurmurationError } from "../errors.js";
import {
  H_AT_ARENA,
  H_AT_IDS,
  H_CAPACITY,
  H_SLOT_CAPACITIES,
  HEADER_END,
  HEADER_START,
  LAYOUT_VERSION,
} from "./layout.js";
import { Segment } from "./segment.js";
import {
  createLargestTable,
  createTable,
  plantInTable,
  type TableEngine,
  type TableOptions,
  tableOptions,
} from "./table-engine.js";

const KIND: ImageKind = { magic: "MURMTAB1", name: "table image" };

interface Manifest {
  readonly layout: number;
  readonly options: TableOptions;
  readonly lengths: readonly number[];
  /** What the host needs to know about the image: the log position it stands at. */
  readonly note: string;
}

/** A region of the image (assembly/table/saved.ts). */
function regionOf({ u8, imageStart, imageEnd }: TableEngine, which: number): Uint8Array {
  return u8.subarray(imageStart(which) >>> 0, imageEnd(which) >>> 0);
}

/**
 * The image of a segment as pieces to be written one after the other: views on its memory, valid until it changes. Between groups. The
 * arena behind the rows is part of it.
 */
export function encodeSegmentImage(segment: Segment, note: string): Uint8Array[] {
  const { engine, options } = segment;
  assert(!segment.isInGroup, "an image is made between groups");
  const regions = Array.from({ length: engine.imageRegions() }, (_, which) => regionOf(engine, which));
  const lengths = regions.map((region) => region.length);
  const manifest: Manifest = { layout: LAYOUT_VERSION, options, lengths, note };
  return encodeCheckedImage(KIND, manifest, regions);
}

/** What a table is made for; without a capacity it has as many rows as fit its memory. */
export type ImageOptions = Omit<TableOptions, "capacity"> & Partial<Pick<TableOptions, "capacity">>;

/**
 * Read an image into a new segment with these options; no point is decoded. `accept` may refuse it by its note, and throws then. Throws
 * `corrupt` for one that is damaged, cut short, of another layout or of other options: then it is made again from the log.
 */
export function decodeSegmentImage(
  options: ImageOptions,
  read: ReadExactly,
  accept: (note: string) => void = () => undefined,
): { segment: Segment; note: string } {
  const manifest = readCheckedManifest<Manifest>(KIND, read);
  const { checksums, lengths, note } = manifest;
  accept(note);
  const { capacity } = options;
  const engine = capacity === undefined ? createLargestTable(options) : createTable({ ...options, capacity });
  const isOurs = manifest.layout === LAYOUT_VERSION && sameOptions(manifest.options, tableOptions(engine));
  if (!isOurs) throw new MurmurationError("corrupt", "the table image is of another layout or other options");
  readHeader(engine, read, checksums[0]);
  // where a region ends follows from those before it
  for (let which = 1; which < engine.imageRegions(); which++) {
    const region = regionOf(engine, which);
    if (region.length !== lengths[which])
      throw new MurmurationError("corrupt", "a region of the table image has another size");
    readCheckedRegion(KIND, read, region, checksums[which]);
  }
  engine.restore();
  plantInTable(engine);
  return { segment: new Segment(engine), note };
}

/** The header as it was saved, if its table is laid out like this one. */
function readHeader({ u8, u32 }: TableEngine, read: ReadExactly, checksum: number | undefined): void {
  const saved = new Uint8Array(HEADER_END - HEADER_START);
  readCheckedRegion(KIND, read, saved, checksum);
  const words = new Uint32Array(saved.buffer);
  const isAlike = (from: number, to: number) =>
    words
      .subarray((from - HEADER_START) >>> 2, (to - HEADER_START) >>> 2)
      .every((word, i) => word === u32[(from >>> 2) + i]);
  if (
    !isAlike(H_CAPACITY, H_CAPACITY + 8) ||
    !isAlike(H_AT_IDS, H_AT_ARENA + 4) ||
    !isAlike(H_SLOT_CAPACITIES, H_SLOT_CAPACITIES + 1024)
  ) {
    throw new MurmurationError("corrupt", "the table image is of another layout");
  }
  u8.set(saved, HEADER_START);
}

function sameOptions(a: TableOptions, b: TableOptions): boolean {
  return a.capacity === b.capacity && a.slots.length === b.slots.length && a.slots.every((n, i) => n === b.slots[i]);
}
