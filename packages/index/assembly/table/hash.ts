// Id → newest row: open addressing with linear probing. An entry is a tag (one bit for the kind of the id, seven of its hash) over a row.
//
// Readers take the table from one word and never wait: entries do not move within a table. A table that fills up is copied in slices to one
// of twice the size, or, when most of it are places of ids that are gone, to one of the same size in the other half; until that one is
// published, every change is made in both. Each size has its place in each half, so that a reader who is still in the table before reads
// what stood there when it was left: right for its epoch, which is older.
import {
  H_HASH, H_HASH_IDS, H_HASH_LEFT, H_HASH_MOVED, H_HASH_NEXT, H_HASH_NEXT_USED, H_HASH_USED, H_SEED,
} from "../../src/segment/layout";
import { HASH_SIZE_MIN, atHash, hashSizeMax, idAt } from "./regions";
import { after, now, oldestEpoch, reached } from "./epochs";

const ROW_MASK: u32 = 0x00ffffff;
/** An entry of an id that is gone: probing goes on. */
const GONE: u32 = 0xffffffff;
/** Places of the old table that are copied with every id that is added: done when a quarter of it is used up. */
const MOVES: u32 = 16;

let probeFrom: u32, probeTag: u32, foundRow: u32;

// @ts-ignore: decorator
@inline export function tableOf(word: u32): usize {
  return atHash + (<usize>(word >> 31) * hashSizeMax << 3) + (<usize>4 << (word & 31));
}
// @ts-ignore: decorator
@inline function place(table: usize, i: u32): usize { return table + (<usize>i << 2); }
// @ts-ignore: decorator
@inline export function sizeOf(word: u32): u32 { return <u32>1 << (word & 31); }
// @ts-ignore: decorator
@inline function isAt(row: u32, low: u64, high: u64): bool {
  const at = idAt(row);
  return load<u64>(at) == low && load<u64>(at, 8) == high;
}
/** Mix an id (as the finalizer of MurmurHash3): where probing begins, and the tag. */
// @ts-ignore: decorator
@inline function hash(low: u64, high: u64, isUuid: u32): void {
  let h = low ^ load<u64>(H_SEED);
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h ^= high;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  h ^= h >> 33;
  probeFrom = <u32>h;
  probeTag = (<u32>(h >> 57) | (isUuid << 7)) << 24;
}
/** Place of the id's entry, 0: it has none. Leaves its row, where probing begins, and the tag. */
// @ts-ignore: decorator
@inline function find(word: u32, low: u64, high: u64, isUuid: u32): usize {
  hash(low, high, isUuid);
  const table = tableOf(word), mask = sizeOf(word) - 1;
  for (let i = probeFrom & mask; ; i = (i + 1) & mask) {
    const at = place(table, i), entry = atomic.load<u32>(at);
    if (!entry) return 0;
    if ((entry & ~ROW_MASK) != probeTag || entry == GONE) continue;
    foundRow = entry & ROW_MASK;
    if (isAt(foundRow, low, high)) return at;
  }
  return 0;
}
/** The newest row of an id, visible or not; 0: it has none. For every thread that is at an epoch, and the writer. */
export function newestOf(low: u64, high: u64, isUuid: u32): u32 {
  return find(atomic.load<u32>(H_HASH), low, high, isUuid) ? foundRow : 0;
}
/** Set the row of an id in one table; true when that takes a place that was empty. */
function putIn(word: u32, low: u64, high: u64, isUuid: u32, row: u32): bool {
  let at = find(word, low, high, isUuid), before: u32 = GONE;
  if (!at) {
    const table = tableOf(word), mask = sizeOf(word) - 1;
    let i = probeFrom & mask;
    for (;;) {
      at = place(table, i);
      before = load<u32>(at);
      if (!before || before == GONE) break;
      i = (i + 1) & mask;
    }
  }
  atomic.store<u32>(at, probeTag | row);
  return !before;
}
/** Take the entry of an id out of one table; how many places that empties: those before it that only led to it, too. */
function removeFrom(word: u32, low: u64, high: u64, isUuid: u32): u32 {
  let at = find(word, low, high, isUuid);
  if (!at) return 0;
  const table = tableOf(word), mask = sizeOf(word) - 1;
  atomic.store<u32>(at, GONE);
  let i = <u32>((at - table) >> 2), emptied: u32 = 0;
  if (load<u32>(place(table, (i + 1) & mask))) return 0;
  for (at = place(table, i); load<u32>(at) == GONE; at = place(table, i)) {
    atomic.store<u32>(at, 0);
    emptied++;
    i = (i - 1) & mask;
  }
  return emptied;
}
// @ts-ignore: decorator
@inline function add(at: usize, n: u32): void { store<u32>(at, load<u32>(at) + n); }

/** Writer: an id that has no entry now has this row. `hasRoomForId` must have said yes. */
export function addId(low: u64, high: u64, isUuid: u32, row: u32): void {
  if (putIn(load<u32>(H_HASH), low, high, isUuid, row)) add(H_HASH_USED, 1);
  const next = load<u32>(H_HASH_NEXT);
  if (next && putIn(next, low, high, isUuid, row)) add(H_HASH_NEXT_USED, 1);
  add(H_HASH_IDS, 1);
  if (next) move();
  else startMove();
}
/** Writer: an id that has an entry now has this row. */
export function setId(low: u64, high: u64, isUuid: u32, row: u32): void {
  putIn(load<u32>(H_HASH), low, high, isUuid, row);
  const next = load<u32>(H_HASH_NEXT);
  if (next && putIn(next, low, high, isUuid, row)) add(H_HASH_NEXT_USED, 1);
}
/** Writer: an id that has an entry has none any more. */
export function removeId(low: u64, high: u64, isUuid: u32): void {
  add(H_HASH_USED, -removeFrom(load<u32>(H_HASH), low, high, isUuid));
  const next = load<u32>(H_HASH_NEXT);
  if (next) add(H_HASH_NEXT_USED, -removeFrom(next, low, high, isUuid));
  add(H_HASH_IDS, -1);
}
/** Writer: can another id be added? Not when no table can be made because a thread is at an epoch at which the other half was in use. */
export function hasRoomForId(): bool {
  const size = sizeOf(load<u32>(H_HASH));
  return load<u32>(H_HASH_USED) < size - (size >> 3);
}
export function clearHash(): void { store<u32>(H_HASH, 31 - clz(HASH_SIZE_MIN)); }

/** Begin with another table when this one is half full; the largest one when it is full to three quarters, half of which can be ids. */
function startMove(): void {
  const word = load<u32>(H_HASH), size = sizeOf(word), isLargest = size == hashSizeMax;
  if (load<u32>(H_HASH_USED) < (size >> 1) + (isLargest ? size >> 2 : 0)) return;
  let next: u32 = 0;
  if (isLargest || load<u32>(H_HASH_IDS) * 4 <= size) {
    const left = load<u32>(H_HASH_LEFT);
    // whoever was in the other half when it was left has gone since
    if (!left || reached(oldestEpoch(), after(left))) next = word ^ 0x80000000;
  }
  if (!next && !isLargest) next = word + 1;
  if (!next) return;
  memory.fill(tableOf(next), 0, <usize>sizeOf(next) << 2);
  store<u32>(H_HASH_NEXT, next);
  store<u32>(H_HASH_MOVED, 0);
  store<u32>(H_HASH_NEXT_USED, 0);
}
function move(): void {
  const word = load<u32>(H_HASH), next = load<u32>(H_HASH_NEXT), table = tableOf(word), size = sizeOf(word);
  let i = load<u32>(H_HASH_MOVED);
  for (const end = min(size, i + MOVES); i < end; i++) {
    const entry = load<u32>(place(table, i));
    if (!entry || entry == GONE) continue;
    const at = idAt(entry & ROW_MASK);
    if (putIn(next, load<u64>(at), load<u64>(at, 8), entry >> 31, entry & ROW_MASK)) add(H_HASH_NEXT_USED, 1);
  }
  store<u32>(H_HASH_MOVED, i);
  if (i < size) return;
  store<u32>(H_HASH_USED, load<u32>(H_HASH_NEXT_USED));
  store<u32>(H_HASH_NEXT, 0);
  atomic.store<u32>(H_HASH, next);
  store<u32>(H_HASH_LEFT, now());
}
