// What a walk that is recorded tells of, for both sides: this file is compiled twice, as graph-limits.ts is. Constants only.

/** A greedy descent is at `slot`, at this distance, on `level`. */
export const AT: u32 = 0;
/** The batch holds `count` members of its list, all of which were compared. */
export const LOOKED: u32 = 1;
/** A best-first search of `level` begins with `count` nodes in the pool. */
export const BEGUN: u32 = 2;
/** It expands `slot`. */
export const EXPANDED_NODE: u32 = 3;
/** The batch holds `count` unvisited members of the lists of what was expanded last, all of which were compared. */
export const COMPARED: u32 = 4;
/** The pool holds `count` after those that are near enough were kept. */
export const KEPT_POOL: u32 = 5;
