import { assert, MurmurationError } from "../errors.js";
import { RowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import { sortInSlices } from "../sliced-sort.js";
import { type Engine, header } from "./engine.js";
import { type VectorIndexOptions, vectorIndexLimits, walksOnCodes } from "./options.js";
import { compareNodeDots, float32Max, type NodeDot, type SearchResult } from "./search-types.js";

const BATCH = 512;
/** Bytes of vectors that an exact search compares in one slice: about a millisecond. */
const EXACT_SLICE_BYTES = 4 * 1024 * 1024;
/** The same of vectors that are read from a file for it. */
const READ_SLICE_BYTES = 1024 * 1024;
/** A comparison of vectors counts for one step for so many bytes of them. */
const BYTES_PER_STEP = 256;

/** Exact search in one thread's view of a graph, and what every search there has in common: the places of query, filter and results. */
export class ExactSearch {
  readonly options: VectorIndexOptions;
  readonly #engine: Engine;

  constructor(engine: Engine, options: VectorIndexOptions) {
    this.#engine = engine;
    this.options = options;
  }

  /** Put a query where searches look for it. Throws `wrong-input` for another number of dimensions. */
  putQuery(query: Float32Array, place = 0): void {
    const { dimensions } = this.options;
    if (query.length !== dimensions) {
      throw new MurmurationError(
        "wrong-input",
        `Vector dimension error: expected dim: ${dimensions}, got ${query.length}`,
        "vector",
      );
    }
    // the pad up to a multiple of four stays zero: nothing else is ever written there
    const padded = (dimensions + 3) & ~3;
    this.#engine.f32.set(query, (this.#engine.at.query >> 2) + place * padded);
  }

  /** Put the slots that may be answers where searches look for them. */
  putFilter(allowed: RowSet): void {
    const { u32, at } = this.#engine;
    const words = (this.#slotCount() + 31) >>> 5;
    const start = at.filterBits >>> 2;
    const given = Math.min(words, allowed.words.length);
    u32.set(allowed.words.subarray(0, given), start);
    u32.fill(0, start + given, start + words);
  }

  /** What a search has left. */
  results(found: number, unscaled = false): SearchResult {
    const { u32, f32, at } = this.#engine;
    const slots = new Uint32Array(found);
    const distances = new Float32Array(found);
    for (let i = 0, result = at.results >> 2; i < found; i++, result += 4) {
      distances[i] = f32[result + 2] as number;
      slots[i] = u32[result + 3] as number;
    }
    // int8 dot products are walked without the query's own scale
    const isScaled = !unscaled || !walksOnCodes(this.options) || this.options.metric === "euclid";
    return isScaled ? { slots, distances } : this.#scaled({ slots, distances });
  }

  /** The distances of a walk on codes, in their own unit and within the bounds of a distance; what ties there is in the order of dots. */
  #scaled({ slots, distances }: SearchResult): SearchResult {
    const scale = this.#queryScale();
    const most = this.options.metric === "cosine" ? 1 : float32Max;
    const scaled = distances.map((distance) => Math.min(most, Math.max(-most, Math.fround(distance * scale))));
    const order = Array.from(slots.keys()).sort((a, b) =>
      this.#compare(scaled[a] as number, slots[a] as number, scaled[b] as number, slots[b] as number),
    );
    return {
      slots: Uint32Array.from(order, (i) => slots[i] as number),
      distances: Float32Array.from(order, (i) => scaled[i] as number),
    };
  }

  /** Are there results whose squared distance is beyond float32? They all tie, and others may be nearer. */
  isSaturated({ distances }: SearchResult): boolean {
    return this.options.metric === "euclid" && distances.at(-1) === float32Max;
  }

  /** A distance as a walk for the query compares it, in the unit of the metric; of codes it is near the exact one. */
  walkDistance(distance: number): number {
    const isScaled = !walksOnCodes(this.options) || this.options.metric === "euclid";
    return isScaled ? distance : Math.fround(distance * this.#queryScale());
  }

  #queryScale(): number {
    const codeBytes = (this.#engine.codeOf(1) >>> 0) - (this.#engine.codeOf(0) >>> 0);
    return this.#engine.f32[(this.#engine.at.queryRow + codeBytes - 4) >> 2] as number;
  }

  /** Exact distances of `query` to these slots. */
  distancesTo(query: Float32Array, slots: ArrayLike<number>): Float32Array {
    this.putQuery(query);
    const { u32, f32, at } = this.#engine;
    const distances = new Float32Array(slots.length);
    for (let from = 0; from < slots.length; from += BATCH) {
      const count = Math.min(BATCH, slots.length - from);
      for (let i = 0; i < count; i++) u32[(at.slots >> 2) + i] = slots[from + i] as number;
      this.#engine.distances(count);
      distances.set(f32.subarray(at.distances >> 2, (at.distances >> 2) + count), from);
    }
    return distances;
  }

  /** The operation that inserted a slot's node. */
  dotAt(slot: number): NodeDot {
    const at = (this.#engine.metaOf(slot) >>> 0) >>> 2;
    const low = this.#engine.u32[at] as number;
    const high = this.#engine.u32[at + 1] as number;
    return { origin: high >>> 8, sequence: (high & 0xff) * 2 ** 32 + low };
  }

  #vectorBytes(): number {
    return this.options.dimensions * Float32Array.BYTES_PER_ELEMENT;
  }

  #slotCount(): number {
    return Atomics.load(this.#engine.u32, header.nextSlot >> 2);
  }

  /** The slots that may be answers, as they are now. */
  #candidates(allowed: RowSet | undefined): Uint32Array {
    const words = (this.#slotCount() + 31) >>> 5;
    if (allowed !== undefined) return allowed.words.subarray(0, words);
    const start = this.#engine.at.visibleBits >>> 2;
    return this.#engine.u32.slice(start, start + words);
  }

  /** The nearest of `matches` allowed slots, all of them compared. As of its first slice; see `GraphReader.searchInSlices`. */
  *search(query: Float32Array, limit: number, allowed: RowSet | undefined, matches: number): Sliced<SearchResult> {
    if (limit > vectorIndexLimits.efSearchMax) return yield* this.#rankAll(query, limit, this.#candidates(allowed));
    if (matches * this.#vectorBytes() > this.#sliceBytes()) {
      const candidates = this.#candidates(allowed);
      const results = yield* this.#scanInSlices(query, limit, candidates);
      return this.isSaturated(results) ? yield* this.#rankAll(query, limit, candidates) : results;
    }
    this.putQuery(query);
    if (allowed !== undefined) this.putFilter(allowed);
    const results = this.results(this.#engine.scan(limit, allowed === undefined ? 0 : 1));
    return this.isSaturated(results) ? yield* this.#rankAll(query, limit, this.#candidates(allowed)) : results;
  }

  #sliceBytes(): number {
    return this.#engine.rows === undefined ? EXACT_SLICE_BYTES : READ_SLICE_BYTES;
  }

  /** Some of the slots at a time. */
  *#scanInSlices(query: Float32Array, limit: number, candidates: Uint32Array): Sliced<SearchResult> {
    const slotsAtOnce = Math.max(32, Math.floor(this.#sliceBytes() / this.#vectorBytes()));
    let best: SearchResult = { slots: new Uint32Array(0), distances: new Float32Array(0) };
    for (let from = 0; from < candidates.length; ) {
      const some = new RowSet();
      for (; from < candidates.length && some.size < slotsAtOnce; from++) {
        for (let word = candidates[from] as number; word !== 0; word &= word - 1) {
          some.add(from * 32 + 31 - Math.clz32(word & -word));
        }
      }
      if (some.size === 0) continue;
      // another search may have been here in between
      this.putQuery(query);
      this.putFilter(some);
      best = this.#nearer(best, this.results(this.#engine.scan(Math.min(limit, some.size), 1)), limit);
      if (from < candidates.length) yield "pause";
    }
    return best;
  }

  /** The nearest of two results. */
  #nearer(a: SearchResult, b: SearchResult, limit: number): SearchResult {
    const count = Math.min(limit, a.slots.length + b.slots.length);
    const slots = new Uint32Array(count);
    const distances = new Float32Array(count);
    for (let n = 0, i = 0, j = 0; n < count; n++) {
      const takesA =
        j === b.slots.length ||
        (i < a.slots.length &&
          this.#compare(
            a.distances[i] as number,
            a.slots[i] as number,
            b.distances[j] as number,
            b.slots[j] as number,
          ) <= 0);
      const from = takesA ? a : b;
      const at = takesA ? i++ : j++;
      slots[n] = from.slots[at] as number;
      distances[n] = from.distances[at] as number;
    }
    return { slots, distances };
  }

  #compare(distanceA: number, slotA: number, distanceB: number, slotB: number): number {
    const difference = distanceA - distanceB;
    return difference !== 0 ? difference : compareNodeDots(this.dotAt(slotA), this.dotAt(slotB));
  }

  /** More results than a pool holds: every distance is computed and sorted here. */
  *#rankAll(query: Float32Array, limit: number, candidates: Uint32Array): Sliced<SearchResult> {
    const meter = new Meter();
    const slots: number[] = [];
    for (const [index, bits] of candidates.entries()) {
      for (let word = bits; word !== 0; word &= word - 1) slots.push(index * 32 + 31 - Math.clz32(word & -word));
    }
    const distances = new Float32Array(slots.length);
    for (let from = 0; from < slots.length; from += BATCH) {
      distances.set(this.distancesTo(query, slots.slice(from, from + BATCH)), from);
      meter.steps += (BATCH * this.#vectorBytes()) / BYTES_PER_STEP;
      if (meter.isDue()) yield "pause";
    }
    const roots = yield* this.#roots(query, slots, distances, meter);
    const order = yield* sortInSlices(
      Array.from(slots.keys()),
      (a, b) =>
        (distances[a] as number) - (distances[b] as number) ||
        (roots === undefined ? 0 : (roots[a] as number) - (roots[b] as number)) ||
        this.#compare(0, slots[a] as number, 0, slots[b] as number),
      meter,
    );
    assert(order.length >= limit, "the limit was cut to the number of matches");
    const best = order.slice(0, limit);
    return {
      slots: Uint32Array.from(best, (i) => slots[i] as number),
      distances: Float32Array.from(best, (i) => distances[i] as number),
      ...(roots === undefined ? {} : { roots: Float32Array.from(best, (i) => roots[i] as number) }),
    };
  }

  /** Euclidean distances of the slots whose squared ones are beyond float32; `undefined`: there are none. */
  *#roots(
    query: Float32Array,
    slots: readonly number[],
    distances: Float32Array,
    meter: Meter,
  ): Sliced<Float32Array | undefined> {
    if (this.options.metric !== "euclid" || !distances.includes(float32Max)) return undefined;
    const roots = new Float32Array(slots.length);
    for (const [i, slot] of slots.entries()) {
      if (distances[i] !== float32Max) continue;
      roots[i] = Math.min(float32Max, this.#euclideanDistance(query, slot));
      meter.steps += this.#vectorBytes() / BYTES_PER_STEP;
      if (meter.isDue()) yield "pause";
    }
    return roots;
  }

  /** The vector at a slot; a view that is good until the next call. */
  rowAt(slot: number): Float32Array {
    const { f32, vectorOf, rows } = this.#engine;
    const { dimensions } = this.options;
    if (rows !== undefined) return rows.rowAt(slot).subarray(0, dimensions);
    const start = (vectorOf(slot) >>> 0) >>> 2;
    return f32.subarray(start, start + dimensions);
  }

  #euclideanDistance(query: Float32Array, slot: number): number {
    const row = this.rowAt(slot);
    let squares = 0;
    for (let i = 0; i < query.length; i++) {
      const difference = (query[i] as number) - (row[i] as number);
      squares += difference * difference;
    }
    return Math.sqrt(squares);
  }
}
