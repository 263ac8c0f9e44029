import { crc32 } from "node:zlib";
import type { ReadExactly } from "../checked-image.js";
import { MurmurationError } from "../errors.js";

// Codes and f32 rows are nine tenths of an image, and are written once for a node. So an image that is written often has them in parts: files
// beside it, each with what the parts before it do not hold. What changes with every write (lists, what slots are) is in the image itself.

/** Slots whose codes and rows are written together: of fewer, the manifest of the largest graph there can be would be longer than one may. */
export const SLAB_SLOTS = 1_024;
/** Slabs in all parts, for each that a graph has: with more, the next image has all of them in one part. */
export const SLABS_HELD_MAX = 1.5;
const PARTS_MAX = 64;
/** What names of parts are made of: they become names of files. */
const NAME = /^[\w-]{1,64}$/;

/** Of a slab in a part: which it is, how many of its slots there were, and the CRC-32 of their codes, then their rows. */
type PartSlab = readonly [slab: number, slots: number, checksum: number];

/** A part as the images that use it name it, its slabs in the order in which they stand there. */
export interface ImagePart {
  readonly name: string;
  readonly slabs: readonly PartSlab[];
}

/** Codes and rows of a graph, one behind the other of any range of its slots. */
export interface SlotRows {
  readonly slotCount: number;
  readonly views: (fromSlot: number, slots: number) => readonly Uint8Array[];
}

/** Opens a part by its name; `undefined`: it is gone. */
export type OpenPart = (name: string) => ReadExactly | undefined;

/** What an image that has parts needs written: the part that is new with it, before it, and then itself. */
export interface ApartImage {
  /** Names of all parts that it uses. */
  readonly parts: readonly string[];
  /** Of the new part; views on the graph's memory, as those of the image. */
  readonly part: readonly Uint8Array[];
  readonly image: readonly Uint8Array[];
  /** To be called when both are on the disk. */
  readonly written: () => void;
}

/** Views of regions that have as many bytes for each of so many slots. */
export function viewsOfRegions(regions: readonly Uint8Array[], slotCount: number): SlotRows["views"] {
  return (fromSlot, slots) =>
    regions.map((region) => {
      const bytes = slotCount === 0 ? 0 : region.length / slotCount;
      return region.subarray(fromSlot * bytes, (fromSlot + slots) * bytes);
    });
}

function slotsOf(slab: number, slotCount: number): number {
  return Math.min(SLAB_SLOTS, slotCount - slab * SLAB_SLOTS);
}

/** Which codes and rows of a graph the parts of its newest image hold, and which were written since. */
export class ImageParts {
  #parts: readonly ImagePart[];
  readonly #changed = new Set<number>();

  /** `parts`: of the image that the graph was just read from. */
  constructor(parts: readonly ImagePart[] = []) {
    this.#parts = parts;
  }

  /** A node was inserted at a slot. */
  touch(slot: number): void {
    this.#changed.add(Math.floor(slot / SLAB_SLOTS));
  }

  /** Rows were changed otherwise: no part holds them. */
  forget(): void {
    this.#parts = [];
  }

  /** The parts that hold all of these regions, the last one, of this name, being new; and what is in that one. */
  next(
    of: SlotRows,
    name: string,
    isWhole: boolean,
  ): { parts: ImagePart[]; pieces: Uint8Array[]; written: () => void } {
    const slabs = Math.ceil(of.slotCount / SLAB_SLOTS);
    const held = new Map(this.#parts.flatMap((part) => part.slabs.map(([slab, slots]) => [slab, slots] as const)));
    const isHeld = (slab: number) => !this.#changed.has(slab) && held.get(slab) === slotsOf(slab, of.slotCount);
    const all = Array.from({ length: slabs }, (_, slab) => slab);
    let fresh = all.filter((slab) => !isHeld(slab));
    const inAll = this.#parts.reduce((sum, part) => sum + part.slabs.length, fresh.length);
    const startsAnew = isWhole || inAll > SLABS_HELD_MAX * slabs || this.#parts.length >= PARTS_MAX;
    if (startsAnew) fresh = all;
    const pieces: Uint8Array[] = [];
    const written = fresh.map((slab): PartSlab => {
      const slots = slotsOf(slab, of.slotCount);
      const views = of.views(slab * SLAB_SLOTS, slots);
      pieces.push(...views);
      return [slab, slots, views.reduce((checksum, view) => crc32(view, checksum), 0)];
    });
    const before = startsAnew ? [] : this.#parts;
    const parts = written.length === 0 ? [...before] : [...before, { name, slabs: written }];
    return {
      parts,
      pieces,
      written: () => {
        this.#parts = parts;
        this.#changed.clear();
      },
    };
  }
}

/** Does this say which parts hold so many slots? What stands in a manifest may be anything. */
export function areParts(parts: readonly ImagePart[], slotCount: number): boolean {
  if (!Array.isArray(parts)) return false;
  const held = new Map<number, number>();
  for (const part of parts as readonly Partial<ImagePart>[]) {
    if (typeof part?.name !== "string" || !NAME.test(part.name) || !Array.isArray(part.slabs)) return false;
    for (const one of part.slabs as readonly (readonly number[] | undefined)[]) {
      const [slab = Number.NaN, slots = Number.NaN] = Array.isArray(one) ? one : [];
      const fits = Number.isSafeInteger(slab) && Number.isSafeInteger(slots) && slab >= 0 && slots > 0;
      if (!fits || slots > slotsOf(slab, slotCount)) return false;
      held.set(slab, slots);
    }
  }
  const slabs = Math.ceil(slotCount / SLAB_SLOTS);
  return held.size === slabs && [...held].every(([slab, slots]) => slots === slotsOf(slab, slotCount));
}

/**
 * Read parts one after the other, what stands in a later one in place of what an earlier one has. `take` is given each slab's views when they were read.
 * Throws `corrupt` for one that is gone, damaged or cut short.
 */
export function readParts(
  of: SlotRows,
  parts: readonly ImagePart[],
  open: OpenPart | undefined,
  take: (from: number, views: readonly Uint8Array[]) => void = () => undefined,
): void {
  for (const { name, slabs } of parts) {
    const read = open?.(name);
    if (read === undefined) throw new MurmurationError("corrupt", "a part of the graph image is gone");
    for (const [slab, slots, expected] of slabs) {
      const views = of.views(slab * SLAB_SLOTS, slots);
      let checksum = 0;
      for (const view of views) {
        if (!read(view)) throw new MurmurationError("corrupt", "a part of the graph image ends early");
        checksum = crc32(view, checksum);
      }
      if (checksum !== expected)
        throw new MurmurationError("corrupt", "a checksum of a part of the graph image is wrong");
      take(slab * SLAB_SLOTS, views);
    }
  }
}
