// What an image of the table holds, and what has to be made anew when it was read. Where a region ends follows from the header and the regions
// before it.
import {
  H_ARENA_NEXT, H_AT_ARENA, H_AT_DOTS, H_AT_EPOCHS, H_AT_IDS, H_AT_KEYS, H_AT_OLDER, H_AT_ORDER, H_AT_RETIRED, H_AT_TIMES, H_HASH,
  H_HASH_LEFT, H_HASH_NEXT, H_IN_GROUP, H_NEXT_ROW, H_ORDER_NEXT, H_QUEUE_FREED, H_QUEUE_PUT, HEADER_END, HEADER_START, NO_SLOT,
} from "../../src/segment/layout";
import { sizeOf, tableOf } from "./hash";
import { newestAt, newestBase, queueAt, queueSize, slotAt, spaces } from "./regions";
import { sumUpAll } from "./visible";

/** Regions before those of the spaces: for each its slots of rows, then its newest rows of slots. */
const FIXED: u32 = 13;

export function imageRegions(): u32 { return FIXED + 2 * spaces; }
export function imageStart(which: u32): usize {
  switch (which) {
    case 0: return HEADER_START;
    case 1: return load<u32>(H_AT_IDS);
    case 2: return load<u32>(H_AT_EPOCHS);
    case 3: return load<u32>(H_AT_KEYS);
    case 4: return load<u32>(H_AT_OLDER);
    case 5: return load<u32>(H_AT_TIMES);
    case 6: return load<u32>(H_AT_DOTS);
    case 7: return load<u32>(H_AT_RETIRED);
    case 8: return tableOf(load<u32>(H_HASH));
    case 9: return load<u32>(H_AT_ORDER);
    case 10: return queueAt(load<u32>(H_QUEUE_FREED));
    case 11: return queueAt(0);
    case 12: return load<u32>(H_AT_ARENA);
    default: {
      const space = (which - FIXED) >> 1;
      return (which - FIXED) & 1 ? newestBase(space) : slotAt(space, 0);
    }
  }
}
export function imageEnd(which: u32): usize {
  const rows = <usize>load<u32>(H_NEXT_ROW), start = imageStart(which);
  switch (which) {
    case 0: return HEADER_END;
    case 1: return start + (rows << 4);
    case 2: case 3: case 5: case 6: return start + (rows << 3);
    case 4: case 7: return start + (rows << 2);
    case 8: return start + (<usize>sizeOf(load<u32>(H_HASH)) << 2);
    case 9: return load<u32>(H_ORDER_NEXT);
    case 10: return start + (<usize>waitingBeforeWrap() << 2);
    case 11: return start + (<usize>(waiting() - waitingBeforeWrap()) << 2);
    case 12: return load<u32>(H_ARENA_NEXT);
    default: {
      const space = (which - FIXED) >> 1;
      return (which - FIXED) & 1 ? newestAt(start, slotEnd(space)) : start + (rows << 2);
    }
  }
}
/** Rows in the queue, and how many of them stand before it goes on at its beginning. */
function waiting(): u32 { return load<u32>(H_QUEUE_PUT) - load<u32>(H_QUEUE_FREED); }
function waitingBeforeWrap(): u32 { return min(waiting(), queueSize - (load<u32>(H_QUEUE_FREED) & (queueSize - 1))); }
/** One more than the highest slot that a row has. */
function slotEnd(space: u32): u32 {
  let end: u32 = 0;
  for (let row: u32 = 1, rows = load<u32>(H_NEXT_ROW); row < rows; row++) {
    const slot = load<u32>(slotAt(space, row));
    if (slot != NO_SLOT) end = max(end, slot + 1);
  }
  return end;
}
/** After an image was read into a fresh memory, whose threads are at no epoch. */
export function restore(): void {
  store<u32>(H_IN_GROUP, 0);
  // the table that was being filled is begun again
  store<u32>(H_HASH_NEXT, 0);
  store<u32>(H_HASH_LEFT, 0);
  sumUpAll();
}
