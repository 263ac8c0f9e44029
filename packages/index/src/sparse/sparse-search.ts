import type { ReadonlyRowSet } from "../row-set.js";
import { Meter, type Sliced } from "../sliced.js";
import type { SparseVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import { BLOCK_WORDS } from "./sparse-layout.js";
import type { SparseMemory } from "./sparse-memory.js";

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
  *search({ indices, values }: SparseVector, limit: number, allowed: ReadonlyRowSet): Sliced<SearchResult> {
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
      return this.#best(sums, count, Math.min(limit, count));
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
    const meter = new Meter();
    for (let i = 0; i < indices.length; i++) {
      const of = this.#memory.listOf(indices[i] as number);
      let count = 0;
      for (let block = of === 0 ? 0 : this.#memory.firstBlock(of); block !== 0; block = this.#memory.nextBlock(block)) {
        const to = this.#memory.endOfBlock(block);
        for (let place = block + BLOCK_WORDS; place < to; place += 2) {
          const slot = u32[place] as number;
          if (slot < end) count += ((words[slot >>> 5] as number) >>> (slot & 31)) & 1;
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

  /** The first of what was found, in order: a heap with the worst of the best on top. */
  #best({ scores, found }: Sums, count: number, limit: number): SearchResult {
    const heap = new Uint32Array(limit);
    const isBetter = (a: number, b: number) => {
      const [one, other] = [scores[a] as number, scores[b] as number];
      return one > other || (one === other && this.#memory.compareDots(a, b) < 0);
    };
    const sink = (from: number, size: number) => {
      const moved = heap[from] as number;
      let at = from;
      for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
        if (child + 1 < size && isBetter(heap[child] as number, heap[child + 1] as number)) child++;
        if (!isBetter(moved, heap[child] as number)) break;
        heap[at] = heap[child] as number;
        at = child;
      }
      heap[at] = moved;
    };
    for (let i = 0; i < limit; i++) heap[i] = found[i] as number;
    for (let at = (limit >> 1) - 1; at >= 0; at--) sink(at, limit);
    let least = limit === 0 ? 0 : (scores[heap[0] as number] as number);
    for (let i = limit; i < count && limit > 0; i++) {
      const slot = found[i] as number;
      if ((scores[slot] as number) < least || !isBetter(slot, heap[0] as number)) continue;
      heap[0] = slot;
      sink(0, limit);
      least = scores[heap[0] as number] as number;
    }
    for (let size = limit - 1; size > 0; size--) {
      const worst = heap[0] as number;
      heap[0] = heap[size] as number;
      heap[size] = worst;
      sink(0, size);
    }
    return { slots: heap, distances: Float32Array.from(heap, (slot) => 0 - (scores[slot] as number)) };
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
    return value * Math.fround(Math.log((total - df + 0.5) / (df + 0.5) + 1));
  });
  return { kind: "sparse", indices, values: weights };
}
