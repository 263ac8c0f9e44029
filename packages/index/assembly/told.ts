// A walk that is recorded tells the host of each step as it takes it. Whether it is recorded is a type, as walks are: every walk is compiled twice from one
// source, and the one that answers queries has no trace of this. The host reads what was looked at where the walk has it: the slots of the batch at S.IDS,
// their distances at S.DISTANCES, what is kept in the pool at S.POOL.

/** Whether a walk is told: of any other type, u8 where none is given, nobody is told. */
export type Told = u16;

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

// @ts-ignore: decorator
@external("env", "tellStep") declare function tellStep(step: u32, level: u32, slot: u32, count: u32, distance: f32): void;

// @ts-ignore: decorator
@inline export function tell<Telling>(step: u32, level: u32, slot: u32, count: u32, distance: f32): void {
  if (sizeof<Telling>() == sizeof<Told>()) tellStep(step, level, slot, count, distance);
}
