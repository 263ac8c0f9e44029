import type { RowSet } from "../row-set.js";
import { finish, type Sliced } from "../sliced.js";
import { capacityOf, type Engine, header, meta, NO_SLOT } from "./engine.js";
import { EpochPin } from "./epoch-pin.js";
import { ExactSearch } from "./exact-search.js";
import type { VectorIndexOptions } from "./options.js";
import type { NodeDot, SearchOptions, SearchResult, Visibility } from "./search-types.js";
import { VisibleSearch } from "./visible-search.js";
import { decideWalk, leastMatches, widerWalk } from "./walk-plan.js";
import type { WalkRecorder } from "./walk-recorder.js";

export { compareNodeDots, float32Max, type NodeDot, type SearchOptions, type SearchResult } from "./search-types.js";
export { defaultEfSearch } from "./walk-plan.js";

const nothingFound = (): SearchResult => ({ slots: new Uint32Array(0), distances: new Float32Array(0) });

const BLOCK_QUERIES = 4;
const BLOCK_LIMIT = 4096;

/**
 * One thread's view of a graph: searches run beside the writer without locks. Which slots are visible is this reader's own
 * knowledge, so that its answers change only when its owner shows or hides a slot.
 */
export class GraphReader {
  readonly options: VectorIndexOptions;
  readonly #engine: Engine;
  readonly #exact: ExactSearch;
  readonly #visibleSearch: VisibleSearch;
  readonly #pin: EpochPin;
  #visible = 0;

  constructor(engine: Engine, options: VectorIndexOptions) {
    this.#engine = engine;
    this.options = options;
    this.#exact = new ExactSearch(engine, options);
    this.#visibleSearch = new VisibleSearch(engine, this.#exact);
    this.#pin = new EpochPin((epoch) => engine.pin(epoch));
  }

  /** Slots that this reader may return. */
  get visibleCount(): number {
    return this.#visible;
  }

  /** Most vectors that a graph like this one of so many links would have room for. */
  capacityWith(links: number): number {
    return capacityOf(this.#engine, { ...this.options, links });
  }

  /** Nodes in the graph, dead ones included. */
  get linkedCount(): number {
    return Atomics.load(this.#engine.u32, header.linkedCount >> 2);
  }

  /** Nodes that are dead but still route. */
  get deadCount(): number {
    return Atomics.load(this.#engine.u32, header.deadCount >> 2);
  }

  /** One more than the highest slot in use. */
  get slotCount(): number {
    return Atomics.load(this.#engine.u32, header.nextSlot >> 2);
  }

  /** Bytes of memory in use by slots and upper lists (pages never touched are not counted). */
  get bytesInUse(): number {
    const { u32, at, vectorOf, codeOf, listOf, metaOf } = this.#engine;
    const perSlot = [...(this.#engine.rows === undefined ? [vectorOf] : []), codeOf, metaOf].reduce(
      (sum, of) => sum + ((of(1) >>> 0) - (of(0) >>> 0)),
      8,
    );
    const lists = (listOf(1, 0) >>> 0) - (listOf(0, 0) >>> 0);
    const upper = (u32[header.upperNext >> 2] as number) - at.upperLists;
    return this.slotCount * (perSlot + lists) + upper;
  }

  show(slot: number): void {
    const { u32, at } = this.#engine;
    const word = (at.visibleBits >>> 2) + (slot >>> 5);
    const bit = 1 << (slot & 31);
    if (((u32[word] as number) & bit) !== 0) return;
    u32[word] = (u32[word] as number) | bit;
    this.#visible++;
  }

  hide(slot: number): void {
    const { u32, at } = this.#engine;
    const word = (at.visibleBits >>> 2) + (slot >>> 5);
    const bit = 1 << (slot & 31);
    if (((u32[word] as number) & bit) === 0) return;
    u32[word] = (u32[word] as number) & ~bit;
    this.#visible--;
  }

  isVisible(slot: number): boolean {
    const { u32, at } = this.#engine;
    return (((u32[(at.visibleBits >>> 2) + (slot >>> 5)] as number) >>> (slot & 31)) & 1) === 1;
  }

  /**
   * The nearest allowed slots of `query` (f32[dimensions]; cosine: normalised).
   *
   * The pool of the walk also holds slots that are not allowed, since they route, so it is widened by the inverse of the
   * allowed share. Where the walk met too few of them (a filter whose points lie away from the query), a second one is as much wider; where a walk
   * would cost more than comparing with every allowed vector, the answer is exact. All of it follows from replicated state alone, so that
   * replicas at one frontier answer alike.
   */
  search(query: Float32Array, options: SearchOptions): SearchResult {
    return finish(this.searchInSlices(query, options));
  }

  /**
   * The same in slices. The answer is as of its first slice; it is right as long as whoever asked has `hold` of the graph. Neither the query
   * nor the allowed slots may be changed meanwhile.
   */
  *searchInSlices(query: Float32Array, options: SearchOptions): Sliced<SearchResult> {
    const { allowed } = options;
    const matches = allowed === undefined ? this.#visible : allowed.size;
    const limit = Math.min(options.limit, matches);
    const decision = decideWalk(this.options, options, limit, matches, this.linkedCount, allowed !== undefined);
    const { watch } = options;
    watch?.decided(decision);
    if (limit === 0 || watch?.isDry === true) return nothingFound();
    this.#exact.putQuery(query);
    if (allowed !== undefined) this.#exact.putFilter(allowed);
    let plan = decision.walk;
    for (let isFirst = true; plan !== undefined; isFirst = false) {
      const { widened, depth } = plan;
      const found = this.#engine.search(
        limit,
        widened,
        depth,
        allowed === undefined ? 0 : 1,
        options.allEntries === true ? 1 : 0,
      );
      const met = this.#engine.allowedInPool();
      const least = allowed === undefined ? limit : leastMatches(plan, limit, matches);
      watch?.walked(met, least);
      if (met >= least) {
        const results = this.#exact.results(found, options.rescore === false);
        if (!this.#exact.isSaturated(results)) return results;
      }
      plan = isFirst && allowed !== undefined && met < least ? widerWalk(plan, met, least, matches) : undefined;
    }
    if (decision.walk !== undefined) watch?.comparesAll();
    return yield* this.#exact.search(query, limit, allowed, matches);
  }

  /**
   * The same where only `visibility` knows which slots may be answers: it is asked about the candidates of the walk, nearest first, until
   * there are enough. `recorder` is told of the walks.
   */
  searchVisible(
    query: Float32Array,
    options: Omit<SearchOptions, "allowed">,
    visibility: Visibility,
    recorder?: WalkRecorder,
  ): Sliced<SearchResult> {
    return this.#visibleSearch.search(query, options, visibility, this.linkedCount, this.deadCount, recorder);
  }

  /** Of a recorder's walks for the query that was searched with last: see `ExactSearch.walkDistance`. */
  walkDistance(distance: number): number {
    return this.#exact.walkDistance(distance);
  }

  /** Exact search of several queries at once (f32[count × dimensions]): each row is read once for four queries. */
  searchExactly(queries: Float32Array, limit: number, allowed?: RowSet): SearchResult[] {
    const { dimensions } = this.options;
    const count = queries.length / dimensions;
    const matches = allowed === undefined ? this.#visible : allowed.size;
    const most = Math.min(limit, matches);
    if (allowed !== undefined) this.#exact.putFilter(allowed);
    const results: SearchResult[] = [];
    const { u32, f32, at, scanBlock } = this.#engine;
    for (let from = 0; from < count; from += BLOCK_QUERIES) {
      const size = Math.min(BLOCK_QUERIES, count - from);
      if (most > BLOCK_LIMIT || most === 0) {
        for (let q = from; q < from + size; q++) {
          const query = queries.subarray(q * dimensions, (q + 1) * dimensions);
          results.push(this.search(query, { limit, exact: true, ...(allowed === undefined ? {} : { allowed }) }));
        }
        continue;
      }
      for (let q = 0; q < BLOCK_QUERIES; q++) {
        const source = (from + Math.min(q, size - 1)) * dimensions;
        this.#exact.putQuery(queries.subarray(source, source + dimensions), q);
      }
      const found = scanBlock(most, allowed === undefined ? 0 : 1);
      for (let q = 0; q < size; q++) {
        const base = (at.blockResults >>> 2) + q * BLOCK_LIMIT * 2;
        const slots = new Uint32Array(found);
        const distances = new Float32Array(found);
        for (let i = 0; i < found; i++) {
          distances[i] = f32[base + 2 * i] as number;
          slots[i] = u32[base + 2 * i + 1] as number;
        }
        results.push({ slots, distances });
      }
    }
    return results;
  }

  /** Exact distances of `query` to these slots. */
  distancesTo(query: Float32Array, slots: ArrayLike<number>): Float32Array {
    return this.#exact.distancesTo(query, slots);
  }

  /** A copy of the vector at a slot. Throws `corrupt` or `storage` where it is in a file and cannot be read. */
  vectorAt(slot: number): Float32Array {
    return this.#exact.rowAt(slot).slice();
  }

  dotAt(slot: number): NodeDot {
    return this.#exact.dotAt(slot);
  }

  /** What a slot holds; `linked` is false for a slot that is free or not yet in the graph. */
  nodeAt(slot: number): { readonly linked: boolean; readonly dead: boolean; readonly level: number } {
    const state = this.#engine.u32[((this.#engine.metaOf(slot) >>> 0) + meta.state) >>> 2] as number;
    return { linked: (state & meta.linked) !== 0, dead: (state & meta.dead) !== 0, level: state & 15 };
  }

  /** Is the slot's node known to be dead for good? */
  isCondemned(slot: number): boolean {
    const state = this.#engine.u32[((this.#engine.metaOf(slot) >>> 0) + meta.state) >>> 2] as number;
    return (state & meta.condemned) !== 0;
  }

  /** Slots that a node links to on one level, as walks see them. */
  neighboursAt(slot: number, level: number): Uint32Array {
    const { u32, listOf, headOf, membersBy, countBy } = this.#engine;
    const list = listOf(slot, level);
    const head = headOf(list);
    const first = ((membersBy(list, head) >>> 0) >>> 2) + 1;
    return new Uint32Array(u32.subarray(first, first + countBy(head)));
  }

  /** All members of a node's list, those beyond the effective ones included. Only on the writer's thread. */
  membersAt(slot: number, level: number): Uint32Array {
    const { u32, listOf, headOf, membersBy } = this.#engine;
    const list = listOf(slot, level);
    const first = ((membersBy(list, headOf(list)) >>> 0) >>> 2) + 1;
    return new Uint32Array(u32.subarray(first, first + this.memberCountAt(slot, level)));
  }

  /** Members of a node's list, those beyond the effective ones included. */
  memberCountAt(slot: number, level: number): number {
    return this.#engine.sizeOf(this.#engine.listOf(slot, level)) >>> 0;
  }

  /** Origins that have an entry point. */
  entryOrigins(): number[] {
    const { u32 } = this.#engine;
    const count = Atomics.load(u32, header.entriesCount >> 2);
    const origins: number[] = [];
    for (let i = 0; i < count; i++) {
      const at = (header.entries >> 2) + 2 * i;
      if (u32[at + 1] !== NO_SLOT) origins.push(u32[at] as number);
    }
    return origins.sort((a, b) => a - b);
  }

  /**
   * What this reader knows of slots is as of this epoch of the writer: slots retired since are not reused before it has followed. 0: it
   * knows nothing of slots.
   */
  pin(epoch: number): void {
    this.#pin.set(epoch);
  }

  /** Keep every slot that is visible now from being reused, until the returned function is called. */
  hold(): () => void {
    return this.#pin.hold();
  }

  /**
   * Counts what changes what walks read, up before and after each change. A walk after which it is what it was when the rows were published
   * that the walk is for has seen the graph as of exactly those rows: replicas at the same frontier answer it alike.
   */
  get changes(): number {
    return Atomics.load(this.#engine.u32, header.changes >> 2);
  }

  /**
   * Counts nodes that were condemned or purged. While it is what it was when a reader began, no walk has lost a node because of that which was
   * visible then.
   */
  get departures(): number {
    return Atomics.load(this.#engine.u32, header.departures >> 2);
  }

  /** The writer's: pin the epoch of now for a reader in another thread that is yet to come, and will follow from here on. */
  pinFor(thread: number): void {
    Atomics.store(this.#engine.u32, (header.readers + thread * 64 + 8) >> 2, this.#engine.epoch() >>> 0);
  }

  /** Pin the epoch of now; while the writer does nothing. */
  pinNow(): void {
    this.pin(this.#engine.epoch() >>> 0);
  }

  /** The slot that every search starts from. */
  entrySlot(): number | undefined {
    const entry = Atomics.load(this.#engine.u32, header.entry >> 2);
    return entry === NO_SLOT ? undefined : entry & 0x0fffffff;
  }
}
