// The parts of a usearch file, version 2, all little-endian:
//
//   vectors   u32 rows, u32 bytes of a row; the rows
//   head      64 bytes: see `head`
//   graph     u64 nodes, M, M0, highest level, entry slot
//   levels    i16 per node
//   nodes     u64 key, i16 level, list of M0, then a list of M for each upper level; a list is u32 count, then its places
//
// A node is named by its slot: its place in `vectors`, `levels` and `nodes`.

export const MAGIC = "usearch";
/** The first with these numbers of kinds. */
export const VERSION = [2, 10, 0] as const;

export const MATRIX_BYTES = 8;
export const HEAD_BYTES = 64;
export const GRAPH_BYTES = 40;

/** Offsets within the head. */
export const head = {
  version: 7,
  metric: 13,
  scalar: 14,
  key: 15,
  slot: 16,
  present: 17,
  deleted: 25,
  dimensions: 33,
  multi: 41,
} as const;

/** Kinds of metrics, by their characters, and of scalars. */
export const kinds = { innerProduct: 0x69, cosine: 0x63, euclid: 0x65, f32: 11, u64: 14, u32: 15 } as const;

/** Key of a place whose node was removed. */
export const REMOVED_KEY = 2n ** 64n - 1n;

/** Bytes of one node of the file. */
export function nodeBytes(level: number, links: number, baseLinks: number): number {
  return 8 + 2 + 4 * (baseLinks + 1) + level * 4 * (links + 1);
}
