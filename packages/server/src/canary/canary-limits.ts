/** Share of the queries that are asked of both graphs, where nobody says another. */
export const canaryShareDefault = 0.05;
/** Queries that wait to be compared; what comes beyond them is counted and dropped. */
export const waitingQueriesMax = 64;
/** Latencies that percentiles are made of: those of the last so many comparisons. */
export const latenciesKept = 1_000;
/** Exact searches take at most this share of the time of the canary's thread. */
export const exactShare = 0.25;
/** The thread looks for changes of the first graph no more often than this, and spends no more than this share of its time on looking. */
export const lookEveryMs = 100;
export const lookShare = 0.05;
/** A slice of following takes about so long; queries are compared in between. */
export const sliceMs = 10;
/** The thread tells how it stands so often. */
export const tellEveryMs = 250;
/** Nodes of the canary that died are taken out of it when they are this share of it. */
export const deadShare = 0.2;
/** Nodes by which links are counted. */
export const linkSamples = 500;
/** Of the canary's thread: it goes behind everything that answers. */
export const CANARY_NICE = 15;
export const CANARY_HEAP_MEBIBYTES = 512;
