import { MurmurationError } from "../errors.js";
import { plantedBits } from "../planted.js";
import { instantiate, reserveMemory, type SharedMemory } from "../shared-memory.js";
import { H_COLUMNS_PLANTED } from "./column-layout.js";
import {
  H_CAPACITY,
  H_PLANTED,
  H_SEED,
  H_SLOT_CAPACITIES,
  H_SPACES,
  ROWS_MAX,
  SCRATCH,
  SCRATCH_BYTES,
  SLOTS_MAX,
  SPACES_MAX,
  THREADS_MAX,
} from "./layout.js";

/** A table's memory; opaque outside of this folder, can be posted to another thread. */
export type TableMemory = SharedMemory;

/** What a table is made for. */
export interface TableOptions {
  /** Rows that it can number, from 2 to ROWS_MAX: one more than versions of points that can stand in it. */
  readonly capacity: number;
  /** By vector space: one more than the highest slot that a row can name. */
  readonly slots: readonly number[];
  /** What ids are hashed with (two words): where others choose the ids, a random one keeps them from colliding on purpose. */
  readonly seed?: readonly [number, number];
}

/** Fewer rows than this are not worth a table. */
const ROWS_LEAST = 1_024;
/** Where so many rows do not fit, this share of them is tried. */
const NEXT_CAPACITY = 7 / 8;

/** The functions of assembly/table/index.ts. Addresses, rows and epochs come back signed: apply `>>> 0`. */
interface TableExports {
  create(capacity: number, spaces: number, epoch: number): number;
  attach(thread: number): void;
  enter(): number;
  stayAt(epoch: number): void;
  now(): number;
  oldestEpoch(): number;
  visibleFrom(row: number, epoch: number): number;
  begin(expected: number): number;
  put(): number;
  remove(): number;
  publish(entries: number): number;
  takeBack(): void;
  reclaim(limit: number): number;
  wipe(): number;
  visibleRow(epoch: number): number;
  visibleAtSlot(space: number, slot: number, epoch: number): number;
  visibleAtSlots(space: number, count: number, epoch: number): void;
  visibleOfSlots(space: number, count: number, epoch: number): void;
  visibleAmong(count: number, epoch: number): void;
  scroll(limit: number, budget: number, epoch: number): number;
  countVisible(epoch: number): number;
  visibleBits(bits: number, from: number, to: number, epoch: number): void;
  imageRegions(): number;
  imageStart(which: number): number;
  imageEnd(which: number): number;
  restore(): void;
}

/** One thread's instance of the table module over a table's memory. */
export interface TableEngine extends TableExports {
  readonly memory: TableMemory;
  readonly thread: number;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  /** This thread's scratch, in words. */
  readonly scratch: number;
}

function bind(exports: Record<string, unknown>, memory: TableMemory, thread: number): TableEngine {
  return {
    ...(exports as unknown as TableExports),
    memory,
    thread,
    u8: new Uint8Array(memory.buffer),
    u32: new Uint32Array(memory.buffer),
    scratch: (SCRATCH + thread * SCRATCH_BYTES) >>> 2,
  };
}

function requireInteger(value: number, min: number, max: number, field: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new MurmurationError("validation", `${field} must be an integer from ${min} to ${max}, it is ${value}`, field);
}

/** Throws `validation`, with the field, for options that are out of their bounds. */
export function checkTableOptions({ capacity, slots }: TableOptions): void {
  requireInteger(capacity, 2, ROWS_MAX, "capacity");
  requireInteger(slots.length, 0, SPACES_MAX, "slots.length");
  for (const [space, count] of slots.entries()) requireInteger(count, 0, SLOTS_MAX, `slots[${space}]`);
}

/** A fresh memory, all of it 0 but for what rows are sized and hashed by. */
function emptyMemory({ slots, seed }: Omit<TableOptions, "capacity">): TableEngine {
  const memory = reserveMemory("table");
  const engine = bind(instantiate("table", memory), memory, 0);
  engine.u32.set(slots, H_SLOT_CAPACITIES >>> 2);
  engine.u32.set(seed ?? [0, 0], H_SEED >>> 2);
  plantInTable(engine);
  return engine;
}

/** Tell the modules which of their bugs are planted: when a memory is made, and when an image was read into it. */
export function plantInTable({ u32 }: TableEngine): void {
  u32[H_PLANTED >>> 2] = plantedBits("table");
  u32[H_COLUMNS_PLANTED >>> 2] = plantedBits("columns");
}

/**
 * A fresh memory with an empty table in it, and the writer's instance. `firstEpoch` is for tests of epochs that wrap. Throws `capacity`
 * when the rows and slots leave too little of the memory to columns and postings.
 */
export function createTable(options: TableOptions, firstEpoch = 1): TableEngine {
  checkTableOptions(options);
  const engine = emptyMemory(options);
  if (engine.create(options.capacity, options.slots.length, firstEpoch) === 0) {
    throw doesNotFit(options.capacity, options.slots.length);
  }
  return engine;
}

/** The same with as many rows as the slots and the least that columns are left allow. What is not used of a memory costs nothing. */
export function createLargestTable(options: Omit<TableOptions, "capacity">): TableEngine {
  checkTableOptions({ ...options, capacity: ROWS_MAX });
  const engine = emptyMemory(options);
  for (let capacity = ROWS_MAX; capacity >= ROWS_LEAST; capacity = Math.floor(capacity * NEXT_CAPACITY)) {
    if (engine.create(capacity, options.slots.length, 1) !== 0) return engine;
  }
  throw doesNotFit(ROWS_LEAST, options.slots.length);
}

function doesNotFit(rows: number, spaces: number): MurmurationError {
  const what = `${rows} rows with slots in ${spaces} vector spaces`;
  return new MurmurationError("capacity", `${what} do not fit the 4 GiB of a table's memory`, "capacity");
}

/** Attach another thread (1 to THREADS_MAX − 1) to a table that a writer created. Throws `validation` for another thread. */
export function attachTable(memory: TableMemory, thread: number): TableEngine {
  requireInteger(thread, 1, THREADS_MAX - 1, "thread");
  const engine = bind(instantiate("table", memory), memory, thread);
  engine.attach(thread);
  return engine;
}

/** The options that a table was made with. */
export function tableOptions({ u32 }: TableEngine): TableOptions {
  const spaces = u32[H_SPACES >>> 2] as number;
  const first = H_SLOT_CAPACITIES >>> 2;
  return { capacity: u32[H_CAPACITY >>> 2] as number, slots: Array.from(u32.subarray(first, first + spaces)) };
}
