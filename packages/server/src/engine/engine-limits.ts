/** Of threads that write, as in nice(1): where processors are short, reads go before writes. */
export const NICE = 10;
/** Most commands of one group: one transaction. */
export const GROUP_COMMANDS_MAX = 256;
/** A group ends when it is this old: whoever came first does not wait for all others. */
export const GROUP_MS_MAX = 20;
/** Requests are handled so long in one go; then others have their turn. */
export const TURN_MS_MAX = 25;
/** Payload indexes are built so long in one go. */
export const INDEX_SLICE_MS = 5;
/** Of what came from others, so much is taken in one go: some hundred operations, or one message. */
export const RECEIVE_BYTES_MAX = 128 * 1024;
/** After a start, connections are made first; then members have a second left to say what they hold. */
export const START_WAIT_MS = 5_000;
/** Own operations that follow others so soon go out together with what comes until then: that saves an envelope and a publication each. */
export const LINGER_MS = 16;
/** What waits to be sent has so long when the database is stopped. */
export const DRAIN_MS_MAX = 2_000;
/** Work of one tick: some ten milliseconds. */
export const BUDGET = { stitches: 32, repairs: 64 } as const;
/** Room that is kept on the disk for what deletes (docs/files.md). */
export const DISK_RESERVE_BYTES = 8 * 1024 * 1024;
/** It is made where so many times its room is free, and looked for so often. */
export const DISK_RESERVE_FREE_MIN = 4;
export const DISK_RESERVE_INTERVAL_MS = 5_000;
/** Place of the HTTP thread on tables and graphs, where it counts. */
export const HTTP_THREAD = 1;
/** Places of planners on a graph's memory: behind the engine's thread (0) and the one that answers reads (1). */
export const FIRST_PLANNER_THREAD = 2;
/** Most threads that plan, the engine's own included. */
export const PLANNERS_MAX = 3;
/** Places of readers, on graphs and tables alike: behind those of planners. */
export const FIRST_READER_THREAD = 4;
/** Most threads that read. A graph's memory has places for 20 threads (`graph-limits.ts`). */
export const READERS_MAX = 16;
/** What each of them keeps of the payloads that it has read. */
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
