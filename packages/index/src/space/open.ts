import { assert } from "../errors.js";
import { newMultiIndex } from "../multi/multi-index.js";
import type { MultiOptions } from "../multi/multi-options.js";
import { decodeSlotsImage } from "../sparse/sparse-image.js";
import { newSparseIndex } from "../sparse/sparse-index.js";
import { decodeImage, type ReadExactly } from "../vector-index/image.js";
import type { OpenPart } from "../vector-index/image-parts.js";
import { type VectorIndexOptions, walksOnCodes } from "../vector-index/options.js";
import type { RowKeeping } from "../vector-index/row-images.js";
import { VectorIndex } from "../vector-index/vector-index.js";
import { DenseSpace } from "./dense.js";
import { type MultiSpace, multiSpace, type SparseOptions, type SparseSpace, sparseSpace } from "./unlinked.js";

/** A space of any kind. */
export type Space = DenseSpace | SparseSpace | MultiSpace;

/** What a space is made of; the same on every replica. */
export type SpaceOptions =
  | ({ readonly kind: "dense" } & VectorIndexOptions)
  | ({ readonly kind: "sparse" } & SparseOptions)
  | ({ readonly kind: "multi" } & MultiOptions);

/** A space of which is known that its vectors are dense. */
export function denseSpaceOf(space: Space | undefined): DenseSpace {
  assert(space instanceof DenseSpace, "the space is a dense one");
  return space;
}

/**
 * An empty space. `keeping`: where f32 rows are kept, if codes are what the graph is walked on. Throws `validation` for options out of range,
 * `capacity` without memory.
 */
export function createSpace(options: SpaceOptions, keeping?: RowKeeping): Space {
  if (options.kind === "sparse") return sparseSpace(newSparseIndex(), options);
  if (options.kind === "multi") return multiSpace(newMultiIndex(options), options);
  const { kind: _, ...graphOptions } = options;
  const isOffMemory = keeping?.isOffMemory === true && walksOnCodes(graphOptions);
  return new DenseSpace(new VectorIndex(graphOptions, isOffMemory ? keeping.create() : undefined));
}

/** What an image holds. */
export interface LoadedSpace {
  readonly space: Space;
  readonly note: string;
  /** Name of the file that the f32 rows are in, if they are not in it. */
  readonly rows?: string | undefined;
  /** Names of the parts beside it. */
  readonly parts?: readonly string[];
}

/**
 * A space from what `image` or, with `openPart`, `imageApart` gave, with the note in it. Throws `corrupt` for an image that is damaged, of an unknown layout or of other options,
 * `capacity` without memory.
 */
export function loadSpace(
  options: SpaceOptions,
  read: ReadExactly,
  keeping?: RowKeeping,
  openPart?: OpenPart,
): LoadedSpace {
  if (options.kind === "sparse") {
    const index = newSparseIndex();
    const { note } = decodeSlotsImage(read, index, { kind: "sparse", dimensions: 0 });
    return { space: sparseSpace(index, options), note };
  }
  if (options.kind === "multi") {
    const index = newMultiIndex(options);
    const { note } = decodeSlotsImage(read, index, { kind: "multi", dimensions: options.dimensions });
    return { space: multiSpace(index, options), note };
  }
  const { kind: _, ...graphOptions } = options;
  const { index, note, rows, parts } = decodeImage(graphOptions, read, keeping, openPart);
  return { space: new DenseSpace(index, parts), note, rows, parts: parts.map(({ name }) => name) };
}
