// Rows: versions of points. A group of changes is prepared at the epoch after now, and published with one store, or taken back. Writer only,
// but for what is said to be for readers.
//
// The order that makes it safe beside readers at any epoch:
// 1. A row is written whole before anything leads to it; until its epoch is published, whoever meets it goes on to the one before it.
// 2. The row before it is hidden as of the same epoch, so that both change with one store.
// 3. A hidden row is unlinked (its id, its slots) when every thread is at an epoch at which it is hidden, and used again when every thread
//    has entered a later epoch than that of the unlinking: nobody who met it before still has it in hand.
// 4. `older` is followed only from rows that are not shown yet at the reader's epoch, thus never to a row that was used again.
import {
  COUNT_ALL_ENTRIES, COUNTS, EPOCH_AGE_MAX, H_COUNTS, H_EPOCH, H_FREE_COUNT, H_FREE_HEAD, H_IN_GROUP, H_JOURNAL_COUNT, H_LIVE, H_NEXT_ROW,
  H_QUEUE_FREED, H_QUEUE_PUT, H_QUEUE_UNLINKED, H_SWEEP, NO_SLOT, S_DOT, S_ID, S_IS_UUID, S_KEY, S_SLOTS, S_TIME, UUID_SHIFT,
} from "../../src/segment/layout";
import { hasRetiredExtents, reclaimExtents } from "./arena";
import { leaveColumns, narrowColumns } from "./column";
import { after, now, oldestEpoch, reached } from "./epochs";
import { addId, hasRoomForId, newestOf, removeId, setId } from "./hash";
import { abandonOrder, addOrdered, canRemoveOrdered, hasRetiredNodes, hasRoomInOrder, publishOrder, removeOrdered } from "./order";
import {
  capacity, dotAt, hiddenAt, idAt, journalAt, keyAt, newestAt, newestBase, olderAt, queueAt, retiredAt, scratch, shownAt, slotAt, spaces,
  timeAt,
} from "./regions";
import { sumUp, sumUpRow, touchRow } from "./visible";
import { HIDDEN_EARLY, HIDDEN_STAYS, isPlanted, NO_PINS, PUBLISH_EARLY } from "./planted";

// A word of the journal, or of the queue: a row and what was done.
const ADDED: u32 = 0x80000000;
const REPLACED: u32 = 0x40000000;
const HIDDEN: u32 = 0x20000000;
const ROW_BITS: u32 = 0x00ffffff;

/** Rows that are given back, and settled, with each group. */
const RECLAIMED_PER_GROUP: u32 = 1024;
const SETTLED_PER_GROUP: u32 = 64;

/** Walks start from where they did. */
const AS_BEFORE: u32 = 2;


// @ts-ignore: decorator
// @ts-ignore: decorator
@inline function add(at: usize, n: u32): void { store<u32>(at, load<u32>(at) + n); }
function journal(word: u32): void {
  const n = load<u32>(H_JOURNAL_COUNT);
  store<u32>(journalAt(n), word);
  store<u32>(H_JOURNAL_COUNT, n + 1);
}
/** Put a row into the queue, with REPLACED when its id leads to a later one. */
function enqueue(word: u32): void {
  const position = load<u32>(H_QUEUE_PUT);
  store<u32>(queueAt(position), word);
  store<u32>(H_QUEUE_PUT, position + 1);
}
/** Kind of a row's id: 1 when it is a UUID. */
// @ts-ignore: decorator
@inline export function isUuidOf(row: u32): u32 { return <u32>(load<u64>(keyAt(row)) >> UUID_SHIFT); }

/**
 * Begin a group that is expected to need so many rows; gives rows back that nobody can see. False when a thread stays at an epoch so old that
 * epochs could not be told apart.
 */
export function begin(expected: u32): bool {
  if (now() - oldestEpoch() >= EPOCH_AGE_MAX) return false;
  reclaim(max(RECLAIMED_PER_GROUP, expected));
  store<u32>(H_JOURNAL_COUNT, 0);
  store<u32>(H_IN_GROUP, 1);
  return true;
}
/** A new version of a point: id, payload key, time, dot and slots are in the scratch. Returns its row; 0 when the table is full. */
export function put(): u32 {
  assert(load<u32>(H_IN_GROUP));
  const low = load<u64>(scratch + S_ID), high = load<u64>(scratch + S_ID, 8), isUuid = load<u32>(scratch + S_IS_UUID);
  const before = newestOf(low, high, isUuid);
  if (!before && (!hasRoomForId() || !hasRoomInOrder())) return 0;
  const row = takeRow();
  if (!row) return 0;
  const epoch = after(now());
  touchRow(row);
  // shown first: who looks at all rows finds it hidden, then not shown yet
  atomic.store<u32>(shownAt(row), isPlanted(PUBLISH_EARLY) ? now() : epoch);
  atomic.store<u32>(hiddenAt(row), 0);
  store<u64>(idAt(row), low);
  store<u64>(idAt(row), high, 8);
  store<u64>(keyAt(row), load<u64>(scratch + S_KEY) | (<u64>isUuid << UUID_SHIFT));
  store<u64>(timeAt(row), load<u64>(scratch + S_TIME));
  store<u64>(dotAt(row), load<u64>(scratch + S_DOT));
  store<u32>(olderAt(row), before);
  for (let space: u32 = 0; space < spaces; space++) {
    store<u32>(slotAt(space, row), load<u32>(scratch + S_SLOTS + (<usize>space << 2)));
  }
  if (before && !load<u32>(hiddenAt(before))) {
    hide(before, epoch);
    journal(row | ADDED | REPLACED);
  } else {
    journal(row | ADDED);
    add(H_LIVE, 1);
  }
  // from here on readers meet it
  if (before) setId(low, high, isUuid, row);
  else {
    addId(low, high, isUuid, row);
    addOrdered(low, high, isUuid);
  }
  for (let space: u32 = 0; space < spaces; space++) {
    const slot = load<u32>(slotAt(space, row));
    if (slot != NO_SLOT) atomic.store<u32>(newestAt(newestBase(space), slot), row);
  }
  return row;
}
/** The point whose id is in the scratch is deleted. Returns the row that it hides; 0 when there is no such point. */
export function remove(): u32 {
  const row = newestOf(load<u64>(scratch + S_ID), load<u64>(scratch + S_ID, 8), load<u32>(scratch + S_IS_UUID));
  if (!row || load<u32>(hiddenAt(row))) return 0;
  hide(row, after(now()));
  journal(row | HIDDEN);
  add(H_LIVE, -1);
  return row;
}
// @ts-ignore: decorator
@inline function hide(row: u32, epoch: u32): void {
  assert(load<u32>(H_IN_GROUP) && row && row < load<u32>(H_NEXT_ROW));
  touchRow(row);
  atomic.store<u32>(hiddenAt(row), isPlanted(HIDDEN_EARLY) ? now() : epoch);
}
/**
 * All that was prepared is visible: one store. `entries`: from here on walks start from all entries of a graph (1), or not (0), or as they
 * did (2). Returns the epoch.
 */
export function publish(entries: u32): u32 {
  for (let i: u32 = 0, n = load<u32>(H_JOURNAL_COUNT); i < n; i++) {
    const word = load<u32>(journalAt(i)), row = word & ROW_BITS;
    if (word & HIDDEN) enqueue(row);
    else if (word & REPLACED) enqueue(load<u32>(olderAt(row)) | REPLACED);
  }
  settle();
  return endGroup(entries);
}
/** Nothing that was prepared has ever been: every row of the group is taken back. An epoch passes, so that they can be used again. */
export function takeBack(): void {
  for (let i = load<u32>(H_JOURNAL_COUNT); i-- > 0;) {
    const word = load<u32>(journalAt(i)), row = word & ROW_BITS;
    if (word & HIDDEN) {
      touchRow(row);
      if (!isPlanted(HIDDEN_STAYS)) atomic.store<u32>(hiddenAt(row), 0);
      add(H_LIVE, 1);
      continue;
    }
    takeRowBack(row, <bool>(word & REPLACED));
  }
  abandonOrder();
  endGroup(AS_BEFORE);
}
function takeRowBack(row: u32, replaced: bool): void {
  const low = load<u64>(idAt(row)), high = load<u64>(idAt(row), 8), isUuid = isUuidOf(row), before = load<u32>(olderAt(row));
  for (let space: u32 = 0; space < spaces; space++) {
    const slot = load<u32>(slotAt(space, row));
    if (slot == NO_SLOT) continue;
    const hasSlot = before && load<u32>(slotAt(space, before)) == slot;
    atomic.store<u32>(newestAt(newestBase(space), slot), hasSlot ? before : 0);
  }
  if (before) setId(low, high, isUuid, before);
  else removeId(low, high, isUuid);
  touchRow(row);
  if (replaced) touchRow(before);
  if (replaced) atomic.store<u32>(hiddenAt(before), 0);
  else add(H_LIVE, -1);
  // visible at no epoch
  atomic.store<u32>(hiddenAt(row), load<u32>(shownAt(row)));
  enqueue(row);
}
// @ts-ignore: decorator
@inline function countAt(epoch: u32): usize { return H_COUNTS + (<usize>(epoch & (COUNTS - 1)) << 2); }
function endGroup(entries: u32): u32 {
  const epoch = after(now()), before = load<u32>(countAt(now())) & COUNT_ALL_ENTRIES;
  const flag = entries == AS_BEFORE ? before : entries ? COUNT_ALL_ENTRIES : 0;
  store<u32>(countAt(epoch), load<u32>(H_LIVE) | flag);
  store<u32>(H_IN_GROUP, 0);
  publishOrder();
  atomic.store<u32>(H_EPOCH, epoch);
  for (let i: u32 = 0, n = load<u32>(H_JOURNAL_COUNT); i < n; i++) {
    const word = load<u32>(journalAt(i)), row = word & ROW_BITS;
    sumUpRow(row, epoch);
    if (word & REPLACED) sumUpRow(load<u32>(olderAt(row)), epoch);
  }
  sumUp(epoch);
  return epoch;
}
function takeRow(): u32 {
  const free = load<u32>(H_FREE_HEAD);
  if (free) {
    store<u32>(H_FREE_HEAD, load<u32>(olderAt(free)));
    add(H_FREE_COUNT, -1);
    return free;
  }
  const next = load<u32>(H_NEXT_ROW);
  if (next == capacity) return 0;
  // not visible from the moment on at which it counts
  store<u32>(shownAt(next), after(now()));
  atomic.store<u32>(H_NEXT_ROW, next + 1);
  return next;
}
/** Between groups: give at most so many rows back that nobody can see or has in hand. Returns how many. */
export function reclaim(limit: u32): u32 {
  const oldest = isPlanted(NO_PINS) ? now() : oldestEpoch(), current = now();
  let freed: u32 = 0, position = load<u32>(H_QUEUE_FREED);
  for (const end = load<u32>(H_QUEUE_UNLINKED); position != end && freed < limit; position++, freed++) {
    const row = load<u32>(queueAt(position)) & ROW_BITS;
    if (!reached(oldest, after(load<u32>(retiredAt(row))))) break;
    leaveColumns(row);
    store<u64>(idAt(row), 0);
    store<u64>(idAt(row), 0, 8);
    store<u32>(olderAt(row), load<u32>(H_FREE_HEAD));
    store<u32>(H_FREE_HEAD, row);
  }
  store<u32>(H_QUEUE_FREED, position);
  add(H_FREE_COUNT, freed);
  position = load<u32>(H_QUEUE_UNLINKED);
  for (let i: u32 = 0, end = load<u32>(H_QUEUE_PUT); position != end && i < limit; position++, i++) {
    const word = load<u32>(queueAt(position)), row = word & ROW_BITS;
    if (!reached(oldest, load<u32>(hiddenAt(row))) || !canRemoveOrdered()) break;
    unlink(row, <bool>(word & REPLACED));
    store<u32>(retiredAt(row), current);
  }
  store<u32>(H_QUEUE_UNLINKED, position);
  publishOrder();
  return freed;
}
/**
 * Between groups: leave nothing of rows that nobody can see any more, and of what they had in columns. Returns whether that is all: a row that is
 * hidden takes two epochs to go, and as long as a thread stays at one at which it was seen.
 */
export function wipe(): bool {
  for (let round = 0; round < 3; round++) reclaim(capacity);
  reclaimExtents();
  narrowColumns();
  return load<u32>(H_QUEUE_FREED) == load<u32>(H_QUEUE_PUT) && !hasRetiredExtents() && !hasRetiredNodes();
}
/** Nothing leads to the row any more, but `older` of a row that everybody sees before coming here. */
function unlink(row: u32, isReplaced: bool): void {
  if (!isReplaced) unlinkId(row);
  for (let space: u32 = 0; space < spaces; space++) {
    const slot = load<u32>(slotAt(space, row));
    if (slot == NO_SLOT) continue;
    const newest = newestAt(newestBase(space), slot);
    if (load<u32>(newest) == row) atomic.store<u32>(newest, 0);
  }
}
/** The id leads nowhere, if it led to this row: it has been written again since, perhaps. */
function unlinkId(row: u32): void {
  const low = load<u64>(idAt(row)), high = load<u64>(idAt(row), 8), isUuid = isUuidOf(row);
  if (newestOf(low, high, isUuid) == row) {
    removeId(low, high, isUuid);
    removeOrdered(low, high, isUuid);
  }
}
/**
 * Epochs wrap, and rows may stay for longer. So with every group some rows are settled: one that everybody sees gets 0 for the epoch from which
 * on it is visible; one that nobody sees, a free one too, is hidden as of an epoch that is not as long ago.
 */
function settle(): void {
  const oldest = oldestEpoch(), end = load<u32>(H_NEXT_ROW);
  let row = load<u32>(H_SWEEP);
  for (let i: u32 = 0; i < SETTLED_PER_GROUP; i++) {
    if (++row >= end) row = 0;
    const shown = load<u32>(shownAt(row)), hidden = load<u32>(hiddenAt(row));
    if (hidden && reached(oldest, hidden)) atomic.store<u32>(hiddenAt(row), oldest);
    if (shown && reached(oldest, shown)) atomic.store<u32>(shownAt(row), 0);
  }
  store<u32>(H_SWEEP, row);
}
