// Sorted candidate pool: (f32 distance, u32 slot | EXPANDED)[], ascending by (distance, tie key).
import { SLOT_MASK, dotOf, pair } from "./layout";
import { mix64 } from "./dots";

export const EXPANDED: u32 = 0x80000000;
/** From this many bytes on, memory.copy is faster than a loop. */
const COPY_BYTES: usize = 512;

/**
 * Salt of the tie key. 0 while searching: ties are ordered by dot, the same on every replica. While planning it is a hash of
 * the new dot: among many equal vectors every new node then meets other ones, where an order by dot would link all of them
 * to the same oldest few and leave the rest without an in-edge.
 */
let tieSalt: u64 = 0;
export function setTieSalt(salt: u64): void { tieSalt = salt; }
/** Stands for the node that is being planned among slots: it has none yet. */
export const NEW: u32 = SLOT_MASK;
let newDot: u64 = 0;
export function setNewDot(dot: u64): void { newDot = dot; }

// @ts-ignore: decorator
@inline export function distanceAt(pool: usize, i: u32): f32 { return load<f32>(pair(pool, i)); }
// @ts-ignore: decorator
@inline export function slotAt(pool: usize, i: u32): u32 { return load<u32>(pair(pool, i), 4) & ~EXPANDED; }
// @ts-ignore: decorator
@inline export function put(pool: usize, i: u32, distance: f32, slot: u32): void {
  const p = pair(pool, i);
  store<f32>(p, distance);
  store<u32>(p, slot, 4);
}
// @ts-ignore: decorator
@inline function tieKey(slot: u32): u64 {
  return tieSalt ? mix64((slot == NEW ? newDot : dotOf(slot)) ^ tieSalt) : dotOf(slot);
}

/** The total order: is (d, slot) before (e, other)? */
// @ts-ignore: decorator
@inline export function before(d: f32, slot: u32, e: f32, other: u32): bool {
  return d < e || (d == e && tieKey(slot) < tieKey(other));
}
/** Position at which (d, slot) belongs among the n sorted entries. Searched by distance; ties are stepped over afterwards. */
// @ts-ignore: decorator
@inline export function rank(pool: usize, n: u32, d: f32, slot: u32): u32 {
  let low: u32 = 0, length = n;
  while (length > 0) {
    const half = length >> 1, after = distanceAt(pool, low + half) <= d;
    low = select<u32>(low + half + 1, low, after); // select, not if: the branch cannot be predicted
    length = select<u32>(length - half - 1, half, after);
  }
  while (low > 0 && distanceAt(pool, low - 1) == d && tieKey(slot) < tieKey(slotAt(pool, low - 1))) low--;
  return low;
}
/** Open a hole at `at` by moving [at, last) up one; entry `last` is overwritten. */
// @ts-ignore: decorator
@inline export function shift(pool: usize, at: u32, last: u32): void {
  let j = pair(pool, last);
  const stop = pair(pool, at);
  if (j - stop > COPY_BYTES) {
    memory.copy(stop + 8, stop, j - stop);
    return;
  }
  for (; j >= stop + 16; j -= 16) {
    store<u64>(j, load<u64>(j - 8));
    store<u64>(j - 8, load<u64>(j - 16));
  }
  if (j > stop) store<u64>(j, load<u64>(j - 8));
}
/** Keep (d, slot) among the best `most` of a pool of n; returns the new n. */
// @ts-ignore: decorator
@inline export function keepBest(pool: usize, n: u32, most: u32, d: f32, slot: u32): u32 {
  if (n == most && d > distanceAt(pool, n - 1)) return n;
  const at = rank(pool, n, d, slot);
  if (at == most) return n;
  shift(pool, at, n < most ? n : n - 1);
  put(pool, at, d, slot);
  return n < most ? n + 1 : n;
}
