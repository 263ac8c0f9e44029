// The memory map. Nothing here allocates on the AssemblyScript heap: every object is an address.
//
//   1024      header (H.*)
//   SCRATCH   THREADS_MAX private scratch areas: fixed fields (S.*), then those sized by dimension and links
//   REGIONS   parallel arrays of `capacity` slots, laid out once by create():
//     lists   u32[1 + 2M]               layer 0: count, then neighbour slots; or where a longer list is (lists.ts)
//     codes   i8[dimensions] … tail     int8 row; the tail ends with f32 scale (Euclid: f32 squared norm before it)
//     vectors f32[dimensions, padded to 4]
//     meta    24 bytes                  see Meta
//     dots    64-byte blocks dot → slot, their keys, and directories of them, one per power of two side by side; the writer's (dots.ts)
//     stamps  u16, per thread           visited marks
//     bits    1 bit, two sets per thread: slots visible to the thread, slots allowed by its current filter
//     upper   u32[1 + M] blocks, blocks of long lists and the table of tags, to the end of the memory
//
// The memory is created at its full 4 GiB of address space; pages never touched cost nothing, so nothing moves, nothing
// grows and no JavaScript view goes stale.
import {
  H_DIMENSIONS, H_LINKS, H_EF_CONSTRUCTION, H_METRIC, H_QUANTIZED, H_CAPACITY, H_ENTRY, H_NEXT_SLOT, H_UPPER_NEXT, H_LINKED_COUNT,
  H_FREE_HEAD, H_RETIRED_HEAD, H_RETIRED_TAIL, H_DEAD_COUNT, H_DOTS_SIZE, H_DOTS_COUNT, H_BLOCK_NEXT, H_BLOCK_FREE, H_UPPER_FREE,
  H_TAGS_BLOCK, H_TAGS_SIZE, H_TAGS_COUNT, H_OVERFLOW_LISTS, H_OVERFLOW_BYTES, H_MISSED_ADDS, H_BLOCKS_RETIRED_HEAD,
  H_BLOCKS_RETIRED_TAIL, H_PLANTED, H_CONDEMNED_COUNT, H_FREE_COUNT, H_EPOCH, H_BLOCKS_FREE, H_READERS, H_PUBLISHED,
  H_PUBLISHED_CHANGES, H_CHANGES, H_DEPARTURES, H_ENTRIES_COUNT, H_ENTRIES,
} from "../src/vector-index/graph-header";
import { EF_MAX, LEVEL_MAX, ORIGINS_MAX, RAW_MAX, SCAN_QUERIES, THREADS_MAX, UNDO_MAX } from "../src/vector-index/graph-limits";

/** Header fields (addresses), as src/vector-index/graph-header.ts has them. */
export namespace H {
  export const DIMENSIONS: usize = H_DIMENSIONS;
  export const LINKS: usize = H_LINKS;
  export const EF_CONSTRUCTION: usize = H_EF_CONSTRUCTION;
  export const METRIC: usize = H_METRIC;
  export const QUANTIZED: usize = H_QUANTIZED;
  export const CAPACITY: usize = H_CAPACITY;
  export const ENTRY: usize = H_ENTRY;
  export const NEXT_SLOT: usize = H_NEXT_SLOT;
  export const UPPER_NEXT: usize = H_UPPER_NEXT;
  export const LINKED_COUNT: usize = H_LINKED_COUNT;
  export const FREE_HEAD: usize = H_FREE_HEAD;
  export const RETIRED_HEAD: usize = H_RETIRED_HEAD;
  export const RETIRED_TAIL: usize = H_RETIRED_TAIL;
  export const DEAD_COUNT: usize = H_DEAD_COUNT;
  export const DOTS_SIZE: usize = H_DOTS_SIZE;
  export const DOTS_COUNT: usize = H_DOTS_COUNT;
  export const BLOCK_NEXT: usize = H_BLOCK_NEXT;
  export const BLOCK_FREE: usize = H_BLOCK_FREE;
  export const UPPER_FREE: usize = H_UPPER_FREE;
  export const TAGS_BLOCK: usize = H_TAGS_BLOCK;
  export const TAGS_SIZE: usize = H_TAGS_SIZE;
  export const TAGS_COUNT: usize = H_TAGS_COUNT;
  export const OVERFLOW_LISTS: usize = H_OVERFLOW_LISTS;
  export const OVERFLOW_BYTES: usize = H_OVERFLOW_BYTES;
  export const MISSED_ADDS: usize = H_MISSED_ADDS;
  export const BLOCKS_RETIRED_HEAD: usize = H_BLOCKS_RETIRED_HEAD;
  export const BLOCKS_RETIRED_TAIL: usize = H_BLOCKS_RETIRED_TAIL;
  export const PLANTED: usize = H_PLANTED;
  export const CONDEMNED_COUNT: usize = H_CONDEMNED_COUNT;
  export const FREE_COUNT: usize = H_FREE_COUNT;
  export const EPOCH: usize = H_EPOCH;
  export const BLOCKS_FREE: usize = H_BLOCKS_FREE;
  export const READERS: usize = H_READERS;
  export const PUBLISHED: usize = H_PUBLISHED;
  export const PUBLISHED_CHANGES: usize = H_PUBLISHED_CHANGES;
  export const CHANGES: usize = H_CHANGES;
  export const DEPARTURES: usize = H_DEPARTURES;
  export const ENTRIES_COUNT: usize = H_ENTRIES_COUNT;
  export const ENTRIES: usize = H_ENTRIES;
}

/** Scratch fields of fixed size (offsets). */
export namespace S {
  /** u32[] slots of the current batch, and their f32[] distances. */
  export const IDS: usize = 0;
  export const DISTANCES: usize = 8192;
  /** (f32, u32)[EF_MAX + 2] with room for a sentinel before. */
  export const POOL: usize = 16448;
  export const RERANK: usize = POOL + (<usize>EF_MAX + 8) * 8;
  /** (f32, u32)[RAW_MAX]: members of one list, sorted. */
  export const SORT: usize = RERANK + (<usize>EF_MAX + 8) * 8;
  /** u32[] addresses of the rows kept by the heuristic. */
  export const KEPT: usize = SORT + (<usize>RAW_MAX + 8) * 8;
  /** (f32, u32)[] neighbours chosen by the heuristic. */
  export const CHOSEN: usize = KEPT + 4096;
  export const HEADS: usize = CHOSEN + 8192;
  /** u32[ORIGINS_MAX] origins that the delta in work mentions. */
  export const ORIGINS: usize = HEADS + 64;
  /** (f32, u32)[] where a walk starts: slots with their distances. */
  export const STARTS: usize = ORIGINS + <usize>ORIGINS_MAX * 4;
  /** u32[ORIGINS_MAX] entry words by rank. */
  export const ENTRY_WORDS: usize = STARTS + 32768;
  /** u32[RAW_MAX] slots that an edit takes away and adds. */
  export const GONE: usize = ENTRY_WORDS + <usize>ORIGINS_MAX * 4;
  export const ADDED: usize = GONE + (<usize>RAW_MAX + 8) * 4;
  /** (f32, u32)[RAW_MAX] a list that is being made anew. */
  export const RAW: usize = ADDED + (<usize>RAW_MAX + 8) * 4;
  /** Causal past of the operation in work: entries, then (u32 origin, u32, u64 sequence)[ORIGINS_MAX]. */
  export const PAST: usize = RAW + (<usize>RAW_MAX + 8) * 8;
  /** Stored tags that the operation in work took away: entries, then as in the table (tags.ts). */
  export const UNDO: usize = PAST + 16 + <usize>ORIGINS_MAX * 16;
  /** (u64 dot, f32 distance, u32 slot)[EF_MAX] */
  export const OUT: usize = UNDO + 16 + <usize>UNDO_MAX * 16;
  export const END: usize = OUT + <usize>EF_MAX * 16;
}

export const NONE: u32 = 0xffffffff;
export const SLOT_MASK: u32 = 0x0fffffff;
/** meta.state = LINKED | DEAD | CONDEMNED | TAGGED | level */
export const LINKED: u32 = 0x80000000;
export const DEAD: u32 = 0x40000000;
/** Dead for good, as far as this replica knows; not part of the replicated state. */
export const CONDEMNED: u32 = 0x20000000;
/** Some link of the node has stored tags. */
export const TAGGED: u32 = 0x10000000;
/** In a list's first word: the list is in a block of its own, at this many times 16. */
export const OVERFLOW: u32 = 0x80000000;
export const SCRATCH: usize = 16384;

/** What a slot is. Addresses are cast to it: field access compiles to a load with an offset. */
@unmanaged export class Meta {
  /** origin << 40 | sequence: names the node on every replica; the tie-breaker. */
  dot: u64;
  /** Address of the upper lists, 0 at level 0. */
  upper: u32;
  /** LINKED | DEAD | CONDEMNED | TAGGED | level */
  state: u32;
  /** Free list, retired queue, queue of a breadth-first walk. */
  next: u32;
  /** When retired. Of a linked node: where the last breadth-first walk came from. */
  epoch: u32;
}
export const META: usize = offsetof<Meta>();
/** Bytes of a dot block: one cache line. */
export const BLOCK_BYTES: usize = 64;

/** Metrics, as the host names them. */
export const METRIC_DOT: u32 = 0;
export const METRIC_EUCLID: u32 = 1;
export const METRIC_MANHATTAN: u32 = 2;

// Derived sizes, one copy per instance (thread), set by derive().
export let dimensions: u32, links: u32, baseLinks: u32, efConstruction: u32, metric: u32, capacity: u32;
export let vectorBytes: usize, codeBytes: usize, listBytes: usize, upperBytes: usize;
export let atUpper: usize;
let atLists: usize, atCodes: usize, atVectors: usize, atMeta: usize, atBlocks: usize, atBlockKeys: usize, atDots: usize, atStamps: usize, atBits: usize;
export let thread: u32, scratch: usize;
/** Query as f32 (SCAN_QUERIES of them), widened to i16, and as an int8 row. */
export let atQuery: usize, atQuery16: usize, atRow: usize;
/** Packed delta going out or coming in, and its decoded words. */
export let atDelta: usize, atWords: usize, wordsEnd: usize;
/** Dots that the list in work of an incoming delta removes: the second half of the room for words, which never fill the first. */
export let atRemovals: usize;

/** Bytes that hold any delta of a graph with this many links, packed or decoded. */
// @ts-ignore: decorator
@inline function deltaBytesMax(m: u32): usize {
  return align64((<usize>LEVEL_MAX + 1) * (<usize>m + 1) * (48 + (6 * <usize>m + 1) * 16) + 16384);
}
// @ts-ignore: decorator
@inline function scratchBytes(vector: usize, code: usize, m: u32): usize {
  return align64(S.END) + align64(vector * SCAN_QUERIES) + align64(code * 2) + align64(code) + 2 * deltaBytesMax(m);
}

/** Read the header and compute every size and address for this thread. */
export function derive(me: u32): void {
  thread = me;
  dimensions = load<u32>(H.DIMENSIONS);
  links = load<u32>(H.LINKS);
  baseLinks = 2 * links;
  efConstruction = load<u32>(H.EF_CONSTRUCTION);
  metric = load<u32>(H.METRIC);
  capacity = load<u32>(H.CAPACITY);
  vectorBytes = vectorBytesOf(dimensions);
  codeBytes = codeBytesOf(dimensions, metric, load<u32>(H.QUANTIZED));
  listBytes = <usize>(baseLinks + 1) << 2;
  upperBytes = <usize>(links + 1) << 2;

  const area = scratchBytes(vectorBytes, codeBytes, links);
  scratch = SCRATCH + <usize>me * area;
  atQuery = scratch + align64(S.END);
  atQuery16 = atQuery + align64(vectorBytes * SCAN_QUERIES);
  atRow = atQuery16 + align64(codeBytes * 2);
  atDelta = atRow + align64(codeBytes);
  atWords = atDelta + deltaBytesMax(links);
  wordsEnd = atWords + deltaBytesMax(links);
  atRemovals = atWords + deltaBytesMax(links) / 2 & ~7;

  const n = <usize>capacity;
  atLists = (SCRATCH + area * THREADS_MAX + 65535) & ~65535;
  atCodes = align64(atLists + n * listBytes);
  atVectors = align64(atCodes + n * codeBytes);
  atMeta = align64(atVectors + n * vectorBytes);
  atBlocks = align64(atMeta + n * META);
  atBlockKeys = atBlocks + n * BLOCK_BYTES;
  atDots = align64(atBlockKeys + n * 8);
  const stamps = align64(atDots + dotTableBytes(capacity));
  atStamps = stamps + <usize>me * n * 2;
  const bits = align64(stamps + n * 2 * THREADS_MAX);
  atBits = bits + <usize>me * 2 * bitBytes();
  atUpper = align64(bits + 2 * bitBytes() * THREADS_MAX);
}
/**
 * Most slots that fit 65,536 pages beside the upper lists they will need, half as many again as expected, and 16 MB for lists that outgrow
 * their place and tags.
 */
export function capacityOf(dims: u32, m: u32, metricCode: u32, quantized: u32): u32 {
  const vector = vectorBytesOf(dims), code = codeBytesOf(dims, metricCode, quantized);
  const fixed = <u64>SCRATCH + <u64>scratchBytes(vector, code, m) * THREADS_MAX + (16 << 20), memory: u64 = 0xffff0000;
  const upper = (<u64>(m + 1) * 6) / <u64>(m - 1) + 1;
  const per = <u64>vector + code + (<u64>(2 * m + 1) << 2) + META + BLOCK_BYTES + 8 + THREADS_MAX * 2 + (THREADS_MAX + 3) / 4 + upper;
  let slots: u64 = fixed < memory ? min<u64>((memory - fixed) / per, SLOT_MASK - 1) : 0;
  while (slots && fixed + slots * per + <u64>dotTableBytes(<u32>slots) > memory) slots -= slots / 64 + 1;
  return <u32>slots;
}
function dotTableBytes(slots: u32): usize {
  // the directory of 2^k words stands at word 2^k; the largest is at most half full
  return (<usize>1 << (32 - clz(2 * slots + 64))) << 3;
}
// @ts-ignore: decorator
@inline function vectorBytesOf(dims: u32): usize { return (<usize>dims + 3 & ~3) << 2; }
// @ts-ignore: decorator
@inline function codeBytesOf(dims: u32, metricCode: u32, quantized: u32): usize {
  if (!quantized) return 0;
  return <usize>dims + (metricCode == METRIC_EUCLID ? 8 : 4) + 15 & ~15;
}
// @ts-ignore: decorator
@inline export function align64(n: usize): usize { return n + 63 & ~63; }
// @ts-ignore: decorator
@inline function bitBytes(): usize { return align64((<usize>capacity + 7) >> 3); }
/** Slots whose point this thread may return. */
// @ts-ignore: decorator
@inline export function visibleBits(): usize { return atBits; }
/** Slots that the filter of this thread's current call allows. */
// @ts-ignore: decorator
@inline export function filterBits(): usize { return atBits + bitBytes(); }
// @ts-ignore: decorator
@inline export function hasBit(bits: usize, slot: u32): bool {
  return <bool>((load<u32>(bits + (<usize>(slot >> 5) << 2)) >> (slot & 31)) & 1);
}
// @ts-ignore: decorator
@inline export function vectorOf(slot: u32): usize { return atVectors + <usize>slot * vectorBytes; }
// @ts-ignore: decorator
@inline export function codeOf(slot: u32): usize { return atCodes + <usize>slot * codeBytes; }
// @ts-ignore: decorator
@inline export function metaOf(slot: u32): Meta { return changetype<Meta>(atMeta + <usize>slot * META); }
/** Address of a slot's state, for publish and observe. */
// @ts-ignore: decorator
@inline export function stateAt(slot: u32): usize { return changetype<usize>(metaOf(slot)) + offsetof<Meta>("state"); }
// @ts-ignore: decorator
@inline export function stampOf(slot: u32): usize { return atStamps + (<usize>slot << 1); }
// @ts-ignore: decorator
@inline export function baseListOf(slot: u32): usize { return atLists + <usize>slot * listBytes; }
// @ts-ignore: decorator
@inline export function dotOf(slot: u32): u64 { return metaOf(slot).dot; }
// @ts-ignore: decorator
@inline export function stateOf(slot: u32): u32 { return metaOf(slot).state; }
// @ts-ignore: decorator
@inline export function levelIn(state: u32): u32 { return state & 15; }
// @ts-ignore: decorator
@inline export function listOf(slot: u32, level: u32): usize {
  assert(level == 0 || metaOf(slot).upper);
  return level == 0 ? baseListOf(slot) : <usize>metaOf(slot).upper + <usize>(level - 1) * upperBytes;
}
/** Address of the dot directory with `size` words (a power of two). */
// @ts-ignore: decorator
@inline export function dotTable(size: u32): usize { return atDots + (<usize>size << 2); }
/** Address of a dot block. */
// @ts-ignore: decorator
@inline export function blockAt(block: u32): usize { return atBlocks + <usize>block * BLOCK_BYTES; }
// @ts-ignore: decorator
@inline export function blockKeyAt(block: u32): usize { return atBlockKeys + (<usize>block << 3); }
/** Most links a list of this level may hold. */
// @ts-ignore: decorator
@inline export function capOf(level: u32): u32 { return level == 0 ? baseLinks : links; }
// @ts-ignore: decorator
@inline export function word(base: usize, i: u32): usize { return base + (<usize>i << 2); }
// @ts-ignore: decorator
@inline export function pair(base: usize, i: u32): usize { return base + (<usize>i << 3); }
// @ts-ignore: decorator
@inline export function originIn(dot: u64): u32 { return <u32>(dot >> 40); }
// @ts-ignore: decorator
@inline export function sequenceIn(dot: u64): u64 { return dot & 0xffffffffff; }
/** Load one byte of each cache line: the loads overlap and the arithmetic that follows finds its rows. */
// @ts-ignore: decorator
@inline export function touch(at: usize, bytes: usize): void {
  for (let j: usize = 0; j < bytes; j += 64) load<u8>(at + j);
  load<u8>(at + bytes - 1);
}
