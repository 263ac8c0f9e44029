import * as graphHeader from "../vector-index/graph-header.js";
import { THREADS_MAX } from "../vector-index/graph-limits.js";

// How sparse vectors lie in a shared memory, in words of 32 bits: header, slots, and behind them the arena with everything of variable size.
// The header's words that pins and counts of other threads go by are those of a graph (vector-index/graph-header.ts), so that what enters and
// leaves a graph enters and leaves this too.

const word = (bytes: number) => bytes >>> 2;

/** Words of the header. */
export const at = {
  nextSlot: word(graphHeader.H_NEXT_SLOT),
  linkedCount: word(graphHeader.H_LINKED_COUNT),
  deadCount: word(graphHeader.H_DEAD_COUNT),
  published: word(graphHeader.H_PUBLISHED),
  /** Counted up with each publish that slots were retired before; slots are stamped with it. */
  epoch: word(graphHeader.H_EPOCH),
  freeSlot: word(graphHeader.H_FREE_HEAD),
  retiredHead: word(graphHeader.H_RETIRED_HEAD),
  retiredTail: word(graphHeader.H_RETIRED_TAIL),
  /** First word of the arena that was never used. */
  arenaNext: 320,
  /** The dictionary that readers look into: one word, published last. */
  dictionary: 321,
  /** Indices that some vector has or had. */
  lists: 322,
  /** Values of linked and retired vectors: places in postings that are in use. */
  postings: 323,
  /** SIZE_CLASSES words: free blocks by size. */
  freeBlocks: 328,
} as const;

export const SLOTS_AT = 16_384;
export const SLOT_WORDS = 8;
/** Slots that a memory has; the first is not used, so that 0 names none. */
export const SLOTS_MAX = 1 << 23;
/** Most vectors that a memory holds. */
export const CAPACITY = SLOTS_MAX - 1;
export const ARENA_AT = SLOTS_AT + SLOT_WORDS * SLOTS_MAX;
/** Each thread's scratch, at the end of the memory. */
export const SCRATCH_WORDS = 1 << 18;
export const SCRATCH_AT = 2 ** 30 - THREADS_MAX * SCRATCH_WORDS;
export const ARENA_END = SCRATCH_AT;

/** Words of a slot. */
export const slot = {
  origin: 0,
  sequenceLow: 1,
  sequenceHigh: 2,
  flags: 3,
  /** Block of the vector: its indices, then for each the place of its value in the postings. 0 for a vector without any. */
  block: 4,
  count: 5,
  /** Epoch at which it was retired. */
  retiredAt: 6,
  /** The next one that is free, or retired. */
  next: 7,
} as const;

export const LINKED = 1;
export const DEAD = 2;
export const CONDEMNED = 4;

/** Words of a list of postings. */
export const list = {
  index: 0,
  first: 1,
  last: 2,
  /** A place that is free: the weight there is the place of the next one. */
  free: 3,
  /** Places in use. */
  used: 4,
} as const;
export const LIST_WORDS = 6;

/** Words of a block of postings, before its places: two words each, the slot (0: free) and the value. */
export const block = { next: 0, filled: 1, capacity: 2 } as const;
export const BLOCK_WORDS = 3;
/** Words of the first block of a list, and of the largest. */
export const BLOCK_MIN = 8;
export const BLOCK_MAX = 512;

/** The most values that one vector may have. */
export const sparseLimits = { valuesMax: 65_536 } as const;
