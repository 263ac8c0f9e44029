// Dot → slot, and what follows from a dot alone. The table is open addressing with linear probing over slots + 1
// (0 is empty); a slot's key is its meta.dot. It doubles at 3/4 full into the next table of the region. Writer only.
import { LEVEL_MAX } from "./limits";
import { H, NONE, dotOf, dotTable, links, word } from "./layout";

const SMALLEST: u32 = 64;

/** Finaliser of splitmix64 (Steele, Lea, Flood, 2014): a bijection whose every output bit depends on every input bit. */
// @ts-ignore: decorator
@inline export function mix64(x: u64): u64 {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
/**
 * Level of a node: geometric with ratio 1/M as in the HNSW paper, drawn from the bits of a hash of its dot, so that every
 * replica knows it without being told and no logarithm is involved.
 */
export function levelOfDot(dot: u64): u32 {
  const zeros = <u32>ctz(mix64(dot + 0x9e3779b97f4a7c15));
  return min(zeros / (31 - clz(links)), LEVEL_MAX);
}
// @ts-ignore: decorator
@inline function home(dot: u64, size: u32): u32 { return <u32>(mix64(dot) >> 32) & (size - 1); }

/** Load the place where a dot's search begins, so that the search itself need not wait. */
// @ts-ignore: decorator
@inline export function touchDot(dot: u64): void {
  const size = load<u32>(H.DOTS_SIZE);
  if (size) load<u32>(word(dotTable(size), home(dot, size)));
}
export function slotOfDot(dot: u64): u32 {
  const size = load<u32>(H.DOTS_SIZE);
  if (!size) return NONE;
  const table = dotTable(size);
  let i = home(dot, size), entry = load<u32>(word(table, i));
  while (entry && dotOf(entry - 1) != dot) {
    i = (i + 1) & (size - 1);
    entry = load<u32>(word(table, i));
  }
  return entry - 1; // an empty place is 0, so that this is NONE
}
// @ts-ignore: decorator
@inline function place(table: usize, size: u32, slot: u32): void {
  let i = home(dotOf(slot), size);
  while (load<u32>(word(table, i))) i = (i + 1) & (size - 1);
  store<u32>(word(table, i), slot + 1);
}
/** Add a slot under its meta.dot, which must not be in the table. */
export function rememberDot(slot: u32): void {
  let size = load<u32>(H.DOTS_SIZE);
  const count = load<u32>(H.DOTS_COUNT) + 1;
  if (!size || count > size - (size >> 2)) {
    const grown = size ? size << 1 : SMALLEST, from = dotTable(size), to = dotTable(grown);
    memory.fill(to, 0, <usize>grown << 2);
    for (let i: u32 = 0; i < size; i++) {
      const entry = load<u32>(word(from, i));
      if (entry) place(to, grown, entry - 1);
    }
    size = grown;
    store<u32>(H.DOTS_SIZE, size);
  }
  place(dotTable(size), size, slot);
  store<u32>(H.DOTS_COUNT, count);
}
/** Remove a slot's dot; entries behind it move up so that no search stops short (Knuth, 6.4, algorithm R). */
export function forgetDot(slot: u32): void {
  const size = load<u32>(H.DOTS_SIZE), table = dotTable(size), wrap = size - 1;
  let hole = home(dotOf(slot), size);
  while (load<u32>(word(table, hole)) != slot + 1) hole = (hole + 1) & wrap;
  for (let i = (hole + 1) & wrap;; i = (i + 1) & wrap) {
    const entry = load<u32>(word(table, i));
    if (!entry) break;
    if (((i - home(dotOf(entry - 1), size)) & wrap) < ((i - hole) & wrap)) continue;
    store<u32>(word(table, hole), entry);
    hole = i;
  }
  store<u32>(word(table, hole), 0);
  store<u32>(H.DOTS_COUNT, load<u32>(H.DOTS_COUNT) - 1);
}
/** Start an empty table (also before rebuilding it from an image). */
export function clearDots(): void {
  store<u32>(H.DOTS_SIZE, 0);
  store<u32>(H.DOTS_COUNT, 0);
}
