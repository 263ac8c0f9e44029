// The one source of the graph's header: this file is compiled twice, by TypeScript and, imported from assembly/layout.ts, by AssemblyScript.
// Addresses only. A test compares what the compiled module reports with what stands here.

/** What an image holds of it: from here on, and up to there. */
export const H_START: usize = 1024;
export const H_IMAGE_END: usize = 1536;

export const H_DIMENSIONS: usize = 1024;
export const H_LINKS: usize = 1028;
export const H_EF_CONSTRUCTION: usize = 1032;
export const H_METRIC: usize = 1036;
export const H_QUANTIZED: usize = 1040;
export const H_CAPACITY: usize = 1044;
/** level << 28 | slot, NONE when empty: one word, published last. */
export const H_ENTRY: usize = 1088;
export const H_NEXT_SLOT: usize = 1092;
// The writer's from here on.
export const H_UPPER_NEXT: usize = 1096;
export const H_LINKED_COUNT: usize = 1100;
export const H_FREE_HEAD: usize = 1104;
export const H_RETIRED_HEAD: usize = 1108;
export const H_RETIRED_TAIL: usize = 1112;
export const H_DEAD_COUNT: usize = 1116;
/** Size (a power of two) and number of entries of the dot directory; next fresh dot block, and first free one + 1. */
export const H_DOTS_SIZE: usize = 1120;
export const H_DOTS_COUNT: usize = 1124;
export const H_BLOCK_NEXT: usize = 1128;
export const H_BLOCK_FREE: usize = 1132;
/** LEVEL_MAX + 1 words: free upper blocks by level. */
export const H_UPPER_FREE: usize = 1136;
/** Table of stored tags: its block, places (a power of two) and entries (tags.ts). */
export const H_TAGS_BLOCK: usize = 1168;
export const H_TAGS_SIZE: usize = 1172;
export const H_TAGS_COUNT: usize = 1176;
/** Lists that are longer than their place, and bytes of the blocks that hold them. */
export const H_OVERFLOW_LISTS: usize = 1180;
export const H_OVERFLOW_BYTES: usize = 1184;
/** Links that could not be added because a node was not there. */
export const H_MISSED_ADDS: usize = 1188;
export const H_BLOCKS_RETIRED_HEAD: usize = 1192;
export const H_BLOCKS_RETIRED_TAIL: usize = 1196;
/** Bugs that the simulator has planted (src/vector-index/planted.ts); 0 otherwise. */
export const H_PLANTED: usize = 1200;
/** Condemned nodes, and slots on the free list. */
export const H_CONDEMNED_COUNT: usize = 1204;
export const H_FREE_COUNT: usize = 1208;
export const H_EPOCH: usize = 1216;
/** BLOCK_CLASSES words: free blocks by size. */
export const H_BLOCKS_FREE: usize = 1280;
// Not part of an image from here (H_IMAGE_END).
/** One 64-byte line per thread: 0 idle, else the epoch it entered; behind it 0 or the epoch that it has followed to. */
export const H_READERS: usize = 1536;
/**
 * The epoch as of which rows were published last (NONE: no rows name slots): slots retired since are in rows that readers may begin to
 * read. Behind it CHANGES as it was then.
 */
export const H_PUBLISHED: usize = 2880;
export const H_PUBLISHED_CHANGES: usize = 2884;
/** Counted up before and after each change of what walks read: odd while one is in work. */
export const H_CHANGES: usize = 2944;
/** Counts nodes that were condemned or purged, up before it is done. */
export const H_DEPARTURES: usize = 2948;
/** Entry points by origin: their number, then (u32 origin, u32 level << 28 | slot)[ORIGINS_MAX]. */
export const H_ENTRIES_COUNT: usize = 4096;
export const H_ENTRIES: usize = 4104;
