// Epochs: what a reader sees, and when a row may be used again (epoch-based reclamation: Fraser, 2004).
import { H_EPOCH, READER_LINES, READER_LINE_BYTES, THREADS_MAX } from "../../src/segment/layout";
import { capacity, hiddenAt, line, olderAt, shownAt } from "./regions";
import { isPlanted, NO_OLDER } from "./planted";


/** Is epoch `a` not before `b`? As serial numbers (RFC 1982): they may wrap. */
// @ts-ignore: decorator
@inline export function reached(a: u32, b: u32): bool { return <i32>(a - b) >= 0; }
/** The epoch after this one; 0 is none. */
// @ts-ignore: decorator
@inline export function after(epoch: u32): u32 { return max<u32>(epoch + 1, 1); }
/** The epoch of now. */
// @ts-ignore: decorator
@inline export function now(): u32 { return atomic.load<u32>(H_EPOCH); }

/**
 * This thread is at the epoch of now, until it leaves or enters again; returns it. The line is stored before the epoch is looked at
 * again, both sequentially consistent: a writer that has published since then sees the line, or the thread sees that epoch.
 */
export function enter(): u32 {
  let epoch: u32 = 0;
  for (let again = now(); again != epoch; again = now()) {
    epoch = again;
    atomic.store<u32>(line, epoch);
  }
  return epoch;
}
/** This thread stays at an epoch that it is at already, or at an older one that it still holds; 0: it is idle. */
export function stayAt(epoch: u32): void { atomic.store<u32>(line, epoch); }

/** Writer: the oldest epoch that a thread is at, or will be at. */
export function oldestEpoch(): u32 {
  // read first: whoever enters later is at this epoch or a later one
  const current = now();
  let age: u32 = 0;
  for (let t: u32 = 0; t < THREADS_MAX; t++) {
    const at = atomic.load<u32>(READER_LINES + <usize>t * READER_LINE_BYTES);
    if (at) age = <u32>max<i32>(<i32>age, <i32>(current - at));
  }
  return current - age;
}

/** shown ≤ epoch? A row that was settled (0) has been shown for longer than anybody can tell. */
// @ts-ignore: decorator
@inline export function isShown(row: u32, epoch: u32): bool {
  const shown = atomic.load<u32>(shownAt(row));
  return !shown || reached(epoch, shown);
}
/** hidden ≤ epoch? 0: it never was. */
// @ts-ignore: decorator
@inline export function isHidden(row: u32, epoch: u32): bool {
  const hidden = atomic.load<u32>(hiddenAt(row));
  return hidden && reached(epoch, hidden);
}
/** Of a row and those before it, the one that is visible at an epoch that this thread is at; 0: none is. */
export function visibleFrom(row: u32, epoch: u32): u32 {
  // no chain is longer than the table
  for (let left = capacity; row && !isShown(row, epoch); left--) {
    row = left && !isPlanted(NO_OLDER) ? load<u32>(olderAt(row)) : 0;
  }
  return row && !isHidden(row, epoch) ? row : 0;
}
