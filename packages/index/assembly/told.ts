// A walk that is recorded tells the host of each step as it takes it. Whether it is recorded is a type, as walks are: every walk is compiled twice from one
// source, and the one that answers queries has no trace of this. The host reads what was looked at where the walk has it: the slots of the batch at S.IDS,
// their distances at S.DISTANCES, what is kept in the pool at S.POOL.

/** Whether a walk is told: of any other type, u8 where none is given, nobody is told. */
export type Told = u16;

// @ts-ignore: decorator
@external("env", "tellStep") declare function tellStep(step: u32, level: u32, slot: u32, count: u32, distance: f32): void;

// @ts-ignore: decorator
@inline export function tell<Telling>(step: u32, level: u32, slot: u32, count: u32, distance: f32): void {
  if (sizeof<Telling>() == sizeof<Told>()) tellStep(step, level, slot, count, distance);
}
