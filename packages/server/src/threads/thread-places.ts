// Threads attached to graphs and tables have a number each, the same on all of them: 0 is the engine's, which writes.

/** Place of the HTTP thread on tables and graphs, where it counts. */
export const HTTP_THREAD = 1;
/** Places of planners on a graph's memory: behind the engine's thread (0) and the one that answers reads (1). */
export const FIRST_PLANNER_THREAD = 2;
/** Most threads that plan, the engine's own included. */
export const PLANNERS_MAX = 3;
/** Places of readers, on graphs and tables alike: behind those of planners. */
export const FIRST_READER_THREAD = 4;
/** Most threads that read. A graph's memory has places for 20 threads (`graph-limits.ts`). */
export const READERS_MAX = 12;
/** Places of listeners: behind those of readers. */
export const FIRST_LISTENER_THREAD = FIRST_READER_THREAD + READERS_MAX;
/** Most threads that listen beside the one that asks the engine. */
export const LISTENERS_MAX = 4;
