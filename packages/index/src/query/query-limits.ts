/** Queries inside of queries: prefetches of prefetches, the outermost counted. */
export const prefetchDepthMax = 32;

/** Prefetches of one query, those of prefetches counted. */
export const prefetchesMax = 256;

/** Points and vectors that one query names as examples. */
export const examplesMax = 1_024;

/** Examples of relevance feedback: every two of them are compared. */
export const feedbackMax = 64;

/** Points that maximal marginal relevance picks from: each is compared with each that is picked. */
export const mmrCandidatesMax = 16_384;

/** Points of a distance matrix: each is compared with each. */
export const matrixSampleMax = 16_384;

/** Points that are drawn for a measurement of the search. */
export const qualitySamplesMax = 1_000;

/** Widths that it tries. */
export const qualityWidthsMax = 16;

/** Neighbours of each point that it looks for. */
export const qualityNeighboursMax = 100;

/** Answers of a query whose walk is told. */
export const walkLimitMax = 100;
