import { decodeImage, type ReadExactly } from "../vector-index/image.js";
import { type VectorIndexOptions, walksOnCodes } from "../vector-index/options.js";
import type { RowKeeping } from "../vector-index/row-images.js";
import { VectorIndex } from "../vector-index/vector-index.js";
import { DenseSpace } from "./dense.js";

/** A space of any kind. Dense ones are what there is; sparse and multi-vectors come as further members. */
export type Space = DenseSpace;

/** What a space is made of; the same on every replica. */
export type SpaceOptions = { readonly kind: "dense" } & VectorIndexOptions;

/**
 * An empty space. `keeping`: where f32 rows are kept, if codes are what the graph is walked on. Throws `validation` for options out of range,
 * `capacity` without memory.
 */
export function createSpace({ kind: _, ...options }: SpaceOptions, keeping?: RowKeeping): Space {
  const isOffMemory = keeping?.isOffMemory === true && walksOnCodes(options);
  return new DenseSpace(new VectorIndex(options, isOffMemory ? keeping.create() : undefined));
}

/**
 * A space from what `image` gave, with the note in it. Throws `corrupt` for an image that is damaged, of an unknown layout or of other options,
 * `capacity` without memory.
 */
export function loadSpace(
  { kind: _, ...options }: SpaceOptions,
  read: ReadExactly,
  keeping?: RowKeeping,
): { readonly space: Space; readonly note: string } {
  const { index, note } = decodeImage(options, read, keeping);
  return { space: new DenseSpace(index), note };
}
