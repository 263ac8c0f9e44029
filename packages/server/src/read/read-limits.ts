/** What each reader keeps of the payloads that it has read. */
export const payloadCacheMebibytesDefault = 64;
export const payloadCacheMebibytesMax = 65_536;
/** A reader that was asked something and has done nothing for so long is given up: it is stuck. A slice takes some milliseconds. */
export const READER_STUCK_MS_MAX = 10_000;
/** One that has not started after so long is given up, too. */
export const READER_START_MS_MAX = 60_000;
/** One that has ended is replaced so soon at the earliest. */
export const READER_REPLACE_MS_MIN = 1_000;
/** Whoever waits for a reader hears so long after the deadline at the latest that it is over. */
export const READER_LATE_MS = 100;
/** Heap of a reader: what it answers with, and sets of rows, are not on it. */
export const READER_HEAP_MEBIBYTES = 1_024;
/** Collections that a reader stays attached to at least: each takes 90 KB, and attaching again .2 ms. */
export const READER_COLLECTIONS_MAX = 512;
/** Of readers, as in nice(1): between threads that answer brief reads (0) and those that write. */
export const READER_NICE = 3;
