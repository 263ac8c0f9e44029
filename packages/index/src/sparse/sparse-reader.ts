import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { SparseVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import type { SparseHandle } from "./sparse-handle.js";
import { SparseMemory } from "./sparse-memory.js";
import { SparseSearch, weightedByIdf } from "./sparse-search.js";

/** What was counted among the visible vectors of an epoch. */
interface Counted {
  readonly epoch: number;
  readonly slots: ReadonlyRowSet;
  /** By index: how many of them have a value there. */
  readonly frequencies: Map<number, number>;
}

/** One thread's view of the sparse vectors of one name, beside their writer. */
export class SparseReader {
  readonly memory: SparseMemory;
  readonly hasIdf: boolean;
  readonly #search: SparseSearch;
  #counted: Counted | undefined;

  constructor({ memory, idf }: Extract<SparseHandle, { kind: "sparse" }>) {
    this.memory = new SparseMemory(memory);
    this.hasIdf = idf;
    this.#search = new SparseSearch(this.memory);
  }

  vectorAt(slot: number): SparseVector {
    return this.memory.vectorAt(slot);
  }

  /** The slots that an epoch shows, as counted before, or as `count` gives them. Not to be changed. */
  *visibleSlots(epoch: number, count: () => Sliced<ReadonlyRowSet>): Sliced<ReadonlyRowSet> {
    if (this.#counted?.epoch === epoch) return this.#counted.slots;
    const slots = yield* count();
    const before = isPlanted("statistics-lag") ? this.#counted?.frequencies : undefined;
    this.#counted = { epoch, slots, frequencies: before ?? new Map() };
    return slots;
  }

  /**
   * The query with its values weighted by how rare their indices are among these vectors. `epoch`: they are all that it shows, so that counts are kept
   * for other queries of it.
   */
  *weighted(query: SparseVector, among: ReadonlyRowSet, epoch?: number): Sliced<SparseVector> {
    const { indices } = query;
    const counted = this.#counted;
    const known = counted !== undefined && counted.epoch === epoch ? counted.frequencies : new Map<number, number>();
    const missing = indices.filter((index) => !known.has(index));
    const counts = yield* this.#search.frequencies(missing, among);
    for (const [i, index] of missing.entries()) known.set(index, counts[i] as number);
    return weightedByIdf(
      query,
      among.size,
      indices.map((index) => known.get(index) ?? 0),
    );
  }

  /** The allowed slots with the largest dot products, as `SparseSearch.search`. */
  search(query: SparseVector, limit: number, allowed: ReadonlyRowSet): Sliced<SearchResult> {
    return this.#search.search(query, limit, allowed);
  }
}
