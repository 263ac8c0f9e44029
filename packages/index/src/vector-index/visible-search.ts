import type { Sliced } from "../sliced.js";
import { type Engine, NO_SLOT } from "./engine.js";
import type { ExactSearch } from "./exact-search.js";
import { type VectorIndexOptions, walksOnCodes } from "./options.js";
import type { SearchOptions, SearchResult, Visibility } from "./search-types.js";
import { decideWalk, leastMatches, widerWalk } from "./walk-plan.js";
import type { WalkRecorder } from "./walk-recorder.js";

/** Candidates of a walk whose visibility is asked for at once. */
const BATCH_MIN = 16;
const BATCH_MAX = 1024;
/** The slot in an entry of a pool: above it is a mark of the walk. */
const POOL_SLOT = 0x7fffffff;
/** An entry of the pool: distance, slot. */
const ENTRY_WORDS = 2;

/** The candidates that may be answers, at the beginning of the pool. */
interface Kept {
  readonly count: number;
  /** Some of them the walk has not met itself: they are behind the others. */
  readonly isMixed: boolean;
}

/** Searches of one thread where which slots may be answers is asked at the candidates of a walk. */
export class VisibleSearch {
  readonly #engine: Engine;
  readonly #exact: ExactSearch;
  readonly #options: VectorIndexOptions;
  /** Slots that are asked about, and what is kept of them. */
  readonly #asked = new Uint32Array(BATCH_MAX);
  readonly #answered = new Uint32Array(BATCH_MAX);

  constructor(engine: Engine, exact: ExactSearch) {
    this.#engine = engine;
    this.#exact = exact;
    this.#options = exact.options;
  }

  /**
   * Among `nodes` nodes, `dead` of them dead. How far the pool is widened follows from how many match; without a filter these are the nodes
   * that are not dead, which are the visible ones when the graph is as of the rows. `recorder` is told of the walks; they are the same with it.
   */
  *search(
    query: Float32Array,
    options: Omit<SearchOptions, "allowed">,
    visibility: Visibility,
    nodes: number,
    dead: number,
    recorder?: WalkRecorder,
  ): Sliced<SearchResult> {
    const { matches } = visibility;
    const limit = matches === undefined ? options.limit : Math.min(options.limit, matches);
    this.#exact.putQuery(query);
    const { watch } = options;
    const decision = decideWalk(this.#options, options, limit, matches ?? nodes - dead, nodes, matches !== undefined);
    watch?.decided(decision);
    if (watch?.isDry === true) return { slots: new Uint32Array(0), distances: new Float32Array(0) };
    let plan = decision.walk;
    for (let isFirst = true; plan !== undefined; isFirst = false) {
      const { depth, widened } = plan;
      const least = matches === undefined ? limit : leastMatches(plan, limit, matches);
      const ef = Math.max(widened, limit);
      const everywhere = options.allEntries === true ? 1 : 0;
      const candidates =
        recorder === undefined ? this.#engine.walk(ef, everywhere) : recorder.walk(this.#engine, ef, everywhere, plan);
      // distances of codes are those of the walk alone
      const takesMoved = depth > 0 || !walksOnCodes(this.#options);
      const kept = this.#keepVisible(candidates, Math.max(least, depth), visibility, takesMoved);
      watch?.walked(kept.count, least);
      if (kept.count >= least) {
        if (depth > 0) watch?.ranksAgain();
        const found = this.#engine.rank(limit, kept.count, kept.isMixed ? kept.count : depth);
        const results = this.#exact.results(found, options.rescore === false);
        if (!this.#exact.isSaturated(results)) return results;
      }
      const isMissing = isFirst && matches !== undefined && kept.count < least;
      plan = isMissing ? widerWalk(plan, kept.count, least, matches) : undefined;
    }
    if (decision.walk !== undefined) watch?.comparesAll();
    if (recorder !== undefined) recorder.comparesAll = true;
    const allowed = yield* visibility.all();
    return yield* this.#exact.search(query, Math.min(options.limit, allowed.size), allowed, allowed.size);
  }

  /** Move the first `wanted` visible ones of the pool, and what may tie with them, to its beginning, in order. */
  #keepVisible(candidates: number, wanted: number, visibility: Visibility, takesMoved: boolean): Kept {
    const { u32, f32, at } = this.#engine;
    const pool = at.pool >>> 2;
    // distances of cosine are cut before they are ordered, unless they are those of codes: from there on, the order is that of dots
    const { metric } = this.#options;
    const most = metric === "cosine" && !walksOnCodes(this.#options) ? 1 : Number.POSITIVE_INFINITY;
    const isCut = (place: number) => Math.abs(f32[place] as number) >= most;
    const asked = this.#asked;
    const answered = this.#answered;
    let moved: Set<number> | undefined;
    let count = 0;
    for (let from = 0; from < candidates && (count < wanted || isCut(pool + ENTRY_WORDS * from)); ) {
      const size = Math.min(candidates - from, Math.max(wanted - count, BATCH_MIN), BATCH_MAX);
      for (let i = 0; i < size; i++) {
        asked[i] = answered[i] = (u32[pool + ENTRY_WORDS * (from + i) + 1] as number) & POOL_SLOT;
      }
      visibility.keep(answered, size);
      for (let i = 0; i < size; i++) {
        const place = pool + ENTRY_WORDS * (from + i);
        if (count >= wanted && !isCut(place)) break;
        if (answered[i] === asked[i]) {
          const to = pool + ENTRY_WORDS * count++;
          u32[to] = u32[place] as number;
          u32[to + 1] = u32[place + 1] as number;
        } else if (answered[i] !== NO_SLOT) {
          moved ??= new Set();
          moved.add(answered[i] as number);
        }
      }
      from += size;
    }
    if (moved === undefined || !takesMoved) return { count, isMixed: false };
    for (let i = 0; i < count; i++) moved.delete((u32[pool + ENTRY_WORDS * i + 1] as number) & POOL_SLOT);
    return { count: this.#append([...moved], count), isMixed: moved.size > 0 };
  }

  /** Put slots behind the first `count` of the pool, with their exact distances; returns how many there are then. */
  #append(slots: readonly number[], count: number): number {
    const { u32, f32, at, distances } = this.#engine;
    for (let from = 0; from < slots.length; from += BATCH_MAX) {
      const some = slots.slice(from, from + BATCH_MAX);
      u32.set(some, at.slots >> 2);
      distances(some.length);
      for (const [i, slot] of some.entries()) {
        const to = (at.pool >>> 2) + ENTRY_WORDS * count++;
        f32[to] = f32[(at.distances >> 2) + i] as number;
        u32[to + 1] = slot;
      }
    }
    return count;
  }
}
