import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import type { SparseVector } from "../vector/vector.js";
import { float32, type SearchResult } from "../vector-index/search-types.js";
import { sparseDot } from "./sparse-dot.js";
import { BLOCK_WORDS } from "./sparse-layout.js";
import type { SparseMemory } from "./sparse-memory.js";
import { nearestSlots } from "./top-slots.js";

/** Sums of one search by slot, all 0 between searches. */
interface Sums {
  scores: Float32Array;
  /** 1 where a slot has a value at an index of the query. */
  isFound: Uint8Array;
  /** Those slots. */
  found: Uint32Array;
}

/** Sums that a thread keeps for searches to come. */
const SUMS_KEPT = 4;

/**
 * Searches in one thread: exact, one index of the query after the other ("term at a time": Turtle and Flood, "Query evaluation: strategies and
 * optimizations", 1995), ascending, so that a score is the same sum of float32 in the same order whatever the layout is.
 */
export class SparseSearch {
  readonly #memory: SparseMemory;
  readonly #kept: Sums[] = [];

  constructor(memory: SparseMemory) {
    this.#memory = memory;
  }

  /**
   * The allowed slots with the largest dot products, −score as the distance, ascending by (distance, dot). Slots that have no index of the query are
   * left out. The allowed ones are visible at an epoch that this thread is at.
   */
  *search(query: SparseVector, limit: number, allowed: ReadonlyRowSet): Sliced<SearchResult> {
    const { indices, values } = query;
    const end = 32 * allowed.wordCount;
    const sums = this.#takeSums(end);
    let count = 0;
    try {
      const { u32, f32 } = this.#memory;
      const { scores, isFound, found } = sums;
      const { words } = allowed;
      const meter = new Meter();
      for (let i = 0; i < indices.length; i++) {
        const weight = values[i] as number;
        const of = this.#memory.listOf(indices[i] as number);
        let block = of === 0 ? 0 : this.#memory.firstBlock(of);
        for (; block !== 0; block = this.#memory.nextBlock(block)) {
          const to = this.#memory.endOfBlock(block);
          for (let place = block + BLOCK_WORDS; place < to; place += 2) {
            const slot = u32[place] as number;
            if (slot >= end || ((words[slot >>> 5] as number) & (1 << (slot & 31))) === 0) continue;
            const product = Math.fround(weight * (f32[place + 1] as number));
            if (isFound[slot] === 0) {
              isFound[slot] = 1;
              found[count++] = slot;
              scores[slot] = product;
            } else scores[slot] = Math.fround((scores[slot] as number) + product);
          }
          meter.steps += (to - block) >>> 4;
          if (meter.isDue()) yield "pause";
        }
      }
      for (let i = 0; i < count; i++) {
        const slot = found[i] as number;
        // beyond float32 somewhere on the way, and so ever after
        if (!Number.isFinite(scores[slot])) scores[slot] = sparseDot(this.#memory, slot, query) ?? 0;
      }
      return nearestSlots(this.#memory, scores, found, count, limit);
    } finally {
      for (let i = 0; i < count; i++) sums.isFound[sums.found[i] as number] = 0;
      if (this.#kept.length < SUMS_KEPT) this.#kept.push(sums);
    }
  }

  /** In how many of these slots each index has a value. */
  *frequencies(indices: Uint32Array, among: ReadonlyRowSet): Sliced<Uint32Array> {
    const { u32 } = this.#memory;
    const { words } = among;
    const end = 32 * among.wordCount;
    const counts = new Uint32Array(indices.length);
    const countsAll = isPlanted("statistics-of-dead");
    const meter = new Meter();
    for (let i = 0; i < indices.length; i++) {
      const of = this.#memory.listOf(indices[i] as number);
      let count = 0;
      for (let block = of === 0 ? 0 : this.#memory.firstBlock(of); block !== 0; block = this.#memory.nextBlock(block)) {
        const to = this.#memory.endOfBlock(block);
        for (let place = block + BLOCK_WORDS; place < to; place += 2) {
          const slot = u32[place] as number;
          if (countsAll && slot > 0) count++;
          else if (slot < end) count += ((words[slot >>> 5] as number) >>> (slot & 31)) & 1;
        }
        meter.steps += (to - block) >>> 4;
        if (meter.isDue()) yield "pause";
      }
      counts[i] = count;
    }
    return counts;
  }

  #takeSums(slots: number): Sums {
    const kept = this.#kept.pop();
    if (kept !== undefined && kept.scores.length >= slots) return kept;
    const size = Math.max(1_024, Math.ceil(1.25 * slots));
    return { scores: new Float32Array(size), isFound: new Uint8Array(size), found: new Uint32Array(size) };
  }
}

/**
 * The weights of a query whose space has the `idf` modifier: each value times ln((N − df + 0.5) / (df + 0.5) + 1), as float32, where N is the number
 * of vectors that are counted and df how many of them have a value at the index.
 */
export function weightedByIdf(
  { indices, values }: SparseVector,
  total: number,
  frequencies: Uint32Array,
): SparseVector {
  const weights = values.map((value, i) => {
    const df = frequencies[i] as number;
    return float32(value * Math.fround(Math.log((total - df + 0.5) / (df + 0.5) + 1)));
  });
  return { kind: "sparse", indices, values: weights };
}
