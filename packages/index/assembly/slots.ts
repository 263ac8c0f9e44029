// Slots and upper-list blocks: taken fresh, retired, reclaimed. Writer only.
import { H, NONE, capacity, codeBytes, codeOf, levelIn, metaOf, upperBytes, vectorBytes, vectorOf } from "./layout";
import { advanceEpoch, oldestNamed } from "./epoch";
import { areRowsInFile } from "./rows";

/** A slot that nobody can see: a reclaimed one, else the next fresh one; NONE when the memory is full. */
export function takeSlot(): u32 {
  if (load<u32>(H.FREE_HEAD) == NONE) reclaim();
  const free = load<u32>(H.FREE_HEAD);
  if (free != NONE) {
    store<u32>(H.FREE_HEAD, metaOf(free).next);
    store<u32>(H.FREE_COUNT, load<u32>(H.FREE_COUNT) - 1);
    return free;
  }
  const next = load<u32>(H.NEXT_SLOT);
  if (next == capacity) return NONE;
  atomic.store<u32>(H.NEXT_SLOT, next + 1);
  return next;
}
/** Would `takeSlot` find one? */
export function hasSlot(): bool {
  return load<u32>(H.NEXT_SLOT) < capacity || load<u32>(H.FREE_HEAD) != NONE || reclaim() > 0;
}
/** Hand back a slot that was taken and never linked. */
export function returnSlot(slot: u32): void {
  metaOf(slot).next = load<u32>(H.FREE_HEAD);
  store<u32>(H.FREE_HEAD, slot);
  store<u32>(H.FREE_COUNT, load<u32>(H.FREE_COUNT) + 1);
}
/** Block for the upper lists of a node of this level: 0 when it needs none, NONE when the memory is full. */
export function takeUpper(level: u32): u32 {
  if (!level) return 0;
  const head = H.UPPER_FREE + (<usize>level << 2), free = load<u32>(head);
  if (free) {
    store<u32>(head, load<u32>(free));
    return free;
  }
  const bytes = level * <u32>upperBytes, at = load<u32>(H.UPPER_NEXT);
  if (at > 0xffff0000 - bytes) return NONE;
  store<u32>(H.UPPER_NEXT, at + bytes);
  return at;
}
function returnUpper(block: u32, level: u32): void {
  const head = H.UPPER_FREE + (<usize>level << 2);
  store<u32>(block, load<u32>(head));
  store<u32>(head, block);
}
/** Queue an unlinked slot; everything in it stays readable until every search inside now has left. */
export function retire(slot: u32): void {
  const meta = metaOf(slot), tail = load<u32>(H.RETIRED_TAIL);
  meta.next = NONE;
  meta.epoch = atomic.load<u32>(H.EPOCH);
  if (tail == NONE) store<u32>(H.RETIRED_HEAD, slot);
  else metaOf(tail).next = slot;
  store<u32>(H.RETIRED_TAIL, slot);
  advanceEpoch();
}
/** Move the retired slots that no running search and no row can name to the free list; returns how many. */
export function reclaim(): u32 {
  let slot = load<u32>(H.RETIRED_HEAD), reclaimed: u32 = 0;
  if (slot == NONE) return 0;
  const safe = oldestNamed();
  while (slot != NONE && metaOf(slot).epoch < safe) {
    const meta = metaOf(slot), next = meta.next, level = levelIn(meta.state);
    if (level) returnUpper(meta.upper, level);
    returnSlot(slot);
    slot = next;
    reclaimed++;
  }
  store<u32>(H.RETIRED_HEAD, slot);
  if (slot == NONE) store<u32>(H.RETIRED_TAIL, NONE);
  return reclaimed;
}
/**
 * Leave nothing of the vectors that stood at free slots, after those were made free that can be. Returns how many retired slots are left, whose
 * vectors somebody may still read.
 */
export function wipe(): u32 {
  reclaim();
  for (let slot = load<u32>(H.FREE_HEAD); slot != NONE; slot = metaOf(slot).next) {
    memory.fill(codeOf(slot), 0, codeBytes);
    if (!areRowsInFile()) memory.fill(vectorOf(slot), 0, vectorBytes);
  }
  let left: u32 = 0;
  for (let slot = load<u32>(H.RETIRED_HEAD); slot != NONE; slot = metaOf(slot).next) left++;
  return left;
}
