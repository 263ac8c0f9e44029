// The one source of the table's layout: this file is compiled twice, by TypeScript and, imported from assembly/table, by AssemblyScript.
// Constants only. A test compares what the compiled module reports with what stands here.
//
//   1024      header (H_*), one copy for all threads
//   4096      header of columns and postings (4 KiB)
//   8192      READER_LINES: one line of 64 bytes per thread
//   16384     SCRATCH: SCRATCH_BYTES per thread
//   1 MiB     flat regions of `capacity` rows, laid out once by create(); their addresses stand in the header (H_AT_*):
//     ids      u64[2] per row          low word first, so that the second one of an integer is 0
//     epochs   u32[2] per row          shown, hidden
//     keys     u64                     payload key | UUID_BIT
//     older    u32                     the row before, 0: none; of a free row: the next free one
//     times    u64                     latest stamp: milliseconds << 16 | counter
//     dots     u64                     its origin << 40 | version (the sequence of that operation)
//     retired  u32                     epoch at which nothing led to the row any more; the writer's
//     slots    u32 per space           space after space: slot of the row in it, NO_SLOT: it has no vector there
//     newest   u32 per space and slot  space after space: newest row with this slot, 0: none
//     queue    u32                     ring of rows to be given back; the writer's
//     journal  u32[2]                  what the group in work has done; the writer's
//     hash     u32                     two halves, in each a table of every power of two side by side (assembly/table/hash.ts)
//     order    nodes of B-trees        ids in order (assembly/table/order.ts)
//   H_AT_ARENA  the arena of columns and postings, to MEMORY_END; what is used of it ends at H_ARENA_NEXT. An image holds the header, the
//               regions up to H_NEXT_ROW, and the arena up to there.
//
// Row 0 is no row: memory that was never touched says "none" everywhere. Epoch 0 is no epoch. Epochs are compared as serial numbers
// (RFC 1982), so they may wrap.

/** Changes with every change of the layout: images of another one are refused. */
export const LAYOUT_VERSION: u32 = 3;
/** The last page of the address space stays unused. */
export const MEMORY_END: usize = 0xffff0000;

/** Threads that can be attached to a table: the writer (0) and readers from 1 on. */
export const THREADS_MAX: u32 = 64;
/** Largest capacity of a table: its rows are numbered from 1 to one less than its capacity. */
export const ROWS_MAX: u32 = 0x00ffffff;
/** Vector spaces of one table. */
export const SPACES_MAX: u32 = 256;
/** Slots of one space (as many as a graph's slots can be numbered). */
export const SLOTS_MAX: u32 = 0x0fffffff;
/** The arena has at least so many bytes: what the flat regions of a large table leave to it. */
export const ARENA_BYTES_MIN: usize = 0x40000000;

/** A thread may stay at an epoch for so many more; then no group begins until it has left. */
export const EPOCH_AGE_MAX: u32 = 0x40000000;
/** In `keys`: the id is a UUID. Payload keys are below KEY_MAX. */
export const UUID_SHIFT: u32 = 63;
/** In `slots`: the row has no vector in the space. */
export const NO_SLOT: u32 = 0xffffffff;
/** Bytes of a row with one space; every other space takes SLOT_BYTES more. */
export const ROW_BYTES: usize = 60;
export const SLOT_BYTES: usize = 4;

// Header: what was given to create().
export const H_LAYOUT: usize = 1024;
export const H_CAPACITY: usize = 1028;
export const H_SPACES: usize = 1032;
export const H_PLANTED: usize = 1036;
export const H_READS_PLANTED: usize = 1040;
// Where the regions begin.
export const H_AT_IDS: usize = 1088;
export const H_AT_EPOCHS: usize = 1092;
export const H_AT_KEYS: usize = 1096;
export const H_AT_OLDER: usize = 1100;
export const H_AT_TIMES: usize = 1104;
export const H_AT_DOTS: usize = 1108;
export const H_AT_RETIRED: usize = 1112;
export const H_AT_SLOTS: usize = 1116;
export const H_AT_NEWEST: usize = 1120;
export const H_AT_QUEUE: usize = 1124;
export const H_AT_JOURNAL: usize = 1128;
export const H_AT_HASH: usize = 1132;
export const H_AT_ORDER: usize = 1136;
export const H_AT_ARENA: usize = 1140;
/** Bytes from H_AT_ORDER that belong to the ids in order. */
export const H_ORDER_BYTES: usize = 1144;
/** The writer's: one more than the highest row in use; first free row; rows that are free. */
export const H_NEXT_ROW: usize = 1152;
export const H_FREE_HEAD: usize = 1156;
export const H_FREE_COUNT: usize = 1160;
/** The writer's: positions in the queue: where rows are put, up to where nothing leads to them, and up to where they were given back. */
export const H_QUEUE_PUT: usize = 1164;
export const H_QUEUE_UNLINKED: usize = 1168;
export const H_QUEUE_FREED: usize = 1172;
/** The writer's: words in the journal of the group in work; 1 while there is one. */
export const H_JOURNAL_COUNT: usize = 1176;
export const H_IN_GROUP: usize = 1180;
/** The writer's: points that are visible once the group in work is. */
export const H_LIVE: usize = 1184;
/** The writer's: where the sweep that settles old rows stands. */
export const H_SWEEP: usize = 1188;
/** The end of the arena that is in use: an image holds everything before it. */
export const H_ARENA_NEXT: usize = 1192;
/** What ids are hashed with, u64: given by the host, so that nobody can choose ids that collide. */
export const H_SEED: usize = 1200;
/** The epoch of now, on a cache line of its own: the one word that publishes a group. */
export const H_EPOCH: usize = 1536;
/** Which table of the hash readers look into (half << 31 | log2 of its size), and the roots of the ids in order; on a line of their own. */
export const H_HASH: usize = 1600;
/** Of integers, then of UUIDs. */
export const H_ROOTS: usize = 1604;
/** The writer's: the table that is being filled (0: none), up to where; places that are not empty, in both; ids. */
export const H_HASH_NEXT: usize = 1664;
export const H_HASH_MOVED: usize = 1668;
export const H_HASH_USED: usize = 1672;
export const H_HASH_NEXT_USED: usize = 1676;
export const H_HASH_IDS: usize = 1680;
/** The writer's: epoch at which the last table was left. */
export const H_HASH_LEFT: usize = 1684;
/** The writer's words of the ids in order: roots with the group in work, the first node that was never used, free ones and their number. */
export const H_ORDER_ROOTS: usize = 1728;
export const H_ORDER_NEXT: usize = 1736;
export const H_ORDER_FREE: usize = 1740;
export const H_ORDER_FREE_COUNT: usize = 1744;
/** Lists of nodes: made since the roots were published last, taken out since then, and those that readers may still be in. */
export const H_ORDER_FRESH: usize = 1748;
export const H_ORDER_LEFT: usize = 1752;
export const H_ORDER_RETIRED_HEAD: usize = 1756;
export const H_ORDER_RETIRED_TAIL: usize = 1760;
/** SPACES_MAX words: slots of each space, as given to create(). */
export const H_SLOT_CAPACITIES: usize = 2048;
/** Points that are visible, by epoch modulo COUNTS, and in the highest bit whether walks start from all entries of a graph. */
export const H_COUNTS: usize = 3072;
export const COUNTS: u32 = 256;
export const COUNT_ALL_ENTRIES: u32 = 0x80000000;
export const HEADER_START: usize = 1024;
/** Of columns and postings. */
export const COLUMNS_HEADER: usize = 4096;
export const COLUMNS_HEADER_BYTES: usize = 4096;
/** Everything from HEADER_START to here is part of an image. */
export const HEADER_END: usize = 8192;

/** Per thread: 0 idle, else the epoch that it is at; and 8 bytes on 0, or the epoch at which it entered the ids in order. */
export const READER_LINES: usize = 8192;
export const LINE_ORDER: usize = 8;
export const READER_LINE_BYTES: usize = 64;

export const SCRATCH: usize = 16384;
export const SCRATCH_BYTES: usize = 8192;
/** In a thread's scratch: the id of a call (u64[2], then u32: 1 when it is a UUID). */
export const S_ID: usize = 0;
export const S_IS_UUID: usize = 16;
/** 1 when there are more ids than a page looked at; S_ID is the next one then. */
export const S_MORE: usize = 20;
/** The row that is being written: payload key, time, dot (u64 each), then a slot per space. */
export const S_KEY: usize = 32;
export const S_TIME: usize = 40;
export const S_DOT: usize = 48;
export const S_SLOTS: usize = 64;
/** Newest rows of slots that are being looked up. */
export const S_NEWEST: usize = 1536;
/** Rows of an answer: PAGE_ROWS_MAX words. */
export const S_ROWS: usize = 2048;
export const PAGE_ROWS_MAX: u32 = 1024;
export const REGIONS: usize = 0x100000;
