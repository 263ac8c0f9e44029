import type { PointId } from "../point/point-id.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { type EpochPin, Epochs, epochOf } from "./epochs.js";
import { readId, writeId } from "./id-words.js";
import {
  COUNT_ALL_ENTRIES,
  COUNTS,
  H_COUNTS,
  H_EPOCH,
  H_NEXT_ROW,
  NO_SLOT,
  PAGE_ROWS_MAX,
  S_ID,
  S_IS_UUID,
  S_MORE,
  S_ROWS,
} from "./layout.js";
import { Rows } from "./rows.js";
import { attachTable, type TableEngine, type TableMemory } from "./table-engine.js";

/** What another thread needs to read a segment. Can be posted to it. */
export interface SegmentHandle {
  readonly memory: TableMemory;
}

/** Rows in the order of their ids, and where to go on; no `next`: there are no more. */
export interface ScrollPage {
  readonly rows: Uint32Array;
  readonly next: PointId | undefined;
}

/** Rows of one page at most. */
export const scrollRowsMax = PAGE_ROWS_MAX;
/** Slots or rows that one call takes at most. */
export const rowsPerCallMax = PAGE_ROWS_MAX;
/** Ids that one page looks at; those that are not visible count too. */
const SCROLL_BUDGET = 4 * PAGE_ROWS_MAX;
/** Epochs whose number of points is at hand: some less than there are places, since the writer writes the next one before it publishes it. */
const COUNTS_AT_HAND = COUNTS - 8;

/**
 * One thread's view of a segment: rows at an epoch that it has pinned, beside the writer and without locks. Every method that takes an
 * epoch needs it pinned; rows that it gives are good until that is released.
 */
export class SegmentReader {
  readonly rows: Rows;
  /** This thread's instance, for what else is read in the table's memory. */
  readonly engine: TableEngine;
  readonly #epochs: Epochs;

  constructor(engine: TableEngine) {
    this.engine = engine;
    this.#epochs = new Epochs(engine);
    this.rows = new Rows(engine);
  }

  /** One more than the highest row that was ever used. */
  get rowCount(): number {
    return Atomics.load(this.engine.u32, H_NEXT_ROW >>> 2);
  }

  /** Read at the epoch of now from here on. */
  pin(): EpochPin {
    return this.#epochs.pin();
  }

  /** The row of a point. */
  rowOf(id: PointId, epoch: number): number | undefined {
    writeId(this.engine.u32, this.engine.scratch, id);
    return this.engine.visibleRow(epoch) || undefined;
  }

  /** The row whose vector stands at a slot of a space. */
  rowAtSlot(space: number, slot: number, epoch: number): number | undefined {
    return this.engine.visibleAtSlot(space, slot, epoch) || undefined;
  }

  /** The rows whose vectors stand at these slots (at most `rowsPerCallMax`), in their order; 0: none. A view, good until the next call. */
  rowsAtSlots(space: number, slots: Uint32Array, epoch: number): Uint32Array {
    const given = this.#give(slots);
    this.engine.visibleAtSlots(space, given.length, epoch);
    return given;
  }

  /**
   * Puts in the place of each of the first `count` slots (at most `rowsPerCallMax`) the one at which the visible version of the point stands
   * whose version stands there, mostly itself; NO_SLOT where there is none, or `among` does not have its row.
   */
  findVisibleSlots(space: number, slots: Uint32Array, count: number, epoch: number, among?: ReadonlyRowSet): void {
    const { u32, scratch } = this.engine;
    const at = scratch + (S_ROWS >>> 2);
    for (let i = 0; i < count; i++) u32[at + i] = slots[i] as number;
    this.engine.visibleOfSlots(space, count, epoch);
    for (let i = 0; i < count; i++) {
      const row = u32[at + i] as number;
      const isFound = row !== 0 && among?.has(row) !== false;
      slots[i] = isFound ? (this.rows.slotAt(row, space) ?? NO_SLOT) : NO_SLOT;
    }
  }

  /** Of these rows (at most `rowsPerCallMax`), the visible ones in their place; 0 for the others. A view, good until the next call. */
  visibleAmong(rows: Uint32Array, epoch: number): Uint32Array {
    const given = this.#give(rows);
    this.engine.visibleAmong(given.length, epoch);
    return given;
  }

  /**
   * Points in the order of their ids, from one on (inclusive; `undefined`: the first): at most `limit` rows, and less when many ids in
   * between are not visible; `next` says where to go on then.
   */
  scroll(from: PointId | undefined, limit: number, epoch: number): ScrollPage {
    const { u32, scratch } = this.engine;
    writeId(u32, scratch, from ?? 0);
    const count = this.engine.scroll(Math.min(limit, scrollRowsMax), SCROLL_BUDGET, epoch);
    const at = scratch + (S_ROWS >>> 2);
    const rows = u32.slice(at, at + count);
    if (u32[scratch + (S_MORE >>> 2)] === 0) return { rows, next: undefined };
    return { rows, next: readId(u32, scratch + (S_ID >>> 2), u32[scratch + (S_IS_UUID >>> 2)] === 1) };
  }

  /** Put words where a call takes them, and gives its answer. */
  #give(words: Uint32Array): Uint32Array {
    const { u32, scratch } = this.engine;
    const count = Math.min(words.length, rowsPerCallMax);
    const at = scratch + (S_ROWS >>> 2);
    u32.set(count === words.length ? words : words.subarray(0, count), at);
    return u32.subarray(at, at + count);
  }

  /** Points at an epoch. */
  count(epoch: number): number {
    const count = this.#countWord(epoch);
    const age = (epochOf(this.engine) - epoch) | 0;
    return age < COUNTS_AT_HAND ? count & ~COUNT_ALL_ENTRIES : this.engine.countVisible(epoch) >>> 0;
  }

  /** Do walks start from all entries of a graph? To be asked right after an epoch was pinned. */
  allEntries(epoch: number): boolean {
    return (this.#countWord(epoch) & COUNT_ALL_ENTRIES) !== 0;
  }

  #countWord(epoch: number): number {
    return this.engine.u32[(H_COUNTS >>> 2) + (epoch & (COUNTS - 1))] as number;
  }

  /** The same by looking at every row. */
  countByLooking(epoch: number): number {
    return this.engine.countVisible(epoch) >>> 0;
  }
}

/** Read a segment in another thread than the writer's; `thread` from 1 to THREADS_MAX − 1, one per thread. */
export function attachSegmentReader(handle: SegmentHandle, thread: number): SegmentReader {
  return new SegmentReader(attachTable(handle.memory, thread));
}

/** Points at the newest epoch of a segment that another thread writes, without attaching to it. */
export function pointsIn({ memory }: SegmentHandle): number {
  const u32 = new Uint32Array(memory.buffer);
  const epoch = Atomics.load(u32, H_EPOCH >>> 2);
  return (u32[(H_COUNTS >>> 2) + (epoch & (COUNTS - 1))] as number) & ~COUNT_ALL_ENTRIES;
}
