import { assert, MurmurationError } from "../errors.js";
import type { PointId } from "../point/point-id.js";
import { H_ARENA_IN_USE } from "./column-layout.js";
import { epochOf, hasReached } from "./epochs.js";
import { writeId } from "./id-words.js";
import {
  H_AT_ORDER,
  H_CAPACITY,
  H_FREE_COUNT,
  H_IN_GROUP,
  H_NEXT_ROW,
  H_ORDER_NEXT,
  H_QUEUE_FREED,
  H_QUEUE_PUT,
  ROW_BYTES,
  SLOT_BYTES,
} from "./layout.js";
import { type SegmentHandle, SegmentReader } from "./reader.js";
import type { RowChange, RowPut, RowRemoval } from "./row-change.js";
import { writeRow } from "./rows.js";
import { createLargestTable, createTable, type TableEngine, type TableOptions, tableOptions } from "./table-engine.js";

/** Walks start from where they did (assembly/table/rows.ts). */
const ENTRIES_AS_BEFORE = 2;

/** How the rows of a segment are used. */
export interface SegmentUse {
  /** Rows that can be numbered, row 0 left out. */
  readonly capacity: number;
  /** Rows that were ever used. */
  readonly rows: number;
  /** Versions of points that readers can see or that wait until none does. */
  readonly used: number;
  /** Of those: hidden ones that readers of older epochs may still see. */
  readonly waiting: number;
  /** Bytes that ids in order were ever given. */
  readonly orderBytes: number;
  /** Bytes that rows in use, ids in order, columns and postings take. */
  readonly bytes: number;
}

/**
 * The writer's face of a segment: changes of points are prepared as a group at the epoch after now, and published with one store, or taken
 * back. Between `prepare` and either of them the group is made durable.
 */
export class Segment {
  /** What the writer's thread itself reads. */
  readonly reader: SegmentReader;
  readonly options: TableOptions;
  readonly #spaces: number;
  /** The writer's instance, for what stands in the same memory. */
  readonly engine: TableEngine;

  /** `engine`: the writer's. Use `createSegment`, or `decodeSegmentImage`. */
  constructor(engine: TableEngine) {
    this.engine = engine;
    this.options = tableOptions(engine);
    this.#spaces = this.options.slots.length;
    this.reader = new SegmentReader(engine);
  }

  get epoch(): number {
    return epochOf(this.engine);
  }

  get use(): SegmentUse {
    const word = (place: number) => this.engine.u32[place >>> 2] as number;
    const used = word(H_NEXT_ROW) - 1 - word(H_FREE_COUNT);
    const orderBytes = word(H_ORDER_NEXT) - word(H_AT_ORDER);
    const rowBytes = ROW_BYTES + SLOT_BYTES * this.#spaces;
    return {
      capacity: word(H_CAPACITY) - 1,
      rows: word(H_NEXT_ROW) - 1,
      used,
      waiting: (word(H_QUEUE_PUT) - word(H_QUEUE_FREED)) >>> 0,
      orderBytes,
      bytes: used * rowBytes + orderBytes + word(H_ARENA_IN_USE),
    };
  }

  /** What another thread reads this segment by. */
  handle(): SegmentHandle {
    return { memory: this.engine.memory };
  }

  /**
   * Prepare a group: nothing of it is visible. Gives the row that each change makes, or hides; 0 where a point that is removed is not
   * there. When one of the changes cannot be made, nothing is prepared: throws `validation` for a value out of its bounds, `capacity` when
   * the table is full or a thread stays at too old an epoch.
   */
  prepare(changes: readonly RowChange[]): Uint32Array {
    assert(!this.isInGroup, "one group at a time");
    for (const change of changes) if (change.kind === "put") this.#check(change);
    if (this.engine.begin(changes.length) === 0) {
      throw new MurmurationError("capacity", "a reader stays at an epoch that is too old for another group");
    }
    const rows = new Uint32Array(changes.length);
    for (let i = 0; i < changes.length; i++) {
      const change = changes[i] as RowChange;
      const row = change.kind === "put" ? this.#put(change) : this.#remove(change);
      if (row === 0 && change.kind === "put") {
        this.takeBack();
        const { capacity, used, waiting } = this.use;
        const why = `no room for another row: ${used} of ${capacity} are in use, ${waiting} of them for readers of older epochs`;
        throw new MurmurationError("capacity", why);
      }
      rows[i] = row;
    }
    return rows;
  }

  /**
   * All that was prepared is visible from here on. `allEntries`: from this epoch on, walks start from all entries of a graph, because
   * regions that were inserted concurrently are not linked to each other yet; left out: as before. Returns the epoch.
   */
  publish({ allEntries }: { readonly allEntries?: boolean } = {}): number {
    assert(this.isInGroup, "a group is prepared before it is published");
    return this.engine.publish(allEntries === undefined ? ENTRIES_AS_BEFORE : Number(allEntries)) >>> 0;
  }

  /** Nothing of what was prepared has ever been. An epoch passes without a change. */
  takeBack(): void {
    assert(this.isInGroup, "a group is prepared before it is taken back");
    this.engine.takeBack();
  }

  /** Is every thread at this epoch or a later one? */
  isPassed(epoch: number): boolean {
    return hasReached(this.engine.oldestEpoch(), epoch);
  }

  /** Give rows back that nobody can see or has in hand, at most so many; between groups. A group does that by itself. */
  reclaim(limit: number): number {
    assert(!this.isInGroup, "rows are given back between groups");
    return this.engine.reclaim(limit);
  }

  /**
   * Leave nothing of rows that nobody can see, in columns and in ids too; between groups. False: some readers may still see, or have in hand; called
   * again when another epoch was published, it gets on.
   */
  wipe(): boolean {
    assert(!this.isInGroup, "rows are given back between groups");
    return this.engine.wipe() !== 0;
  }

  /** Is a group prepared that is neither published nor taken back? */
  get isInGroup(): boolean {
    return this.engine.u32[H_IN_GROUP >>> 2] === 1;
  }

  #put(put: RowPut): number {
    this.#useId(put.id);
    writeRow(this.engine, this.#spaces, put);
    return this.engine.put();
  }

  #remove({ id }: RowRemoval): number {
    this.#useId(id);
    return this.engine.remove();
  }

  #useId(id: PointId): void {
    writeId(this.engine.u32, this.engine.scratch, id);
  }

  #check({ payloadKey, stamp, version, slots }: RowPut): void {
    requireInteger(payloadKey, Number.MAX_SAFE_INTEGER, "payloadKey");
    requireInteger(stamp.wallMs, 2 ** 48 - 1, "stamp.wallMs");
    requireInteger(stamp.counter, 65_535, "stamp.counter");
    requireInteger(stamp.origin, 2 ** 24 - 1, "stamp.origin");
    requireInteger(version, 2 ** 40 - 1, "version");
    const spaces = this.options.slots;
    if (slots.length > spaces.length) throw outOfBounds("slots.length", slots.length, spaces.length);
    for (let space = 0; space < slots.length; space++) {
      const slot = slots[space];
      if (slot === undefined) continue;
      const max = (spaces[space] as number) - 1;
      if (!Number.isInteger(slot) || slot < 0 || slot > max) throw outOfBounds(`slots[${space}]`, slot, max);
    }
  }
}

function requireInteger(value: number, max: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > max) throw outOfBounds(field, value, max);
}

function outOfBounds(field: string, value: number, max: number): MurmurationError {
  const message = `${field} of a row must be an integer from 0 to ${max}, it is ${value}`;
  return new MurmurationError("validation", message, field);
}

/** An empty segment. `firstEpoch` is for tests of epochs that wrap. Throws as `createTable` does. */
export function createSegment(options: TableOptions, firstEpoch?: number): Segment {
  return new Segment(createTable(options, firstEpoch));
}

/** An empty segment with as many rows as fit its memory. Throws as `createTable` does. */
export function createLargestSegment(options: Omit<TableOptions, "capacity">): Segment {
  return new Segment(createLargestTable(options));
}
