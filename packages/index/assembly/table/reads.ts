// What a thread reads at an epoch that it is at. Results are rows; what is in a row, the host reads where it stands.
import { H_NEXT_ROW, PAGE_ROWS_MAX, S_ID, S_IS_UUID, S_MORE, S_NEWEST, S_ROWS } from "../../src/segment/layout";
import { visibleFrom } from "./epochs";
import { newestOf } from "./hash";
import { enterOrder, idHigh, idLow, leaveOrder, seek, step } from "./order";
import { newestAt, newestBase, scratch, slotAt, slotCapacity } from "./regions";
import { isVisible, visibleWord } from "./visible";
import { isPlanted, NO_SLOT_CHECK } from "./planted";


/** The visible row of the id in the scratch; 0: it has none. */
export function visibleRow(epoch: u32): u32 {
  return visibleFrom(newestOf(load<u64>(scratch + S_ID), load<u64>(scratch + S_ID, 8), load<u32>(scratch + S_IS_UUID)), epoch);
}
/** Slots that are looked up at once. */
const BATCH: u32 = 64;
/** The visible row whose vector in the space stands at the slot; 0: there is none. */
// @ts-ignore: decorator
@inline function rowAtSlot(newest: u32, space: u32, slot: u32, epoch: u32): u32 {
  const row = visibleFrom(newest, epoch);
  // a version that has another vector is not there
  return row && (load<u32>(slotAt(space, row)) == slot || isPlanted(NO_SLOT_CHECK)) ? row : 0;
}
export function visibleAtSlot(space: u32, slot: u32, epoch: u32): u32 {
  return slot < slotCapacity(space) ? rowAtSlot(atomic.load<u32>(newestAt(newestBase(space), slot)), space, slot, epoch) : 0;
}
/**
 * Of the n slots at S_ROWS, the visible rows of the points whose versions stand there, in their order and in their place; 0: there is none.
 * The visible version of a point may stand at another slot.
 */
export function visibleOfSlots(space: u32, n: u32, epoch: u32): void {
  const base = newestBase(space), end = slotCapacity(space);
  n = min(n, PAGE_ROWS_MAX);
  for (let from: u32 = 0; from < n; from += BATCH) {
    const to = min(from + BATCH, n);
    for (let i = from; i < to; i++) {
      const at = scratch + S_ROWS + (<usize>i << 2), slot = load<u32>(at);
      store<u32>(at, slot < end ? atomic.load<u32>(newestAt(base, slot)) : 0);
    }
    for (let i = from; i < to; i++) {
      const at = scratch + S_ROWS + (<usize>i << 2);
      store<u32>(at, visibleFrom(load<u32>(at), epoch));
    }
  }
}
/**
 * Of the n slots at S_ROWS, the visible rows, in their order and in their place; 0: there is none. In passes, so that the loads of many slots
 * are under way at once: newest rows, then their epochs and slots.
 */
export function visibleAtSlots(space: u32, n: u32, epoch: u32): void {
  const base = newestBase(space), end = slotCapacity(space);
  n = min(n, PAGE_ROWS_MAX);
  for (let from: u32 = 0; from < n; from += BATCH) {
    const to = min(from + BATCH, n);
    for (let i = from; i < to; i++) {
      const slot = load<u32>(scratch + S_ROWS + (<usize>i << 2));
      store<u32>(scratch + S_NEWEST + (<usize>(i - from) << 2), slot < end ? atomic.load<u32>(newestAt(base, slot)) : 0);
    }
    for (let i = from; i < to; i++) {
      const at = scratch + S_ROWS + (<usize>i << 2), newest = load<u32>(scratch + S_NEWEST + (<usize>(i - from) << 2));
      if (isVisible(newest, epoch) && load<u32>(slotAt(space, newest)) == load<u32>(at)) store<u32>(at, newest);
      else store<u32>(at, newest ? rowAtSlot(newest, space, load<u32>(at), epoch) : 0);
    }
  }
}
/** Of the n rows at S_ROWS, those that are visible themselves, in their place; 0 for the others. Rows may be free: their epochs are loaded at once. */
export function visibleAmong(n: u32, epoch: u32): void {
  n = min(n, PAGE_ROWS_MAX);
  for (let i: u32 = 0; i < n; i++) {
    const at = scratch + S_ROWS + (<usize>i << 2), row = load<u32>(at);
    store<u32>(at, select<u32>(row, 0, isVisible(row, epoch)));
  }
}
/**
 * Visible rows to S_ROWS in the order of their ids (integers, then UUIDs), from the id in the scratch on: at most `limit`, and after looking
 * at `budget` ids no more. Returns how many. When there is more, S_MORE is 1 and the scratch has the id to go on from.
 */
export function scroll(limit: u32, budget: u32, epoch: u32): u32 {
  let isUuid = load<u32>(scratch + S_IS_UUID), found: u32 = 0;
  limit = min(limit, PAGE_ROWS_MAX);
  store<u32>(scratch + S_MORE, 0);
  enterOrder();
  seek(load<u64>(scratch + S_ID), load<u64>(scratch + S_ID, 8), isUuid);
  for (;;) {
    if (!step()) {
      if (isUuid) break;
      isUuid = 1;
      seek(0, 0, 1);
      continue;
    }
    if (found == limit || !budget) {
      store<u32>(scratch + S_MORE, 1);
      store<u64>(scratch + S_ID, idLow);
      store<u64>(scratch + S_ID, idHigh, 8);
      store<u32>(scratch + S_IS_UUID, isUuid);
      break;
    }
    budget--;
    const row = visibleFrom(newestOf(idLow, idHigh, isUuid), epoch);
    if (!row) continue;
    store<u32>(scratch + S_ROWS + (<usize>found << 2), row);
    found++;
  }
  leaveOrder();
  return found;
}
/** How many rows are visible. Every row is looked at; the host knows the number for recent epochs (H_COUNTS). */
export function countVisible(epoch: u32): u32 {
  let n: u32 = 0;
  for (let row: u32 = 0, end = atomic.load<u32>(H_NEXT_ROW); row < end; row += 32) n += popcnt<u32>(visible32(row, end, epoch));
  return n;
}
/** Bits of the visible rows from `from` to `to` (exclusive; both multiples of 32), a word per 32 rows, to `bits`. */
export function visibleBits(bits: usize, from: u32, to: u32, epoch: u32): void {
  const end = atomic.load<u32>(H_NEXT_ROW);
  for (; from < to; from += 32) {
    store<u32>(bits, visible32(from, end, epoch));
    bits += 4;
  }
}
/** Which of 32 rows are visible, of those below `end`. */
function visible32(row: u32, end: u32, epoch: u32): u32 {
  if (row >= end) return 0;
  const word = visibleWord(row, i32x4.splat(epoch));
  return end - row < 32 ? word & ((1 << (end - row)) - 1) : word;
}
