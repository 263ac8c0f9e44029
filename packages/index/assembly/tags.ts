// Tags of links (docs/convergence.md). A link made by an INSERT has an implied tag, which every operation that removes the link has
// in its past: it is stored nowhere. Links made by other operations have the dots of those as tags, kept here until they are causally
// stable. A link of a list without an entry has the implied tag alone; with entries, its tags are the entries, and the implied
// one is the entry 0.
//
//   table  (u32 slot + 1 (0: empty), u32 level << 28 | neighbour, u64 tag)[size], open addressing, at most half full
import { UNDO_MAX } from "../src/vector-index/graph-limits";
import { H, LINKED, S, SLOT_MASK, TAGGED, originIn, scratch, sequenceIn, stateAt, stateOf } from "./layout";
import { mix64 } from "./dots";
import { publish } from "./epoch";
import { BLOCK_HEAD, hasRoom, returnBlock, takeBlockFor } from "./blocks";
import { ADD_FORGETS_TAG, isPlanted } from "./planted";

const SMALLEST: u32 = 256;
const ENTRY: usize = 16;
/** In the notes for taking back, where a tag would stand. No tag: origins are 24 bits, sequences start at 1. */
const ABSENT: u64 = 0xffffffffffffffff;

// @ts-ignore: decorator
@inline function keyOf(slot: u32, level: u32, neighbour: u32): u64 { return <u64>(level << 28 | neighbour) << 32 | (slot + 1); }
// @ts-ignore: decorator
@inline function at(table: usize, i: u32): usize { return table + <usize>i * ENTRY; }
// @ts-ignore: decorator
@inline function table(): usize { return <usize>load<u32>(H.TAGS_BLOCK) + BLOCK_HEAD; }
// @ts-ignore: decorator
@inline function home(key: u64, size: u32): u32 { return <u32>(mix64(key) >> 32) & (size - 1); }

/** Is this tag in the causal past at S.PAST? */
function isPast(tag: u64): bool {
  const past = scratch + S.PAST, n = load<u32>(past);
  for (let i: u32 = 0, entry = past + 16; i < n; i++, entry += 16) {
    if (load<u32>(entry) == originIn(tag)) return sequenceIn(tag) <= load<u64>(entry, 8);
  }
  return false;
}
/** Bytes that adding so many tags may need. */
export function roomForTags(count: u32): usize {
  const now = load<u32>(H.TAGS_SIZE), wanted = load<u32>(H.TAGS_COUNT) + count;
  let size = max(now, SMALLEST);
  while (wanted > size >> 1) size <<= 1;
  // a block is up to twice as large as its table, and all tables on the way to the last take as much again
  return count && size > now ? <usize>size * ENTRY * 4 : 0;
}
function insertEntry(into: usize, size: u32, key: u64, tag: u64): void {
  let i = home(key, size);
  while (load<u32>(at(into, i))) i = (i + 1) & (size - 1);
  store<u64>(at(into, i), key);
  store<u64>(at(into, i), tag, 8);
}
function newTable(size: u32): usize {
  const block = takeBlockFor(<usize>size * ENTRY);
  memory.fill(block + BLOCK_HEAD, 0, <usize>size * ENTRY);
  return block;
}
/** Move all entries to a table of this size. */
function moveTo(size: u32): void {
  const old = load<u32>(H.TAGS_SIZE), block = newTable(size);
  for (let i: u32 = 0; i < old; i++) {
    const entry = at(table(), i);
    if (load<u32>(entry)) insertEntry(block + BLOCK_HEAD, size, load<u64>(entry), load<u64>(entry, 8));
  }
  // the writer alone reads it
  if (old) returnBlock(<usize>load<u32>(H.TAGS_BLOCK));
  store<u32>(H.TAGS_BLOCK, <u32>block);
  store<u32>(H.TAGS_SIZE, size);
}
function put(key: u64, tag: u64): void {
  const size = load<u32>(H.TAGS_SIZE), tags = load<u32>(H.TAGS_COUNT);
  if (tags + 1 > size >> 1) moveTo(size ? size << 1 : SMALLEST);
  insertEntry(table(), load<u32>(H.TAGS_SIZE), key, tag);
  store<u32>(H.TAGS_COUNT, tags + 1);
}
/** Delete the entry at place i and close the gap (Knuth, 6.4, algorithm R). */
function deleteAt(hole: u32): void {
  const size = load<u32>(H.TAGS_SIZE), wrap = size - 1, base = table();
  for (let i = (hole + 1) & wrap; load<u32>(at(base, i)); i = (i + 1) & wrap) {
    if (((i - home(load<u64>(at(base, i)), size)) & wrap) < ((i - hole) & wrap)) continue;
    memory.copy(at(base, hole), at(base, i), ENTRY);
    hole = i;
  }
  store<u32>(at(base, hole), 0);
  store<u32>(H.TAGS_COUNT, load<u32>(H.TAGS_COUNT) - 1);
}
// @ts-ignore: decorator
@inline export function isTagged(slot: u32): bool { return <bool>(stateOf(slot) & TAGGED); }

/** Give the link slot → neighbour a tag. `present`: the link is in the list already. */
export function addTag(slot: u32, level: u32, neighbour: u32, tag: u64, present: bool): void {
  const key = keyOf(slot, level, neighbour), size = load<u32>(H.TAGS_SIZE);
  let any = false;
  if (present && size) {
    for (let i = home(key, size); load<u32>(at(table(), i)); i = (i + 1) & (size - 1)) {
      if (load<u64>(at(table(), i)) != key) continue;
      if (load<u64>(at(table(), i), 8) == tag) return;
      any = true;
    }
  }
  if (present && isPlanted(ADD_FORGETS_TAG)) return;
  if (present && !any) put(key, 0);
  put(key, tag);
  const state = stateOf(slot);
  if (!(state & TAGGED)) publish(stateAt(slot), state | TAGGED);
}
/**
 * Take from a link the implied tag and those in the causal past at S.PAST; all of them with `every`. Returns how many are left: at 0 the
 * link goes. What is taken is noted at S.UNDO when that is being kept.
 */
export function removeTags(slot: u32, level: u32, neighbour: u32, every: bool): u32 {
  const size = load<u32>(H.TAGS_SIZE);
  if (!size) return 0;
  const key = keyOf(slot, level, neighbour), wrap = size - 1;
  let left: u32 = 0;
  for (let i = home(key, size); load<u32>(at(table(), i));) {
    const entry = at(table(), i), tag = load<u64>(entry, 8);
    if (load<u64>(entry) == key) {
      if (every || !tag || isPast(tag)) {
        noteUndo(key, tag);
        deleteAt(i); // another entry may stand here now
        continue;
      }
      left++;
    }
    i = (i + 1) & wrap;
  }
  return left;
}

// ---- taking back

let noting: bool = false;
/** From now on, tags that are taken are noted. */
export function beginUndo(): void { noting = true; store<u32>(scratch + S.UNDO, 0); }
export function endUndo(): void { noting = false; }
export function resumeUndo(): void { noting = true; }
function noteUndo(key: u64, tag: u64): void {
  if (!noting) return;
  const undo = scratch + S.UNDO, n = load<u32>(undo);
  if (n >= UNDO_MAX) {
    // too much to take back: revertInsert refuses
    store<u32>(undo, UNDO_MAX + 1);
    return;
  }
  store<u64>(undo + 16 + <usize>n * 16, key);
  store<u64>(undo + 16 + <usize>n * 16, tag, 8);
  store<u32>(undo, n + 1);
}
/** Note that the insert is to take away a link that is not there: taking it back must not make one. False: there is no room for notes. */
export function noteAbsent(slot: u32, level: u32, neighbour: u32): bool {
  if (load<u32>(scratch + S.UNDO) >= UNDO_MAX / 2) return false;
  noteUndo(keyOf(slot, level, neighbour), ABSENT);
  return true;
}
export function wasAbsent(slot: u32, level: u32, neighbour: u32): bool {
  const undo = scratch + S.UNDO, n = load<u32>(undo), key = keyOf(slot, level, neighbour);
  for (let i: u32 = 0; i < n; i++) {
    const entry = undo + 16 + <usize>i * 16;
    if (load<u64>(entry) == key && load<u64>(entry, 8) == ABSENT) return true;
  }
  return false;
}
/** Put the tags noted at S.UNDO back. */
export function restoreTags(): void {
  const undo = scratch + S.UNDO, n = load<u32>(undo);
  for (let i: u32 = 0; i < n; i++) {
    const entry = undo + 16 + <usize>i * 16;
    if (load<u64>(entry, 8) != ABSENT) put(load<u64>(entry), load<u64>(entry, 8));
  }
}

// ---- settling

/** Is an entry of this key, other than that at place `but`, an implied one (`implied`: tag 0) or a stored one? */
function hasOther(key: u64, but: u32, implied: bool): bool {
  const base = table(), size = load<u32>(H.TAGS_SIZE);
  for (let i = home(key, size); load<u32>(at(base, i)); i = (i + 1) & (size - 1)) {
    if (i != but && load<u64>(at(base, i)) == key && <bool>(load<u64>(at(base, i), 8) == 0) == implied) return true;
  }
  return false;
}
/**
 * Tags in the causal past at S.PAST, which is stable, become implied: every operation that can still come has them in its past. Returns how
 * many did.
 */
export function settleTags(): u32 {
  const size = load<u32>(H.TAGS_SIZE);
  let settled: u32 = 0;
  if (!load<u32>(H.TAGS_COUNT)) return 0;
  for (let i: u32 = 0; i < size; i++) {
    const entry = at(table(), i);
    if (!load<u32>(entry) || !load<u64>(entry, 8) || !isPast(load<u64>(entry, 8))) continue;
    store<u64>(entry, 0, 8);
    settled++;
  }
  if (!settled) return 0;
  // an implied tag is an entry only beside stored ones, and one; where an entry goes another may come, so that a place is looked at again
  for (let i: u32 = 0; i < size;) {
    const entry = at(table(), i), key = load<u64>(entry);
    if (load<u32>(entry) && !load<u64>(entry, 8) && (!hasOther(key, i, false) || hasOther(key, i, true))) deleteAt(i);
    else i++;
  }
  tidy();
  return settled;
}
/** Forget the tags of links from and to nodes that have no place any more. */
export function purgeTags(): void {
  const size = load<u32>(H.TAGS_SIZE);
  if (!load<u32>(H.TAGS_COUNT)) return;
  for (let i: u32 = 0; i < size;) {
    const entry = at(table(), i), key = load<u64>(entry);
    if (load<u32>(entry) && !(stateOf(<u32>key - 1) & stateOf(<u32>(key >> 32) & SLOT_MASK) & LINKED)) deleteAt(i);
    else i++;
  }
  tidy();
}
/** After many tags went: a table far too large shrinks, and with the last of them the marks on nodes go. */
function tidy(): void {
  const count = load<u32>(H.TAGS_COUNT);
  if (!count) {
    for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
      const state = stateOf(slot);
      if (state & TAGGED) publish(stateAt(slot), state & ~TAGGED);
    }
  }
  let size = load<u32>(H.TAGS_SIZE);
  while (size > SMALLEST && count < size >> 4) size >>= 1;
  if (size < load<u32>(H.TAGS_SIZE) && hasRoom(<usize>size * ENTRY * 4)) moveTo(size);
}
