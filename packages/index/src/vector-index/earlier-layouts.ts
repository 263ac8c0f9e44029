import { type VectorIndexOptions, walksOnCodes } from "./options.js";

/** What an image says of the memory that it was made in. */
export interface ImagePlaces {
  readonly layout: number;
  readonly options: VectorIndexOptions;
  /** Slots that the memory had room for. */
  readonly capacity: number;
}

const align64 = (bytes: number) => Math.ceil(bytes / 64) * 64;

/**
 * Where the upper lists began in a memory of layout 4, which is what their addresses in an image count from: its regions are those of today,
 * but it had room for 4 threads. As assembly/layout.ts had it, never to be changed; images of later layouts say it themselves.
 */
function upperListsOfLayout4({ options, capacity: slots }: ImagePlaces): number {
  const { dimensions, links, metric } = options;
  const threads = 4;
  const vector = Math.ceil(dimensions / 4) * 16;
  const tail = metric === "euclid" ? 8 : 4;
  const code = walksOnCodes(options) ? Math.ceil((dimensions + tail) / 16) * 16 : 0;
  const delta = align64(8 * (links + 1) * (48 + (6 * links + 1) * 16) + 16_384);
  const scratch = 1_856_000 + align64(vector * 4) + align64(code * 2) + align64(code) + 2 * delta;
  const dots = 2 ** (32 - Math.clz32(2 * slots + 64)) * 8;
  const bits = align64(Math.ceil(slots / 8));
  const lists = Math.ceil((16_384 + scratch * threads) / 65_536) * 65_536;
  const codes = align64(lists + slots * (2 * links + 1) * 4);
  const vectors = align64(codes + slots * code);
  const meta = align64(vectors + slots * vector);
  const blocks = align64(meta + slots * 24);
  const stamps = align64(align64(blocks + slots * 64 + slots * 8) + dots);
  return align64(align64(stamps + slots * 2 * threads) + 2 * bits * threads);
}

/** Where the upper lists began in the memory that an image of an earlier layout was made in; `undefined`: it cannot be read any more. */
export function upperListsOf(places: ImagePlaces): number | undefined {
  return places.layout === 4 ? upperListsOfLayout4(places) : undefined;
}
