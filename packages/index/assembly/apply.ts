// apply: the only writer of the graph. Publication order of an insert:
//   vector, codes, meta (not LINKED) → own lists → reverse links → LINKED → entry
// A list is edited in place as a SET: survivors keep their places, an added slot overwrites a removed one or goes past the
// end before the count grows. A reader sees, at every moment, only whole slots, and misses no survivor of an edit.
import {
  DEAD, H, LINKED, METRIC_EUCLID, NONE, OVERFLOW, S, atQuery, atWords, capOf, codeBytes, codeOf, levelIn, listOf, metaOf, metric,
  scratch, stateAt, vectorBytes, vectorOf, word,
} from "./layout";
import { UNDO_MAX } from "../src/vector-index/graph-limits";
import { hasRoom } from "./blocks";
import { ADD, entryWords, missedAdds, unpack } from "./delta";
import { forgetDot, levelOfDot, rememberDot, slotOfDot } from "./dots";
import { publish } from "./epoch";
import { quantise } from "./kernels";
import { considerEntry, leaveEntry } from "./entries";
import { areRowsInFile } from "./rows";
import { hasMember, positionOf, releaseList, rewrite } from "./lists";
import { hasSlot, retire, returnSlot, takeSlot, takeUpper } from "./slots";
import { beginUndo, endUndo, isTagged, removeTags, restoreTags, resumeUndo } from "./tags";
import { isPlanted, REMOVE_WINS } from "./planted";

/** Answers of applyInsert that are no slot. */
export const FULL: u32 = NONE;
export const MALFORMED: u32 = NONE - 1;
export const DUPLICATE: u32 = NONE - 2;
/** Bytes of blocks that one insert may need: more than all of its neighbours' lists. */
const ROOM: usize = 8 << 20;

/**
 * list := list − the removed slots at `slots` + added (NONE: none). The count is published once, after every word below it: a reader with
 * the old count sees survivors, perhaps twice, and removed slots that still route. Only an added slot that takes a removed one's
 * place is published by itself, since the old count covers it: behind it the new node must be whole.
 */
function edit(list: usize, slots: usize, removed: u32, added: u32): void {
  const before = load<u32>(list);
  let n = before;
  for (let r: u32 = 0; r < removed; r++) {
    const at = positionOf(list, n, load<u32>(word(slots, r)));
    if (!at) continue;
    if (added != NONE) {
      publish(word(list, at), added);
      added = NONE;
      continue;
    }
    if (at < n) store<u32>(word(list, at), load<u32>(word(list, n)));
    n--;
  }
  if (added != NONE) store<u32>(word(list, ++n), added);
  if (n != before) publish(list, n);
}
// @ts-ignore: decorator
@inline function append(list: usize, slot: u32): void {
  const n = load<u32>(list) + 1;
  store<u32>(word(list, n), slot);
  publish(list, n);
}

/**
 * Change a list as a set: `gone` are slots in it, `added` are not in it. In place as long as it fits its place; else it is made anew.
 */
export function change(slot: u32, level: u32, gone: usize, goneCount: u32, added: usize, addedCount: u32): void {
  const list = listOf(slot, level), head = load<u32>(list);
  if (head & OVERFLOW || head - goneCount + addedCount > capOf(level)) {
    rewrite(slot, level, gone, goneCount, added, addedCount);
    return;
  }
  edit(list, gone, goneCount, addedCount ? load<u32>(added) : NONE);
  for (let i: u32 = 1; i < addedCount; i++) append(list, load<u32>(word(added, i)));
}
/** Of the slots at `slots`, keep those whose links lose their last tag by the operation in work; returns how many. */
export function withoutTagged(owner: u32, level: u32, slots: usize, n: u32): u32 {
  if (!isTagged(owner)) return n;
  const every = isPlanted(REMOVE_WINS);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const slot = load<u32>(word(slots, i));
    if (!removeTags(owner, level, slot, every)) store<u32>(word(slots, kept++), slot);
  }
  return kept;
}
// @ts-ignore: decorator
@inline export function count(field: usize, by: i32): void { store<u32>(field, load<u32>(field) + by); }

// ---- operations

/**
 * What `applyInsert` would answer that is no slot: FULL, MALFORMED or DUPLICATE; 0: it would insert. Changes nothing. The delta is unpacked
 * at atWords then.
 */
export function checkInsert(origin: u32, sequence: f64, bytes: u32): u32 {
  const dot = <u64>origin << 40 | <u64>sequence;
  if (slotOfDot(dot) != NONE) return DUPLICATE;
  if (!hasRoom(ROOM) || !hasSlot()) return FULL;
  beginUndo();
  const isSound = unpack(dot, levelOfDot(dot), bytes, false);
  endUndo();
  return isSound ? 0 : MALFORMED;
}
/**
 * Insert the vector at atQuery as the node (origin, sequence) by the packed delta of `bytes` at atDelta. Returns the slot, or FULL,
 * MALFORMED or DUPLICATE; then nothing has changed.
 */
export function applyInsert(origin: u32, sequence: f64, bytes: u32): u32 {
  const refusal = checkInsert(origin, sequence, bytes);
  if (refusal) return refusal;
  const dot = <u64>origin << 40 | <u64>sequence, level = levelOfDot(dot), slot = takeSlot();
  const upper = takeUpper(level);
  if (upper == NONE) {
    returnSlot(slot);
    return FULL;
  }
  if (!areRowsInFile()) memory.copy(vectorOf(slot), atQuery, vectorBytes);
  if (codeBytes) quantise(atQuery, codeOf(slot), metric == METRIC_EUCLID);
  const meta = metaOf(slot);
  meta.dot = dot;
  meta.upper = upper;
  meta.state = level;
  for (let l: u32 = 0; l <= level; l++) store<u32>(listOf(slot, l), 0);
  rememberDot(slot);

  count(H.MISSED_ADDS, missedAdds());
  const lists = load<u32>(atWords);
  let at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const neighbours = load<u32>(at, 4), list = listOf(slot, load<u32>(at));
    at += 8;
    for (let n: u32 = 1; n <= neighbours; n++, at = word(at, entryWords(at))) store<u32>(word(list, n), load<u32>(at));
    store<u32>(list, neighbours);
  }
  resumeUndo();
  at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const level = load<u32>(at), neighbours = load<u32>(at, 4), cap = capOf(level);
    at += 8;
    for (let n: u32 = 0; n < neighbours; n++) {
      const edits = load<u32>(at, 4), added = edits & ADD ? slot : NONE, owner = load<u32>(at), list = listOf(owner, level);
      const next = word(at, entryWords(at)), head = load<u32>(list), removed = withoutTagged(owner, level, at + 8, edits & ~ADD);
      if (head & OVERFLOW || head - removed + u32(added != NONE) > cap) {
        store<u32>(scratch + S.ADDED, slot);
        rewrite(owner, level, at + 8, removed, scratch + S.ADDED, u32(added != NONE));
      } else edit(list, at + 8, removed, added);
      at = next;
    }
  }
  endUndo();
  publish(stateAt(slot), LINKED | level);
  count(H.LINKED_COUNT, 1);
  considerEntry(slot);
  return slot;
}
/**
 * Take back the newest insert, whose packed delta of `bytes` is at atDelta: for an operation whose log write failed. The lists become
 * what they were as sets; the slot is retired, since a reader may be at it. Returns false when the delta is not that of the slot.
 */
export function revertInsert(slot: u32, bytes: u32): bool {
  const meta = metaOf(slot), level = levelIn(meta.state);
  if (slotOfDot(meta.dot) != slot || load<u32>(scratch + S.UNDO) > UNDO_MAX || !unpack(meta.dot, level, bytes, true)) return false;
  const lists = load<u32>(atWords);
  let at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const l = load<u32>(at), neighbours = load<u32>(at, 4);
    at += 8;
    for (let n: u32 = 0; n < neighbours; n++, at = word(at, entryWords(at))) {
      const owner = load<u32>(at), edits = load<u32>(at, 4);
      store<u32>(scratch + S.GONE, slot);
      const present = edits & ADD && hasMember(listOf(owner, l), slot);
      change(owner, l, scratch + S.GONE, u32(present), at + 8, edits & ~ADD);
    }
  }
  restoreTags();
  if (meta.state & DEAD) count(H.DEAD_COUNT, -1);
  count(H.LINKED_COUNT, -1);
  forgetDot(slot);
  publish(stateAt(slot), level);
  leaveEntry(slot);
  for (let l: u32 = 0; l <= level; l++) releaseList(listOf(slot, l));
  retire(slot);
  return true;
}
/** Mark a node dead (it routes, and is linked to no more) or live again. */
export function markDead(slot: u32, dead: bool): void {
  const at = stateAt(slot), state = load<u32>(at);
  if (<bool>(state & DEAD) == dead) return;
  publish(at, dead ? state | DEAD : state & ~DEAD);
  count(H.DEAD_COUNT, dead ? 1 : -1);
  if (!dead) considerEntry(slot);
  else leaveEntry(slot);
}
