// Dot → slot, and what follows from a dot alone. Dots of one origin are mostly dense, so they are kept in *blocks*: one cache line for
// 16 consecutive sequences, found through a small open-addressing directory by (origin, sequence / 16). A lookup is exact
// without a look at the node itself, and all that it reads is small enough to stay in the cache. Writer only.
//
//   block      u32 slot + 1 (0: none) × 16
//   keys       u64 (origin, sequence / 16) by block
//   directory  u32 block + 1 (0: empty), at most half full; it doubles into the next table of its region
import { LEVEL_MAX } from "../src/vector-index/graph-limits";
import { BLOCK_BYTES, H, NONE, blockAt, blockKeyAt, dotOf, dotTable, links, word } from "./layout";

/** A dot's key is its upper bits, its place in the block the lower WINDOW_BITS. */
const WINDOW_BITS: u64 = 4;
const WINDOW: u32 = 16;
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
@inline function keyOf(dot: u64): u64 { return dot >> WINDOW_BITS; }
// @ts-ignore: decorator
@inline function home(key: u64, size: u32): u32 { return <u32>(mix64(key) >> 32) & (size - 1); }
/** Address of a dot's word in its block. */
// @ts-ignore: decorator
@inline function wordIn(block: usize, dot: u64): usize { return word(block, <u32>dot & (WINDOW - 1)); }
/** Place of a key in a directory: where it stands, or the empty place where it would. */
// @ts-ignore: decorator
@inline function placeOf(table: usize, size: u32, key: u64): u32 {
  let i = home(key, size);
  for (let entry = load<u32>(word(table, i)); entry && load<u64>(blockKeyAt(entry - 1)) != key; entry = load<u32>(word(table, i))) {
    i = (i + 1) & (size - 1);
  }
  return i;
}

export function slotOfDot(dot: u64): u32 {
  const size = load<u32>(H.DOTS_SIZE);
  if (!size) return NONE;
  const table = dotTable(size), entry = load<u32>(word(table, placeOf(table, size, keyOf(dot))));
  return entry ? load<u32>(wordIn(blockAt(entry - 1), dot)) - 1 : NONE; // an empty word is 0, so that this is NONE
}
/** Add a slot under its meta.dot, which must not be there. There are as many blocks as slots: one is always free. */
export function rememberDot(slot: u32): void {
  const dot = dotOf(slot), key = keyOf(dot);
  let size = load<u32>(H.DOTS_SIZE);
  if (load<u32>(H.DOTS_COUNT) << 1 >= size) size = growDirectory(size);
  const place = word(dotTable(size), placeOf(dotTable(size), size, key));
  if (!load<u32>(place)) {
    const block = takeBlock();
    memory.fill(blockAt(block), 0, BLOCK_BYTES);
    store<u64>(blockKeyAt(block), key);
    store<u32>(place, block + 1);
    store<u32>(H.DOTS_COUNT, load<u32>(H.DOTS_COUNT) + 1);
  }
  store<u32>(wordIn(blockAt(load<u32>(place) - 1), dot), slot + 1);
}
function growDirectory(size: u32): u32 {
  const grown = size ? size << 1 : SMALLEST, from = dotTable(size), to = dotTable(grown);
  memory.fill(to, 0, <usize>grown << 2);
  for (let i: u32 = 0; i < size; i++) {
    const entry = load<u32>(word(from, i));
    if (entry) store<u32>(word(to, placeOf(to, grown, load<u64>(blockKeyAt(entry - 1)))), entry);
  }
  store<u32>(H.DOTS_SIZE, grown);
  return grown;
}
/** A block: one that was given back, else the next fresh one. */
function takeBlock(): u32 {
  const free = load<u32>(H.BLOCK_FREE);
  if (free) {
    store<u32>(H.BLOCK_FREE, load<u32>(blockAt(free - 1)));
    return free - 1;
  }
  const next = load<u32>(H.BLOCK_NEXT);
  store<u32>(H.BLOCK_NEXT, next + 1);
  return next;
}
/** Remove a slot's dot; its block goes too when it was the last in it. */
export function forgetDot(slot: u32): void {
  const size = load<u32>(H.DOTS_SIZE), table = dotTable(size), wrap = size - 1, dot = dotOf(slot);
  let hole = placeOf(table, size, keyOf(dot));
  const entry = load<u32>(word(table, hole)), block = blockAt(entry - 1);
  store<u32>(wordIn(block, dot), 0);
  for (let i: u32 = 0; i < WINDOW; i++) if (load<u32>(word(block, i))) return;
  // directory entries behind the hole move up, so that no search stops short (Knuth, 6.4, algorithm R)
  for (let i = (hole + 1) & wrap; load<u32>(word(table, i)); i = (i + 1) & wrap) {
    const moving = load<u32>(word(table, i));
    if (((i - home(load<u64>(blockKeyAt(moving - 1)), size)) & wrap) < ((i - hole) & wrap)) continue;
    store<u32>(word(table, hole), moving);
    hole = i;
  }
  store<u32>(word(table, hole), 0);
  store<u32>(H.DOTS_COUNT, load<u32>(H.DOTS_COUNT) - 1);
  store<u32>(block, load<u32>(H.BLOCK_FREE));
  store<u32>(H.BLOCK_FREE, entry);
}
/** Start empty (also before rebuilding from an image). */
export function clearDots(): void {
  store<u32>(H.DOTS_SIZE, 0);
  store<u32>(H.DOTS_COUNT, 0);
  store<u32>(H.BLOCK_NEXT, 0);
  store<u32>(H.BLOCK_FREE, 0);
}
