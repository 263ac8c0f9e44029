// apply: the only writer of the graph. Publication order of an insert:
//   vector, codes, meta (not LINKED) → own lists → reverse links → LINKED → entry
// A list is edited in place as a SET: survivors keep their places, an added slot overwrites a removed one or goes past the
// end before the count grows. A reader sees, at every moment, only whole slots, and misses no survivor of an edit.
import {
  DEAD, H, LINKED, METRIC_EUCLID, NONE, SLOT_MASK, atQuery, atWords, codeBytes, codeOf, levelIn, listOf, metaOf, metric, stateAt,
  stateOf, vectorBytes, vectorOf, word, dotOf,
} from "./layout";
import { ADD, entryWords, unpack } from "./delta";
import { forgetDot, levelOfDot, rememberDot, slotOfDot } from "./dots";
import { publish } from "./epoch";
import { quantise } from "./kernels";
import { positionOf } from "./lists";
import { retire, returnSlot, takeSlot, takeUpper } from "./slots";

/** Answers of applyInsert that are no slot. */
export const FULL: u32 = NONE;
export const MALFORMED: u32 = NONE - 1;
export const DUPLICATE: u32 = NONE - 2;

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

// ---- the entry point: a function of the graph as a set: live before dead, then highest level, then lowest dot

// @ts-ignore: decorator
@inline function entersBefore(slot: u32, other: u32): bool {
  const a = stateOf(slot), b = stateOf(other);
  if ((a ^ b) & DEAD) return !(a & DEAD);
  return levelIn(a) > levelIn(b) || (levelIn(a) == levelIn(b) && dotOf(slot) < dotOf(other));
}
function considerEntry(slot: u32): void {
  const entry = load<u32>(H.ENTRY);
  if (entry == NONE || entersBefore(slot, entry & SLOT_MASK)) publish(H.ENTRY, levelIn(stateOf(slot)) << 28 | slot);
}
function findEntry(): void {
  let best = NONE;
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
    if (stateOf(slot) & LINKED && (best == NONE || entersBefore(slot, best))) best = slot;
  }
  publish(H.ENTRY, best == NONE ? NONE : levelIn(stateOf(best)) << 28 | best);
}
// @ts-ignore: decorator
@inline function isEntry(slot: u32): bool {
  const entry = load<u32>(H.ENTRY);
  return entry != NONE && (entry & SLOT_MASK) == slot;
}
// @ts-ignore: decorator
@inline function count(field: usize, by: i32): void { store<u32>(field, load<u32>(field) + by); }

// ---- operations

/**
 * Insert the vector at atQuery as the node (origin, sequence) by the packed delta of `bytes` at atDelta. Returns the slot, or FULL,
 * MALFORMED or DUPLICATE; then nothing has changed.
 */
export function applyInsert(origin: u32, sequence: f64, bytes: u32): u32 {
  const dot = <u64>origin << 40 | <u64>sequence, level = levelOfDot(dot);
  if (slotOfDot(dot) != NONE) return DUPLICATE;
  if (!unpack(dot, level, bytes, false)) return MALFORMED;
  const slot = takeSlot();
  if (slot == NONE) return FULL;
  const upper = takeUpper(level);
  if (upper == NONE) {
    returnSlot(slot);
    return FULL;
  }
  memory.copy(vectorOf(slot), atQuery, vectorBytes);
  if (codeBytes) quantise(atQuery, codeOf(slot), metric == METRIC_EUCLID);
  const meta = metaOf(slot);
  meta.dot = dot;
  meta.upper = upper;
  meta.state = level;
  for (let l: u32 = 0; l <= level; l++) store<u32>(listOf(slot, l), 0);
  rememberDot(slot);

  const lists = load<u32>(atWords);
  let at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const neighbours = load<u32>(at, 4), list = listOf(slot, load<u32>(at));
    at += 8;
    for (let n: u32 = 1; n <= neighbours; n++, at = word(at, entryWords(at))) store<u32>(word(list, n), load<u32>(at));
    store<u32>(list, neighbours);
  }
  at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const level = load<u32>(at), neighbours = load<u32>(at, 4);
    at += 8;
    for (let n: u32 = 0; n < neighbours; n++, at = word(at, entryWords(at))) {
      const change = load<u32>(at, 4);
      edit(listOf(load<u32>(at), level), at + 8, change & ~ADD, change & ADD ? slot : NONE);
    }
  }
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
  if (slotOfDot(meta.dot) != slot || !unpack(meta.dot, level, bytes, true)) return false;
  const lists = load<u32>(atWords);
  let at = atWords + 4;
  for (let i: u32 = 0; i < lists; i++) {
    const l = load<u32>(at), neighbours = load<u32>(at, 4);
    at += 8;
    for (let n: u32 = 0; n < neighbours; n++, at = word(at, entryWords(at))) {
      const list = listOf(load<u32>(at), l), change = load<u32>(at, 4), removed = change & ~ADD;
      let r: u32 = 0;
      if (change & ADD) {
        const place = positionOf(list, load<u32>(list), slot);
        if (place && removed) publish(word(list, place), load<u32>(word(at, 2 + r++)));
        else if (place) {
          const last = load<u32>(list);
          if (place < last) publish(word(list, place), load<u32>(word(list, last)));
          publish(list, last - 1);
        }
      }
      for (; r < removed; r++) append(list, load<u32>(word(at, 2 + r)));
    }
  }
  if (meta.state & DEAD) count(H.DEAD_COUNT, -1);
  count(H.LINKED_COUNT, -1);
  forgetDot(slot);
  publish(stateAt(slot), level);
  if (isEntry(slot)) findEntry();
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
  else if (isEntry(slot)) findEntry();
}
