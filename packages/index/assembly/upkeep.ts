// What becomes of dead nodes: condemned once their death is causally stable, purged once no list of another node leads to them; and
// which nodes no walk reaches. Writer only.
import { EF_MAX } from "../src/vector-index/graph-limits";
import {
  CONDEMNED, DEAD, H, LINKED, NONE, S, SLOT_MASK, dotOf, levelIn, listOf, metaOf, originIn, pair, scratch, stampOf, stateAt, stateOf, word,
} from "./layout";
import { change, count } from "./apply";
import { forgetDot, slotOfDot } from "./dots";
import { isEntry, moveEntries } from "./entries";
import { observe, publish } from "./epoch";
import { effective, releaseList, sizeOf } from "./lists";
import { newMark } from "./search";
import { retire } from "./slots";
import { purgeTags } from "./tags";
import { isPlanted, PURGE_FORGETS_DEAD } from "./planted";

/** Is the slot's origin among the n at S.ORIGINS? */
function isOwned(slot: u32, n: u32): bool {
  const origin = originIn(dotOf(slot));
  for (let i: u32 = 0; i < n; i++) if (load<u32>(word(scratch + S.ORIGINS, i)) == origin) return true;
  return false;
}
// @ts-ignore: decorator
@inline function emitDot(i: u32, slot: u32): void { store<u64>(pair(scratch + S.OUT, i), dotOf(slot)); }

export function condemn(slot: u32): void {
  const state = stateOf(slot);
  if (state & CONDEMNED) return;
  count(H.CONDEMNED_COUNT, 1);
  atomic.add<u32>(H.DEPARTURES, 1);
  publish(stateAt(slot), state | CONDEMNED);
}
let scannedTo: u32 = 0;
/** Slot at which the last `nodesToRepair` ended. */
export function scanEnd(): u32 { return scannedTo; }
/**
 * Nodes of the `owners` origins at S.ORIGINS, from slot `from` on, that are not condemned and lead to condemned ones: up to `limit` dots
 * to S.OUT; returns how many.
 */
export function nodesToRepair(from: u32, limit: u32, owners: u32): u32 {
  let found: u32 = 0, slot = from;
  limit = min(limit, EF_MAX);
  if (!load<u32>(H.CONDEMNED_COUNT)) {
    scannedTo = load<u32>(H.NEXT_SLOT);
    return 0;
  }
  for (const end = load<u32>(H.NEXT_SLOT); slot < end && found < limit; slot++) {
    const state = stateOf(slot);
    if ((state & (LINKED | CONDEMNED)) != LINKED || !isOwned(slot, owners)) continue;
    if (leadsToCondemned(slot, levelIn(state))) emitDot(found++, slot);
  }
  scannedTo = slot;
  return found;
}
function leadsToCondemned(slot: u32, top: u32): bool {
  for (let level: u32 = 0; level <= top; level++) {
    const place = listOf(slot, level), list = effective(place);
    for (let i: u32 = 1, n = sizeOf(place); i <= n; i++) if (stateOf(load<u32>(word(list, i))) & CONDEMNED) return true;
  }
  return false;
}
/** Put a new mark on all that uncondemned nodes lead to. Returns it. */
function markLedTo(): u32 {
  const mark = newMark(), end = load<u32>(H.NEXT_SLOT);
  for (let slot: u32 = 0; slot < end; slot++) {
    const state = stateOf(slot);
    if ((state & (LINKED | CONDEMNED)) != LINKED) continue;
    for (let level: u32 = 0; level <= levelIn(state); level++) {
      const place = listOf(slot, level), list = effective(place);
      for (let i: u32 = 1, n = sizeOf(place); i <= n; i++) store<u16>(stampOf(load<u32>(word(list, i))), <u16>mark);
    }
  }
  return mark;
}
/** Condemned nodes of the `owners` origins at S.ORIGINS that no uncondemned node leads to: up to `limit` dots to S.OUT. */
export function purgeable(limit: u32, owners: u32): u32 {
  if (!load<u32>(H.CONDEMNED_COUNT)) return 0;
  const mark = markLedTo(), end = load<u32>(H.NEXT_SLOT);
  let found: u32 = 0;
  limit = min(limit, EF_MAX);
  for (let slot: u32 = 0; slot < end && found < limit; slot++) {
    if (!(stateOf(slot) & CONDEMNED) || <u32>load<u16>(stampOf(slot)) == mark || !isOwned(slot, owners)) continue;
    emitDot(found++, slot);
  }
  return found;
}
/** Leave of the n nodes whose dots are at S.OUT those that are condemned and that no uncondemned node leads to. Returns how many. */
export function purgeableOf(n: u32): u32 {
  const mark = markLedTo();
  let found: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const slot = slotOfDot(load<u64>(pair(scratch + S.OUT, i)));
    if (slot == NONE || !(stateOf(slot) & CONDEMNED) || <u32>load<u16>(stampOf(slot)) == mark) continue;
    emitDot(found++, slot);
  }
  return found;
}
let liveInEdges: u32 = 0;
/** Links of live nodes that the last purge had to cut. */
export function cutLiveEdges(): u32 { return liveInEdges; }
/** Drop the n nodes whose dots are at S.OUT from every list, and retire their slots. Returns how many were there. */
export function purge(n: u32): u32 {
  const mark = newMark(), end = load<u32>(H.NEXT_SLOT), gone = scratch + S.GONE;
  let purged: u32 = 0;
  liveInEdges = 0;
  for (let i: u32 = 0; i < n; i++) {
    const slot = slotOfDot(load<u64>(pair(scratch + S.OUT, i)));
    if (slot == NONE || <u32>load<u16>(stampOf(slot)) == mark) continue;
    store<u16>(stampOf(slot), <u16>mark);
    purged++;
  }
  if (!purged) return 0;
  atomic.add<u32>(H.DEPARTURES, purged);
  const forgetful = isPlanted(PURGE_FORGETS_DEAD);
  for (let slot: u32 = 0; slot < end; slot++) {
    const state = stateOf(slot);
    if (!(state & LINKED) || <u32>load<u16>(stampOf(slot)) == mark || (forgetful && state & DEAD)) continue;
    for (let level: u32 = 0; level <= levelIn(state); level++) {
      const place = listOf(slot, level), list = effective(place);
      let leading: u32 = 0;
      for (let i: u32 = 1, size = sizeOf(place); i <= size; i++) {
        const member = load<u32>(word(list, i));
        if (<u32>load<u16>(stampOf(member)) == mark) store<u32>(word(gone, leading++), member);
      }
      if (!leading) continue;
      if (!(state & DEAD)) liveInEdges += leading;
      change(slot, level, gone, leading, gone, 0);
    }
  }
  let wereEntries = false;
  for (let slot: u32 = 0; slot < end; slot++) {
    const state = stateOf(slot);
    if (<u32>load<u16>(stampOf(slot)) != mark || !(state & LINKED)) continue;
    if (state & DEAD) count(H.DEAD_COUNT, -1);
    if (state & CONDEMNED) count(H.CONDEMNED_COUNT, -1);
    count(H.LINKED_COUNT, -1);
    if (isEntry(slot)) wereEntries = true;
    forgetDot(slot);
    publish(stateAt(slot), levelIn(state));
  }
  if (wereEntries) moveEntries();
  // from here on nothing leads to them; a search that is at one of them goes on by its lists, which stand until it has ended
  for (let slot: u32 = 0; slot < end; slot++) {
    if (<u32>load<u16>(stampOf(slot)) != mark) continue;
    for (let l: u32 = 0; l <= levelIn(stateOf(slot)); l++) releaseList(listOf(slot, l));
    retire(slot);
  }
  purgeTags();
  return purged;
}
/**
 * Live nodes of the `owners` origins at S.ORIGINS that no walk on layer 0 from the entry reaches: up to `limit` dots to S.OUT. Each node
 * that is reached keeps in meta.epoch from where.
 */
export function unreachable(limit: u32, owners: u32): u32 {
  const mark = newMark(), entry = load<u32>(H.ENTRY);
  if (entry == NONE) return 0;
  let head = entry & SLOT_MASK, tail = head;
  store<u16>(stampOf(head), <u16>mark);
  metaOf(head).epoch = NONE;
  // a breadth-first walk; the queue runs through the slots themselves
  for (metaOf(head).next = NONE; head != NONE; head = metaOf(head).next) {
    const list = effective(listOf(head, 0));
    for (let i: u32 = 1, n = load<u32>(list); i <= n; i++) {
      const next = load<u32>(word(list, i)), stamp = stampOf(next);
      if (<u32>load<u16>(stamp) == mark) continue;
      store<u16>(stamp, <u16>mark);
      metaOf(next).next = NONE;
      metaOf(next).epoch = head;
      metaOf(tail).next = next;
      tail = next;
    }
  }
  let found: u32 = 0;
  limit = min(limit, EF_MAX);
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end && found < limit; slot++) {
    if ((stateOf(slot) & (LINKED | DEAD)) != LINKED || <u32>load<u16>(stampOf(slot)) == mark || !isOwned(slot, owners)) continue;
    emitDot(found++, slot);
  }
  return found;
}
