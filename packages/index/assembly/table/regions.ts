// Where the regions of a table are: laid out once by layOut(), read from the header by every other thread (src/segment/layout.ts).
import {
  ARENA_BYTES_MIN, H_ARENA_NEXT, H_AT_ARENA, H_AT_DOTS, H_AT_EPOCHS, H_AT_HASH, H_AT_IDS, H_AT_JOURNAL, H_AT_KEYS, H_AT_NEWEST,
  H_AT_OLDER, H_AT_ORDER, H_AT_QUEUE, H_AT_RETIRED, H_AT_SLOTS, H_AT_TIMES, H_CAPACITY, H_ORDER_BYTES, H_SLOT_CAPACITIES, H_SPACES,
  MEMORY_END, READER_LINES, READER_LINE_BYTES, REGIONS, SCRATCH, SCRATCH_BYTES,
} from "../../src/segment/layout";

/** This thread's number, its line and its scratch. */
export let thread: u32, line: usize, scratch: usize;
/** Copies of the header, one per instance. */
export let capacity: u32, spaces: u32;
let atIds: usize, atEpochs: usize, atKeys: usize, atOlder: usize, atTimes: usize, atDots: usize, atRetired: usize, atSlots: usize;
let atNewest: usize, atQueue: usize, atJournal: usize;
export let atHash: usize, atOrder: usize, orderBytes: usize, atArena: usize;
/** Places of the queue (a power of two), and of the largest table of the hash. */
export let queueSize: u32, hashSizeMax: u32;
/** Places of the smallest table of the hash. */
export const HASH_SIZE_MIN: u32 = 1024;

// @ts-ignore: decorator
@inline function align64(n: u64): u64 { return (n + 63) & ~63; }
function powerFrom(n: u32): u32 {
  let power: u32 = 1;
  while (power < n) power <<= 1;
  return power;
}
/** Places of the largest table of the hash. */
function hashSizeFor(rows: u32): u32 { return powerFrom(max<u32>(rows * 2, HASH_SIZE_MIN)); }
/** Slots of all spaces before this one. */
function slotsBefore(space: u32): u64 {
  let sum: u64 = 0;
  for (let s: u32 = 0; s < space; s++) sum += load<u32>(H_SLOT_CAPACITIES + (<usize>s << 2));
  return sum;
}
/** A row's share of the ids in order: an id of 16 bytes in nodes that are at least half full, and what leads to them. */
const ORDER_BYTES_PER_ROW: u64 = 40;
/** And room for copies of what a group touches. */
const ORDER_BYTES_MIN: u64 = 4 << 20;

/**
 * Lay the regions out for the capacity, spaces and slots in the header. False when that does not leave ARENA_BYTES_MIN to the arena: then
 * nothing is written.
 */
export function layOut(): bool {
  const rows = <u64>load<u32>(H_CAPACITY), all = load<u32>(H_SPACES);
  let at: u64 = REGIONS;
  const ids = at, epochs = align64(ids + rows * 16), keys = align64(epochs + rows * 8), older = align64(keys + rows * 8);
  const times = align64(older + rows * 4), dots = align64(times + rows * 8), retired = align64(dots + rows * 8);
  const slots = align64(retired + rows * 4), newest = align64(slots + rows * 4 * all), queue = align64(newest + slotsBefore(all) * 4);
  const journal = align64(queue + <u64>powerFrom(<u32>rows) * 4), hash = align64(journal + rows * 8);
  // 2 tables of the largest size side by side hold all smaller ones; two halves; u32 each
  const order = align64(hash + <u64>hashSizeFor(<u32>rows) * 16), orderSize = align64(rows * ORDER_BYTES_PER_ROW + ORDER_BYTES_MIN);
  const arena = (order + orderSize + 65535) & ~65535;
  if (arena + ARENA_BYTES_MIN > <u64>MEMORY_END) return false;
  store<u32>(H_AT_IDS, <u32>ids);
  store<u32>(H_AT_EPOCHS, <u32>epochs);
  store<u32>(H_AT_KEYS, <u32>keys);
  store<u32>(H_AT_OLDER, <u32>older);
  store<u32>(H_AT_TIMES, <u32>times);
  store<u32>(H_AT_DOTS, <u32>dots);
  store<u32>(H_AT_RETIRED, <u32>retired);
  store<u32>(H_AT_SLOTS, <u32>slots);
  store<u32>(H_AT_NEWEST, <u32>newest);
  store<u32>(H_AT_QUEUE, <u32>queue);
  store<u32>(H_AT_JOURNAL, <u32>journal);
  store<u32>(H_AT_HASH, <u32>hash);
  store<u32>(H_AT_ORDER, <u32>order);
  store<u32>(H_ORDER_BYTES, <u32>orderSize);
  store<u32>(H_AT_ARENA, <u32>arena);
  store<u32>(H_ARENA_NEXT, <u32>arena);
  return true;
}
/** Read the header for this thread. */
export function derive(me: u32): void {
  thread = me;
  line = READER_LINES + <usize>me * READER_LINE_BYTES;
  scratch = SCRATCH + <usize>me * SCRATCH_BYTES;
  capacity = load<u32>(H_CAPACITY);
  spaces = load<u32>(H_SPACES);
  atIds = load<u32>(H_AT_IDS);
  atEpochs = load<u32>(H_AT_EPOCHS);
  atKeys = load<u32>(H_AT_KEYS);
  atOlder = load<u32>(H_AT_OLDER);
  atTimes = load<u32>(H_AT_TIMES);
  atDots = load<u32>(H_AT_DOTS);
  atRetired = load<u32>(H_AT_RETIRED);
  atSlots = load<u32>(H_AT_SLOTS);
  atNewest = load<u32>(H_AT_NEWEST);
  atQueue = load<u32>(H_AT_QUEUE);
  atJournal = load<u32>(H_AT_JOURNAL);
  atHash = load<u32>(H_AT_HASH);
  atOrder = load<u32>(H_AT_ORDER);
  orderBytes = load<u32>(H_ORDER_BYTES);
  atArena = load<u32>(H_AT_ARENA);
  queueSize = powerFrom(capacity);
  hashSizeMax = hashSizeFor(capacity);
}
/** Address of a row's id: two u64. */
// @ts-ignore: decorator
@inline export function idAt(row: u32): usize { return atIds + (<usize>row << 4); }
/** Address of the epoch from which on a row is visible. */
// @ts-ignore: decorator
@inline export function shownAt(row: u32): usize { return atEpochs + (<usize>row << 3); }
/** Address of the epoch from which on it is not any more. */
// @ts-ignore: decorator
@inline export function hiddenAt(row: u32): usize { return atEpochs + (<usize>row << 3) + 4; }
// @ts-ignore: decorator
@inline export function keyAt(row: u32): usize { return atKeys + (<usize>row << 3); }
// @ts-ignore: decorator
@inline export function olderAt(row: u32): usize { return atOlder + (<usize>row << 2); }
// @ts-ignore: decorator
@inline export function timeAt(row: u32): usize { return atTimes + (<usize>row << 3); }
// @ts-ignore: decorator
@inline export function dotAt(row: u32): usize { return atDots + (<usize>row << 3); }
// @ts-ignore: decorator
@inline export function retiredAt(row: u32): usize { return atRetired + (<usize>row << 2); }
/** Address of a row's slot in a space. */
// @ts-ignore: decorator
@inline export function slotAt(space: u32, row: u32): usize { return atSlots + ((<usize>space * capacity + row) << 2); }
/** Address of the newest row with a slot, of a space whose part of `newest` begins at `base` (see newestBase). */
// @ts-ignore: decorator
@inline export function newestAt(base: usize, slot: u32): usize { return base + (<usize>slot << 2); }
/** Where the part of a space in `newest` begins. */
export function newestBase(space: u32): usize { return atNewest + (<usize>slotsBefore(space) << 2); }
// @ts-ignore: decorator
@inline export function slotCapacity(space: u32): u32 { return load<u32>(H_SLOT_CAPACITIES + (<usize>space << 2)); }
// @ts-ignore: decorator
@inline export function queueAt(position: u32): usize { return atQueue + (<usize>(position & (queueSize - 1)) << 2); }
// @ts-ignore: decorator
@inline export function journalAt(i: u32): usize { return atJournal + (<usize>i << 2); }
