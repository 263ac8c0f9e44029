/** Queries inside of queries: prefetches of prefetches, the outermost counted. */
export const prefetchDepthMax = 32;

/** Prefetches of one query, those of prefetches counted. */
export const prefetchesMax = 256;
