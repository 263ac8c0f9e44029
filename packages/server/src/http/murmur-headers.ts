/** Headers of ours, beside what the dialect has. */
export const murmurHeaders = {
  /** Request and answer: what the session has written and seen. */
  token: "x-murmur-token",
  /** Request: id of the replica that passes it on; it is not passed on again. */
  forwarded: "x-murmur-forwarded",
  /** Answer: id of the replica that gave it, where that is another one than was asked. */
  servedBy: "x-murmur-served-by",
  /** Answer to a write: whether as many members hold it as were asked for. */
  consistency: "x-murmur-consistency",
  /** Request: 1 asks for it. Answer: what it was given from, `origin:sequence,…`. */
  frontier: "x-murmur-frontier",
  /** Answer to a read that walked a graph: true when no operation was applied to it meanwhile, so that every replica at its frontier gives the same. */
  settled: "x-murmur-settled",
  /** Request: 1 asks for it. Answer: digests of points and graph at that frontier, or `moved-on`. */
  digest: "x-murmur-digest",
  /** Request: 1 asks for the header `Server-Timing` in the answer: how long its parts took. */
  timing: "x-murmur-timing",
} as const;

/** Headers of answers that pages of other origins may read. */
export const exposedHeaders: readonly string[] = [...Object.values(murmurHeaders), "server-timing"];
