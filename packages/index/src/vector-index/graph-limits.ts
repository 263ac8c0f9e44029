// Bounds of the engine, for both sides: this file is compiled twice, by TypeScript and, imported from assembly/, by AssemblyScript. Constants
// only. Everything that is sized at compile time is sized by these; a test compares what the compiled module reports with what stands here.

/** Threads that can be attached to one memory: the writer (0) and readers. Each has its own scratch, marks and bitsets. */
export const THREADS_MAX: u32 = 20;
/** Most links per node above layer 0 (M); layer 0 holds twice as many. */
export const LINKS_MAX: u32 = 128;
/** Highest layer of a node. */
export const LEVEL_MAX: u32 = 7;
/** Largest candidate pool, and most results of one call. */
export const EF_MAX: u32 = 16384;
/** Heads expanded at once in a best-first search: their neighbours' cache misses overlap. */
export const BEAM: u32 = 3;
/** Replicas that one delta can mention. */
export const ORIGINS_MAX: u32 = 1024;
/** Queries of one blocked exact scan. */
export const SCAN_QUERIES: u32 = 4;
/** Results per query of a blocked exact scan. */
export const SCAN_RESULTS_MAX: u32 = 4096;
/** Members of one list, those beyond its effective part included. Planners keep lists near their cap. */
export const RAW_MAX: u32 = 8192;
/** Stored tags that one insert can take away, and links that it was to take away and did not find. */
export const UNDO_MAX: u32 = 65536;
/** Sizes of blocks: 64 bytes times a power of two below this one. */
export const BLOCK_CLASSES: u32 = 26;
/** Entry points that a walk starts from at most. */
export const WALK_ENTRIES: u32 = 32;
/** Rows in a file that a thread has read at a time, and what stands before each of them there. */
export const ROWS_STAGED: u32 = 64;
export const ROW_HEAD_BYTES: u32 = 16;
