import { MurmurationError } from "../errors.js";
import { plantedBits } from "../planted.js";
import { instantiate, reserveMemory, type SharedMemory } from "../shared-memory.js";
import * as graphHeader from "./graph-header.js";
import { GraphRows, type RowSource } from "./graph-rows.js";
import { type Metric, type VectorIndexOptions, walksOnCodes } from "./options.js";
import type { RowStore } from "./row-file.js";

/** A graph's memory; opaque outside the engine, can be posted to another thread. */
export type GraphMemory = SharedMemory;

/** The functions of assembly/index.ts that this side calls. Addresses come back signed: apply `>>> 0`. */
interface EngineExports {
  /** Most vectors that a memory of such options has room for; none is made. */
  capacityOf(dimensions: number, links: number, metric: number, quantized: number): number;
  create(dimensions: number, links: number, efConstruction: number, metric: number, quantized: number): number;
  attach(thread: number, hasPinned: number): void;
  restore(): void;
  addressOf(what: number): number;
  applyInsert(origin: number, sequence: number, bytes: number): number;
  checkInsert(origin: number, sequence: number, bytes: number): number;
  revertInsert(slot: number, bytes: number): number;
  markDead(slot: number, dead: number): void;
  condemn(slot: number): void;
  nodesToRepair(from: number, limit: number, owners: number): number;
  scanEnd(): number;
  purgeable(limit: number, owners: number): number;
  purgeableOf(dots: number): number;
  purge(count: number): number;
  cutLiveEdges(): number;
  unreachable(limit: number, owners: number): number;
  applyEdges(origin: number, sequence: number, bytes: number): number;
  checkEdges(bytes: number): number;
  roomForLists(): number;
  tagsAdded(): number;
  hasRoomFor(blocks: number, tags: number): number;
  settleTags(): number;
  epoch(): number;
  pin(epoch: number): void;
  /** First word of the list at an address, which says where its members are: read once, also where the writer is at work. */
  headOf(list: number): number;
  /** Address of the word behind which the effective members of a list with this head stand, and their number. */
  membersBy(list: number, head: number): number;
  countBy(head: number): number;
  /** Members of the list at an address, those beyond the effective ones included. */
  sizeOf(list: number): number;
  digestNode(slot: number): void;
  reclaim(): number;
  wipe(): number;
  relocate(by: number): number;
  slotOfDot(dot: bigint): number;
  levelOfDot(dot: bigint): number;
  listOf(slot: number, level: number): number;
  metaOf(slot: number): number;
  vectorOf(slot: number): number;
  codeOf(slot: number): number;
  digest(all: number): void;
  allowedInPool(): number;
  boundDistances(most: number): void;
  /** f32 rows are in a file from now on: where records are staged; 0: they stay in memory. */
  keepRowsInFile(): number;
}
/**
 * What a walk that is recorded tells of a step (walk-steps.ts): which, on which level, the slot and the number that it is about, and a distance as the
 * walk compares. Called while the walk waits: what it works on may be read.
 */
export type WalkListener = (step: number, level: number, slot: number, count: number, distance: number) => void;
type Search = (k: number, ef: number, depth: number, filtered: number, everywhere: number) => number;
type Scan = (k: number, filtered: number) => number;

/** One thread's instance of the engine over a graph memory, with the functions of its metric picked. */
export interface Engine extends EngineExports {
  readonly memory: GraphMemory;
  /** Where f32 rows are in a file; else they are in the memory. */
  readonly rows: GraphRows | undefined;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;
  plan(origin: number, sequence: number): number;
  find(origin: number, sequence: number): number;
  decide(origin: number, sequence: number, since: number): number;
  planStitch(slot: number, seeds: number, walk: number): number;
  planRepair(slot: number): number;
  planRescue(slot: number, forced: number): number;
  search: Search;
  /** The candidates of a walk, to the pool; and the nearest of the first n there, to the results. */
  walk(ef: number, everywhere: number): number;
  /** The same walk, which tells of its steps. */
  record(ef: number, everywhere: number, listener: WalkListener): number;
  rank(k: number, n: number, depth: number): number;
  scan: Scan;
  scanBlock: Scan;
  distances(count: number): void;
  /** Where this thread's areas begin, in bytes. */
  readonly at: Readonly<Record<(typeof addresses)[number], number>>;
}

/** Areas in the order of addressOf(). */
const addresses = [
  "query",
  "results",
  "delta",
  "visibleBits",
  "filterBits",
  "blockResults",
  "upperLists",
  "slots",
  "distances",
  "queryRow",
  "past",
  "undo",
  "origins",
  "pool",
] as const;

/** Words of the header that this side reads too (graph-header.ts). */
export const header = {
  start: graphHeader.H_START,
  /** Everything before the readers' epoch lines is part of an image. */
  end: graphHeader.H_IMAGE_END,
  /** Lines of the threads, 64 bytes each: the epoch that a thread is inside, and at 8 the one that it pins. */
  readers: graphHeader.H_READERS,
  entry: graphHeader.H_ENTRY,
  nextSlot: graphHeader.H_NEXT_SLOT,
  upperNext: graphHeader.H_UPPER_NEXT,
  linkedCount: graphHeader.H_LINKED_COUNT,
  deadCount: graphHeader.H_DEAD_COUNT,
  tagsCount: graphHeader.H_TAGS_COUNT,
  overflowLists: graphHeader.H_OVERFLOW_LISTS,
  overflowBytes: graphHeader.H_OVERFLOW_BYTES,
  missedAdds: graphHeader.H_MISSED_ADDS,
  planted: graphHeader.H_PLANTED,
  freeCount: graphHeader.H_FREE_COUNT,
  epoch: graphHeader.H_EPOCH,
  published: graphHeader.H_PUBLISHED,
  publishedChanges: graphHeader.H_PUBLISHED_CHANGES,
  changes: graphHeader.H_CHANGES,
  departures: graphHeader.H_DEPARTURES,
  entriesCount: graphHeader.H_ENTRIES_COUNT,
  entries: graphHeader.H_ENTRIES,
} as const;

/** Where a thread's line is, in words: the epoch that it is inside; two words on, the one that it pins. */
export function lineOf(thread: number): number {
  return (header.readers + thread * 64) >> 2;
}

/** Offsets within a slot's meta (assembly/layout.ts, class Meta) and bits of its state. */
export const meta = {
  bytes: 24,
  dot: 0,
  upper: 8,
  state: 12,
  linked: 0x80000000,
  dead: 0x40000000,
  condemned: 0x20000000,
} as const;
export const NO_SLOT = 0xffffffff;

const metricCodes: Record<Metric, number> = { cosine: 0, dot: 0, euclid: 1, manhattan: 2 };
const metricNames: Record<Metric, string> = { cosine: "Dot", dot: "Dot", euclid: "Euclid", manhattan: "Manhattan" };

/** An instance for one thread, whose engine is begun by `begin`. */
function open(
  memory: GraphMemory,
  options: VectorIndexOptions,
  begin: (exports: EngineExports) => void,
  source?: RowSource,
): Engine {
  let rows: GraphRows | undefined;
  let listener: WalkListener | undefined;
  const exports = instantiate("engine", memory, {
    fetchRows: (slots = 0, count = 0) => rows?.fetch(slots, count),
    tellStep: (step = 0, level = 0, slot = 0, count = 0, distance = 0) =>
      listener?.(step, level, slot >>> 0, count, distance),
  });
  const engine = exports as unknown as EngineExports;
  begin(engine);
  if (source !== undefined && walksOnCodes(options)) {
    const stage = engine.keepRowsInFile() >>> 0;
    const rowBytes = (engine.vectorOf(1) >>> 0) - (engine.vectorOf(0) >>> 0);
    const views = { u8: new Uint8Array(memory.buffer), u32: new Uint32Array(memory.buffer) };
    const f32 = new Float32Array(memory.buffer);
    const { metaOf } = engine;
    if (stage !== 0) rows = new GraphRows({ ...views, f32, metaOf }, stage, rowBytes, source);
  }
  const listenTo = (next: WalkListener | undefined) => {
    listener = next;
  };
  return bind(exports, memory, options, rows, listenTo);
}

/** A call that compares rows, and throws where one of them could not be read. */
function checked<Call extends (...values: number[]) => unknown>(call: Call, rows: GraphRows | undefined): Call {
  if (rows === undefined) return call;
  const checking = (...values: number[]) => {
    const answer = call(...values);
    rows.check();
    return answer;
  };
  return checking as Call;
}

function bind(
  exports: Record<string, unknown>,
  memory: GraphMemory,
  options: VectorIndexOptions,
  rows: GraphRows | undefined,
  listenTo: (listener: WalkListener | undefined) => void,
): Engine {
  const engine = exports as unknown as EngineExports;
  const pick = <Call>(name: string) => exports[name] as Call;
  const metric = metricNames[options.metric];
  const walk = metric + (walksOnCodes(options) ? "Codes" : "Vectors");
  const record = pick<Engine["walk"]>(`record${walk}`);
  if (options.metric === "cosine") engine.boundDistances(1);
  const at = Object.fromEntries(addresses.map((name, i) => [name, engine.addressOf(i) >>> 0]));
  return {
    ...engine,
    memory,
    rows,
    u8: new Uint8Array(memory.buffer),
    u32: new Uint32Array(memory.buffer),
    f32: new Float32Array(memory.buffer),
    plan: pick<Engine["plan"]>(`plan${walk}`),
    find: pick<Engine["find"]>(`find${walk}`),
    decide: pick<Engine["decide"]>(`decide${walk}`),
    planStitch: pick<Engine["planStitch"]>(`planStitch${walk}`),
    planRepair: pick<Engine["planRepair"]>(`planRepair${walk}`),
    planRescue: pick<Engine["planRescue"]>(`planRescue${walk}`),
    search: checked(pick<Search>(`search${walk}`), rows),
    walk: pick<Engine["walk"]>(`walk${walk}`),
    record(ef, everywhere, listener) {
      listenTo(listener);
      try {
        return record(ef, everywhere);
      } finally {
        listenTo(undefined);
      }
    },
    rank: checked(pick<Engine["rank"]>(`rank${walk}`), rows),
    scan: checked(pick<Scan>(`scan${metric}`), rows),
    scanBlock: checked(pick<Scan>(`scanBlock${metric}`), rows),
    distances: checked(pick<Engine["distances"]>(`distances${metric}`), rows),
    at: at as Engine["at"],
  };
}

/**
 * A fresh memory with an empty graph in it, and the writer's engine; `store`: where it keeps its f32 rows, if it is walked on codes. Throws
 * `capacity` when not one vector would fit.
 */
export function createEngine(options: VectorIndexOptions, store?: RowStore): Engine & { readonly capacity: number } {
  const { dimensions, links, efConstruction, metric } = options;
  let capacity = 0;
  const engine = open(
    reserveMemory("graph"),
    options,
    (exports) => {
      const isQuantized = walksOnCodes(options) ? 1 : 0;
      capacity = exports.create(dimensions, links, efConstruction, metricCodes[metric], isQuantized) >>> 0;
    },
    store && { name: store.name, file: store.file, store },
  );
  if (capacity === 0) {
    throw new MurmurationError(
      "capacity",
      "not one vector of this size fits the 4 GiB of a shard's memory",
      "dimensions",
    );
  }
  plantInGraph(engine);
  return Object.assign(engine, { capacity });
}

/** Most vectors that a graph of these options would have room for. Makes none: `engine` may be of any other. */
export function capacityOf(engine: Engine, options: VectorIndexOptions): number {
  const { dimensions, links, metric } = options;
  return engine.capacityOf(dimensions, links, metricCodes[metric], walksOnCodes(options) ? 1 : 0) >>> 0;
}

/** Tell the module which of its bugs are planted: when a memory is made, and when an image was read into it. */
export function plantInGraph({ u32 }: Engine): void {
  u32[header.planted >> 2] = plantedBits("graph");
}

/**
 * Attach another thread (1 to threadsMax − 1) to a memory that a writer created. `hasPinned`: it has pinned an epoch there already. `rows`: the
 * file that f32 rows are in, if they are; without it, nothing may be asked that compares them.
 */
export function attachEngine(
  memory: GraphMemory,
  options: VectorIndexOptions,
  thread: number,
  hasPinned = false,
  rows?: RowSource,
): Engine {
  return open(memory, options, (exports) => exports.attach(thread, hasPinned ? 1 : 0), rows);
}

/** The regions of the memory that an image holds, as views on it, in a fixed order. */
export function imageRegionsOf(engine: Engine, slotCount: number, upperEnd: number): Uint8Array[] {
  const { u8, at, listOf, codeOf, vectorOf, metaOf, rows } = engine;
  const region = (from: number, to: number) => u8.subarray(from >>> 0, to >>> 0);
  return [
    region(header.start, header.end),
    region(listOf(0, 0), listOf(slotCount, 0)),
    region(codeOf(0), codeOf(slotCount)),
    // those in a file are not here
    region(vectorOf(0), rows === undefined ? vectorOf(slotCount) : vectorOf(0)),
    region(metaOf(0), metaOf(slotCount)),
    region(at.upperLists, upperEnd),
  ];
}
