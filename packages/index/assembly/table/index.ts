// The face of a table: rows, ids, epochs; columns and postings. Compiled to build/table.wasm, an instance per thread over one memory.
import { ARENA_BYTES_MIN, H_AT_ARENA, H_CAPACITY, H_EPOCH, H_LAYOUT, H_NEXT_ROW, H_SPACES, LAYOUT_VERSION } from "../../src/segment/layout";
import { createArena } from "./arena";
import { areasStart, deriveArea } from "./areas";
import { createColumns } from "./column";
import { stayAt } from "./epochs";
import { clearHash } from "./hash";
import { clearOrder, leaveOrder } from "./order";
import { derive, hiddenAt, layOut } from "./regions";
import { createSummaries } from "./visible";

export * from "../../src/segment/column-layout";
export * from "../../src/segment/layout";
export { arenaBytes, reclaimExtents, retireExtent, returnExtent, takeExtent } from "./arena";
export { slotBitsAt } from "./areas";
export { severalAt } from "./chunks";
export {
  addColumn, columnAfter, createColumn, enterRow, forgetValues, hideColumn, isColumnAt, isColumnLeft, leaveRows, removeColumn,
  settleColumns, showColumn, takeValues, unhideColumn, unshowColumn,
} from "./column";
export { countCells, leastKeys } from "./ordered";
export { scanBox } from "./places";
export { entriesOf, listPosting, scanBits, scanKeywords, scanNumbers, scanSet, scanVisible } from "./scan";
export { clearSlots, keepSlots, markSlots } from "./translate";
export { findValue, internValue } from "./values";
export { enter, now, oldestEpoch, stayAt, visibleFrom } from "./epochs";
export { newestOf } from "./hash";
export { begin, publish, put, reclaim, remove, takeBack, wipe } from "./rows";
export { imageEnd, imageRegions, imageStart, restore } from "./saved";
export { countVisible, scroll, visibleAmong, visibleAtSlot, visibleAtSlots, visibleOfSlots, visibleBits, visibleRow } from "./reads";

/**
 * Lay out an empty table in a fresh memory; H_SLOT_CAPACITIES has the slots of each space. `epoch`: the first one. False when it does not
 * fit.
 */
export function create(capacity: u32, spaces: u32, epoch: u32): bool {
  store<u32>(H_LAYOUT, LAYOUT_VERSION);
  store<u32>(H_CAPACITY, capacity);
  store<u32>(H_SPACES, spaces);
  if (!layOut()) return false;
  store<u32>(H_NEXT_ROW, 1);
  store<u32>(H_EPOCH, epoch);
  derive(0);
  deriveArea();
  const end = createSummaries(areasStart());
  if (end < <usize>load<u32>(H_AT_ARENA) + ARENA_BYTES_MIN) return false;
  createArena(end);
  createColumns();
  store<u32>(hiddenAt(0), epoch);
  clearHash();
  clearOrder();
  return true;
}
/** Every other thread calls this once. An earlier holder of its place is at no epoch any more. */
export function attach(thread: u32): void {
  derive(thread);
  deriveArea();
  leaveOrder();
  stayAt(0);
}
