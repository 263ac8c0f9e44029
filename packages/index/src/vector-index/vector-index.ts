import { assert, MurmurationError } from "../errors.js";
import { isPlanted } from "../planted.js";
import { BLOCK_ALIGNMENT, roomForEdges } from "./check-edges.js";
import type { EdgeList } from "./edge-delta.js";
import { createEngine, type Engine, header, imageRegionsOf, NO_SLOT, plantInGraph } from "./engine.js";
import { checkDimensions, checkPast, putDelta, putDots, putOrigins, putPast, readDots } from "./engine-input.js";
import { digestOf, type NodeDigest, nodeDigestsOf } from "./graph-digest.js";
import type { GraphHandle } from "./graph-handle.js";
import { EF_MAX, LEVEL_MAX, UNDO_MAX } from "./graph-limits.js";
import { GraphReader, type NodeDot } from "./graph-reader.js";
import type { GraphRows } from "./graph-rows.js";
import type { CausalPast, EdgeDelta, GraphCounters, GraphDelta } from "./graph-types.js";
import { fullMemory, requireInserted } from "./insert-answers.js";
import { InsertPlanner } from "./insert-planner.js";
import { checkVectorIndexOptions, type VectorIndexOptions } from "./options.js";
import { tellPublished, tellTakenBack } from "./published-pins.js";
import type { RowStore } from "./row-file.js";

/** End of the memory that upper lists may fill (assembly/slots.ts). */
const ADDRESS_END = 0xffff0000;
/** Bytes that applyInsert wants free for lists that outgrow their place (assembly/apply.ts). */
const LISTS_ROOM = 8 << 20;

/** Dots that fit the results. */
const DOTS_MAX = EF_MAX;
const nothingKnown: CausalPast = new Map();
/** Nodes that a stitch can be seeded from. */
const SEEDS_MAX = 4096;

/**
 * An HNSW graph in one WASM memory (Malkov and Yashunin, 2018), with insertion split in two: `plan` reads the graph and
 * returns the change as a delta, `apply` makes the change without searching. The one writer of its memory.
 */
export class VectorIndex {
  readonly options: VectorIndexOptions;
  readonly reader: GraphReader;
  readonly inserts: InsertPlanner;
  /** Most vectors that fit the memory. */
  readonly capacity: number;
  readonly #engine: Engine;

  /**
   * An empty index. `store`: where its f32 rows are kept, if it walks on codes; default: in its memory. Throws `validation` for options out of
   * range, `capacity` when no memory is left.
   */
  constructor(options: VectorIndexOptions, store?: RowStore) {
    checkVectorIndexOptions(options);
    const engine = createEngine(options, store);
    this.options = options;
    this.capacity = engine.capacity;
    this.#engine = engine;
    this.reader = new GraphReader(engine, options);
    this.inserts = new InsertPlanner(engine, options);
  }

  /** For a reader in another thread. */
  handle(): GraphHandle {
    const { rows } = this;
    return { memory: this.#engine.memory, options: this.options, ...(rows && { rows: rows.store.name }) };
  }

  /** Where its f32 rows are in a file. */
  get rows(): GraphRows | undefined {
    return this.#engine.rows;
  }

  /** Throws `capacity` when fewer than `count` more vectors are sure to fit, whatever their levels. */
  requireRoomFor(count: number): void {
    const { u32 } = this.#engine;
    const { links } = this.options;
    const upperLeft = ADDRESS_END - (u32[header.upperNext >> 2] as number) - LISTS_ROOM;
    const upperNeeded = count * LEVEL_MAX * (links + 1) * 4;
    // slots of purged nodes are used again, once no reader can see them
    const free = () => this.capacity - this.reader.slotCount + (u32[header.freeCount >> 2] as number);
    if (free() < count) this.#engine.reclaim();
    if (free() >= count && upperNeeded <= upperLeft) return;
    throw fullMemory(this.capacity);
  }

  /** As `InsertPlanner.plan`. */
  plan(dot: NodeDot, vector: Float32Array): GraphDelta {
    return this.inserts.plan(dot, vector);
  }

  /**
   * Insert a vector by the delta that a planner made, here or on another replica, knowing `past`: of links that it takes away, tags
   * that are not in its past stay. Dots that are not in this graph are passed over. Returns the slot. Throws `capacity` when the memory
   * is full, `corrupt` for a delta that is malformed or does not fit the graph, or a dot that is present; then nothing has changed.
   */
  apply(dot: NodeDot, vector: Float32Array, delta: GraphDelta, past: CausalPast = nothingKnown): number {
    this.#putVector(vector);
    this.#putDelta(delta);
    if (this.#has(header.tagsCount)) putPast(this.#engine, past);
    else this.#engine.u32[this.#engine.at.undo >> 2] = 0;
    const slot = this.#change(() => this.#engine.applyInsert(dot.origin, dot.sequence, delta.length) >>> 0);
    requireInserted(slot, dot, this.capacity);
    this.rows?.put(slot, vector);
    return slot;
  }

  /** Throws what `apply` would throw, and changes nothing. */
  checkInsert(dot: NodeDot, vector: Float32Array, delta: GraphDelta, past: CausalPast = nothingKnown): void {
    checkDimensions(this.options, vector);
    checkPast(past);
    this.#putDelta(delta);
    requireInserted(this.#engine.checkInsert(dot.origin, dot.sequence, delta.length) >>> 0, dot, this.capacity);
  }

  /** Stored tags that the last `apply` took away, for `revert`; `undefined`: none. */
  takeUndo(): Uint8Array | undefined {
    const { u32, u8, at } = this.#engine;
    const count = u32[at.undo >> 2] as number;
    const entries = Math.min(count, UNDO_MAX); // a higher count: too many
    return count === 0 ? undefined : new Uint8Array(u8.subarray(at.undo, at.undo + 16 + entries * 16));
  }

  /** Take back the newest insert, made by `apply` with this delta, where its operation could not be logged. */
  revert(slot: number, delta: GraphDelta, undo?: Uint8Array): void {
    this.#putDelta(delta);
    const { u8, u32, at } = this.#engine;
    if (undo === undefined) u32[at.undo >> 2] = 0;
    else u8.set(undo, at.undo);
    const isReverted = this.#change(() => this.#engine.revertInsert(slot, delta.length)) !== 0;
    assert(isReverted, "a delta is reverted only where it was applied");
    this.reader.hide(slot);
  }

  /** Dead nodes route but get no new links, and are no answers once hidden. */
  markDead(slot: number, dead: boolean): void {
    assert(dead || !this.isCondemned(slot), "a condemned node never lives again");
    if (this.reader.nodeAt(slot).dead !== dead) this.#change(() => this.#engine.markDead(slot, dead ? 1 : 0));
  }

  /**
   * Link a node on layer 0 to `foreign` ones, inserted concurrently. `walk`: they are a sample that a search per origin starts from, each
   * origin's by sequence from its first concurrent node on; else the candidates themselves (at most 64). `undefined`: there is nothing to
   * link, or the node is gone or dead.
   */
  planStitch(node: NodeDot, foreign: readonly NodeDot[], walk: boolean): EdgeDelta | undefined {
    const slot = this.slotOf(node);
    if (slot === undefined || this.reader.nodeAt(slot).dead) return undefined;
    const { u32, at } = this.#engine;
    let seeds = 0;
    for (const dot of foreign) {
      const seed = this.slotOf(dot);
      if (seed === undefined || seed === slot || this.reader.nodeAt(seed).dead) continue;
      if (seeds < SEEDS_MAX) u32[(at.results >> 2) + seeds++] = seed;
    }
    return this.#taken(this.#engine.planStitch(slot, seeds, walk ? 1 : 0));
  }

  /** Replace a node's links to condemned nodes by ones to live nodes around those. `undefined`: it has none, or is gone. */
  planRepair(node: NodeDot): EdgeDelta | undefined {
    const slot = this.slotOf(node);
    return slot === undefined ? undefined : this.#taken(this.#engine.planRepair(slot));
  }

  /**
   * Links to a node from the nearest two live nodes that a search finds and whose lists have room. `forced`: only where none has room;
   * then one list gives up a link that nothing is reached by, as of `unreachable`, which was called right before.
   */
  planRescue(node: NodeDot, forced = false): EdgeDelta | undefined {
    const slot = this.slotOf(node);
    return slot === undefined ? undefined : this.#taken(this.#engine.planRescue(slot, forced ? 1 : 0));
  }

  /**
   * Change lists by the operation `tag`, whose planner knew `past`. Throws `corrupt` for a delta that is malformed, `capacity` when the
   * memory is full; then nothing has changed.
   */
  applyEdges(tag: NodeDot, delta: EdgeDelta, past: CausalPast): void {
    this.#putDelta(delta);
    putPast(this.#engine, past);
    const done = this.#change(() => this.#engine.applyEdges(tag.origin, tag.sequence, delta.length));
    if (done === 0) throw new MurmurationError("corrupt", "the edge delta is malformed or does not fit the graph");
    if (done === 2) throw fullMemory(this.capacity);
  }

  /** Throws what `applyEdges` would throw for one of these deltas, applied one after the other, and changes nothing. */
  checkEdges(deltas: readonly EdgeDelta[], past: CausalPast): void {
    checkPast(past);
    const { blocks, tags } = roomForEdges(this.#engine, this.options, deltas, (list) => this.#sizeOf(list));
    this.#requireRoomFor(blocks, tags);
  }

  /** Throws `capacity` when lists that a purge makes anew may not fit the memory. Changes nothing. */
  checkPurge(): void {
    const { overflowBytes, overflowLists } = this.counters();
    if (overflowLists > 0) this.#requireRoomFor(overflowBytes + overflowLists * BLOCK_ALIGNMENT, 0);
  }

  #requireRoomFor(blocks: number, tags: number): void {
    if (blocks >= ADDRESS_END || this.#engine.hasRoomFor(blocks, tags) === 0) throw fullMemory(this.capacity);
  }

  /** Members of a list, 0 for a node that is not here. */
  #sizeOf({ dot, level }: EdgeList): number {
    const slot = this.slotOf(dot);
    return slot === undefined ? 0 : this.reader.memberCountAt(slot, level);
  }

  /** A dead node's death is causally stable: nothing can make it live again or link to it. Local knowledge, in no digest. */
  condemn(slot: number): void {
    const node = this.reader.nodeAt(slot);
    assert(node.linked && node.dead, "only the dead are condemned");
    this.#engine.condemn(slot);
  }

  isCondemned(slot: number): boolean {
    return this.reader.isCondemned(slot);
  }

  /** Uncondemned nodes of these origins that lead to condemned ones, from a slot on; `nextSlot` is `slotCount` when all were seen. */
  nodesToRepair(origins: ReadonlySet<number>, fromSlot: number, limit: number): { nodes: NodeDot[]; nextSlot: number } {
    const count = this.#engine.nodesToRepair(fromSlot, limit, putOrigins(this.#engine, origins));
    return { nodes: readDots(this.#engine, count), nextSlot: this.#engine.scanEnd() >>> 0 };
  }

  /** Condemned nodes of these origins to which no uncondemned node leads. */
  purgeable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    return readDots(this.#engine, this.#engine.purgeable(limit, putOrigins(this.#engine, origins)));
  }

  /** Which of these are condemned, and led to by no uncondemned node. */
  purgeableOf(dots: readonly NodeDot[]): NodeDot[] {
    assert(dots.length <= DOTS_MAX, "there is room for them");
    putDots(this.#engine, dots);
    return readDots(this.#engine, this.#engine.purgeableOf(dots.length));
  }

  /**
   * Drop nodes from the graph and every list, and give their slots back once no reader can see them. `liveInEdges`: links of live nodes
   * that had to be cut, 0 unless a rule was broken.
   */
  purge(dots: readonly NodeDot[]): { purged: number; liveInEdges: number } {
    let [purged, liveInEdges] = [0, 0];
    for (let from = 0; from < dots.length; from += DOTS_MAX) {
      const some = dots.slice(from, from + DOTS_MAX);
      putDots(this.#engine, some);
      for (const dot of some) {
        const slot = this.slotOf(dot);
        if (slot !== undefined) this.reader.hide(slot);
      }
      purged += this.#change(() => this.#engine.purge(some.length));
      liveInEdges += this.#engine.cutLiveEdges();
    }
    return { purged, liveInEdges };
  }

  /** Live nodes of these origins that no walk on layer 0 from the entry point reaches. */
  unreachable(origins: ReadonlySet<number>, limit: number): NodeDot[] {
    return readDots(this.#engine, this.#engine.unreachable(limit, putOrigins(this.#engine, origins)));
  }

  /** Stored tags of operations that every member holds are forgotten: whoever removes such a link knows them. Returns how many. */
  settleTags(stable: CausalPast): number {
    if (!this.#has(header.tagsCount)) return 0;
    putPast(this.#engine, stable);
    return this.#engine.settleTags();
  }

  counters(): GraphCounters {
    const { u32 } = this.#engine;
    const read = (field: number) => u32[field >> 2] as number;
    return {
      storedTags: read(header.tagsCount),
      overflowLists: read(header.overflowLists),
      overflowBytes: read(header.overflowBytes),
      missedAdds: read(header.missedAdds),
    };
  }

  /** The epoch of now: a reader that has followed up to here pins it. */
  epoch(): number {
    return this.#engine.epoch() >>> 0;
  }

  /**
   * Leave nothing of vectors that were purged, in memory and in the file of rows. False: readers may still be at some of them, and it is to be
   * called again. Throws `storage`.
   */
  wipe(): boolean {
    if (isPlanted("purged-vectors-stay")) return true;
    if (this.#engine.wipe() !== 0) return false;
    this.rows?.wipe(this.reader.slotCount, (slot) => this.reader.nodeAt(slot).linked);
    return true;
  }

  /** As `tellPublished`: in between groups of changes, right after publishing. */
  published(): void {
    tellPublished(this.#engine);
  }

  /** As `tellTakenBack`. */
  takenBack(): void {
    tellTakenBack(this.#engine);
  }

  slotOf(dot: NodeDot): number | undefined {
    const slot = this.#engine.slotOfDot((BigInt(dot.origin) << 40n) | BigInt(dot.sequence)) >>> 0;
    return slot === NO_SLOT ? undefined : slot;
  }

  /** Highest level of the node that is inserted under this dot: a hash of the dot alone, the same on every replica. */
  levelOf(dot: NodeDot): number {
    return this.#engine.levelOfDot((BigInt(dot.origin) << 40n) | BigInt(dot.sequence));
  }

  /** Digest of the graph as a set (nodes, dead marks, links, all by dots), 32 hex digits. Equal graphs have equal digests. */
  digest(): string {
    return digestOf(this.#engine, true);
  }

  /** The same over the effective lists: what searches walk. */
  effectiveDigest(): string {
    return digestOf(this.#engine, false);
  }

  /** Every node with the 64-bit hash of what it is and links to, by dots, in no stated order. */
  nodeDigests(): IterableIterator<NodeDigest> {
    return nodeDigestsOf(this.#engine, this.reader);
  }

  /** The regions of the memory that an image holds, as views on it, in a fixed order. Sizes follow from the two counters. */
  imageRegions(slotCount: number, upperEnd: number): Uint8Array[] {
    return imageRegionsOf(this.#engine, slotCount, upperEnd);
  }

  /** What sizes the regions, and where the last begins. */
  imageCounters(): { readonly slotCount: number; readonly upperStart: number; readonly upperEnd: number } {
    const { u32, at } = this.#engine;
    const upperEnd = u32[header.upperNext >> 2] as number;
    return { slotCount: this.reader.slotCount, upperStart: at.upperLists, upperEnd };
  }

  /**
   * After an image's regions were read: moves their addresses, if by anything, and rebuilds what images leave out. False: an address leads
   * elsewhere.
   */
  restore(movedBy?: number): boolean {
    if (movedBy !== undefined && this.#engine.relocate(movedBy) === 0) return false;
    this.#engine.restore();
    plantInGraph(this.#engine);
    return true;
  }

  /** Make a change of what walks read, which are told of it. */
  #change<Answer>(make: () => Answer): Answer {
    const { u32 } = this.#engine;
    Atomics.add(u32, header.changes >> 2, 1);
    try {
      return make();
    } finally {
      Atomics.add(u32, header.changes >> 2, 1);
    }
  }

  #has(counter: number): boolean {
    return this.#engine.u32[counter >> 2] !== 0;
  }

  /** A packed edge delta that was just planned. */
  #taken(bytes: number): EdgeDelta | undefined {
    const { u8, at } = this.#engine;
    return bytes === 0 ? undefined : new Uint8Array(u8.subarray(at.delta, at.delta + bytes));
  }

  #putVector(vector: Float32Array): void {
    checkDimensions(this.options, vector);
    this.#engine.f32.set(vector, this.#engine.at.query >> 2);
  }

  #putDelta(delta: GraphDelta): void {
    putDelta(this.#engine, this.options, delta);
  }
}
