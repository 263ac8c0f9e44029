// Entry points. Of each origin the best node: live before dead, then highest level, then lowest dot; H.ENTRY is the best of all. A
// function of the graph as a set. Not part of an image: made again from the nodes.
import { ORIGINS_MAX, WALK_ENTRIES } from "../src/vector-index/graph-limits";
import { DEAD, H, LINKED, NONE, S, SLOT_MASK, dotOf, levelIn, originIn, pair, scratch, stateOf, word } from "./layout";
import { observe, publish } from "./epoch";
import { ENTRY_STAYS, isPlanted } from "./planted";

// @ts-ignore: decorator
@inline function entersBefore(slot: u32, other: u32): bool {
  const a = stateOf(slot), b = stateOf(other);
  if ((a ^ b) & DEAD) return !(a & DEAD);
  return levelIn(a) > levelIn(b) || (levelIn(a) == levelIn(b) && dotOf(slot) < dotOf(other));
}
// @ts-ignore: decorator
@inline function entryWord(slot: u32): u32 { return slot == NONE ? NONE : levelIn(stateOf(slot)) << 28 | slot; }
// @ts-ignore: decorator
@inline function slotIn(entry: u32): u32 { return entry == NONE ? NONE : entry & SLOT_MASK; }
// @ts-ignore: decorator
@inline function placeAt(i: u32): usize { return pair(H.ENTRIES, i) + 4; }

/** Address of an origin's entry; it is made when new, unless there are too many origins (0). */
function entryOf(origin: u32): usize {
  const n = load<u32>(H.ENTRIES_COUNT);
  for (let i: u32 = 0; i < n; i++) if (load<u32>(pair(H.ENTRIES, i)) == origin) return placeAt(i);
  if (n == ORIGINS_MAX) return 0;
  store<u32>(pair(H.ENTRIES, n), origin);
  store<u32>(placeAt(n), NONE);
  publish(H.ENTRIES_COUNT, n + 1);
  return placeAt(n);
}
/** A node is linked, or lives again. */
export function considerEntry(slot: u32): void {
  const at = entryOf(originIn(dotOf(slot)));
  if (at) {
    const entry = slotIn(load<u32>(at));
    if (entry == NONE || entersBefore(slot, entry)) publish(at, entryWord(slot));
  }
  const best = slotIn(load<u32>(H.ENTRY));
  if (best == NONE || entersBefore(slot, best)) publish(H.ENTRY, entryWord(slot));
}
/** A node died or goes: where it was an entry, another one is looked for. */
export function leaveEntry(slot: u32): void {
  const origin = originIn(dotOf(slot)), at = entryOf(origin), isOwn = at && slotIn(load<u32>(at)) == slot;
  const isBest = slotIn(load<u32>(H.ENTRY)) == slot;
  if ((!isOwn && !isBest) || isPlanted(ENTRY_STAYS)) return;
  let own = NONE, best = NONE;
  for (let other: u32 = 0, end = load<u32>(H.NEXT_SLOT); other < end; other++) {
    if (!(stateOf(other) & LINKED)) continue;
    if (originIn(dotOf(other)) == origin && (own == NONE || entersBefore(other, own))) own = other;
    if (best == NONE || entersBefore(other, best)) best = other;
  }
  if (isOwn) publish(at, entryWord(own));
  if (isBest) publish(H.ENTRY, entryWord(best));
}
/** Do walks start from this node? */
export function isEntry(slot: u32): bool {
  if (slotIn(load<u32>(H.ENTRY)) == slot) return true;
  const origin = originIn(dotOf(slot)), n = load<u32>(H.ENTRIES_COUNT);
  for (let i: u32 = 0; i < n; i++) if (load<u32>(pair(H.ENTRIES, i)) == origin) return slotIn(load<u32>(placeAt(i))) == slot;
  return false;
}
/** Several entries went: look for others in one pass. Readers see the old ones or the new ones, never none where there is one. */
export function moveEntries(): void {
  const n = load<u32>(H.ENTRIES_COUNT), found = scratch + S.ENTRY_WORDS;
  let best = NONE;
  for (let i: u32 = 0; i < n; i++) store<u32>(word(found, i), NONE);
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) {
    if (!(stateOf(slot) & LINKED)) continue;
    if (best == NONE || entersBefore(slot, best)) best = slot;
    const origin = originIn(dotOf(slot));
    let i: u32 = 0;
    while (i < n && load<u32>(pair(H.ENTRIES, i)) != origin) i++;
    if (i == n) continue;
    const own = load<u32>(word(found, i));
    if (own == NONE || entersBefore(slot, own)) store<u32>(word(found, i), slot);
  }
  for (let i: u32 = 0; i < n; i++) publish(placeAt(i), entryWord(load<u32>(word(found, i))));
  publish(H.ENTRY, entryWord(best));
}
/** Find all of them anew. */
export function findEntries(): void {
  publish(H.ENTRIES_COUNT, 0);
  publish(H.ENTRY, NONE);
  for (let slot: u32 = 0, end = load<u32>(H.NEXT_SLOT); slot < end; slot++) if (stateOf(slot) & LINKED) considerEntry(slot);
}
/** The entry words of the origins to S.ENTRY_WORDS, the best ones first where there are more than a walk starts from; returns how many. */
export function gatherEntries(): u32 {
  const n = observe(H.ENTRIES_COUNT), out = scratch + S.ENTRY_WORDS;
  let count: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const entry = observe(placeAt(i));
    if (entry == NONE) continue;
    let j = count;
    for (; j > 0 && entersBefore(entry & SLOT_MASK, load<u32>(word(out, j - 1)) & SLOT_MASK); j--) store<u32>(word(out, j), load<u32>(word(out, j - 1)));
    store<u32>(word(out, j), entry);
    count++;
  }
  return min(count, WALK_ENTRIES);
}
