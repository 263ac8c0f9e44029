// From rows to the slots of a vector space, which the graph's search filters by. Either all of them at once, into one bit for each slot; or at
// the candidate: of some slots, those whose visible row is one of those wanted. Figures in docs/read-model.md.
import { A_AMONG, A_PAIRS, ROWS_LISTED } from "../../src/segment/column-layout";
import { NO_SLOT } from "../../src/segment/layout";
import { area, slotBits, slotBitsBytes } from "./areas";
import { visibleFrom } from "./epochs";
import { newestAt, newestBase, slotAt, slotCapacity } from "./regions";

/** No slot of the first `end` is marked. */
export function clearSlots(end: u32): void {
  memory.fill(slotBits, 0, min(slotBitsBytes, <usize>(end + 31 >> 5) << 2));
}
/** Mark the slots of the rows of a window that are in A_AMONG. Returns how many have one. */
export function markSlots(space: u32, from: u32, to: u32): u32 {
  const base = slotAt(space, 0);
  let marked: u32 = 0;
  for (let row = from; row < to; row += 32) {
    for (let left = load<u32>(area + A_AMONG + (<usize>(row - from >> 5) << 2)); left; left &= left - 1) {
      const slot = load<u32>(base + (<usize>(row + ctz(left)) << 2));
      if (slot == NO_SLOT) continue;
      const at = slotBits + (<usize>(slot >> 5) << 2);
      store<u32>(at, load<u32>(at) | 1 << (slot & 31));
      marked++;
    }
  }
  return marked;
}
/**
 * Of n slots (at most ROWS_LISTED) at A_PAIRS, those whose visible row has its bit set at `wanted` are kept in their place; the others become
 * NO_SLOT. Returns how many are kept.
 */
export function keepSlots(space: u32, n: u32, wanted: usize, epoch: u32): u32 {
  const base = newestBase(space), slots = slotCapacity(space);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < min(n, ROWS_LISTED); i++) {
    const at = area + A_PAIRS + (<usize>i << 2), slot = load<u32>(at);
    const row = slot < slots ? visibleFrom(atomic.load<u32>(newestAt(base, slot)), epoch) : 0;
    if (row && load<u32>(slotAt(space, row)) == slot && load<u32>(wanted + (<usize>(row >> 5) << 2)) >> (row & 31) & 1) kept++;
    else store<u32>(at, NO_SLOT);
  }
  return kept;
}
