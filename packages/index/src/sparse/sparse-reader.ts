import { isPlanted } from "../planted.js";
import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { SparseVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import type { SparseHandle } from "./sparse-handle.js";
import { SparseMemory } from "./sparse-memory.js";
import { SparseSearch, weightedByIdf } from "./sparse-search.js";

/** An epoch of a table. Two tables that have the same vectors may be at the same number. */
export interface TableEpoch {
  readonly table: object;
  readonly epoch: number;
}

/** What was counted among the visible vectors of an epoch. */
interface Counted {
  readonly at: TableEpoch;
  readonly slots: ReadonlyRowSet;
  /** By index: how many of them have a value there. */
  readonly frequencies: Map<number, number>;
}

/** Indices whose counts a thread keeps. */
const FREQUENCIES_KEPT_MAX = 1 << 20;

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
  *visibleSlots(at: TableEpoch, count: () => Sliced<ReadonlyRowSet>): Sliced<ReadonlyRowSet> {
    const counted = this.#countedAt(at);
    if (counted !== undefined) return counted.slots;
    const slots = yield* count();
    const before = isPlanted("statistics-lag") ? this.#counted?.frequencies : undefined;
    this.#counted = { at, slots, frequencies: before ?? new Map() };
    return slots;
  }

  /**
   * Queries with their values weighted by how rare their indices are among these vectors. `at`: they are all that it shows, so that counts are kept
   * for other queries of it.
   */
  *weighted(queries: readonly SparseVector[], among: ReadonlyRowSet, at?: TableEpoch): Sliced<SparseVector[]> {
    const known = (at && this.#countedAt(at)?.frequencies) ?? new Map<number, number>();
    const weighted: SparseVector[] = [];
    for (const query of queries) {
      const frequencies = yield* this.#frequencies(query.indices, among, known);
      weighted.push(weightedByIdf(query, among.size, frequencies));
    }
    return weighted;
  }

  #countedAt({ table, epoch }: TableEpoch): Counted | undefined {
    const counted = this.#counted;
    return counted?.at.table === table && counted.at.epoch === epoch ? counted : undefined;
  }

  *#frequencies(indices: Uint32Array, among: ReadonlyRowSet, known: Map<number, number>): Sliced<Uint32Array> {
    const missing = indices.filter((index) => !known.has(index));
    const counts = yield* this.#search.frequencies(missing, among);
    const counted = new Map(Array.from(missing, (index, i) => [index, counts[i] as number]));
    const frequencies = indices.map((index) => counted.get(index) ?? known.get(index) ?? 0);
    if (known.size + missing.length > FREQUENCIES_KEPT_MAX) known.clear();
    for (const [index, count] of counted) known.set(index, count);
    return frequencies;
  }

  /** The allowed slots with the largest dot products, as `SparseSearch.search`. */
  search(query: SparseVector, limit: number, allowed: ReadonlyRowSet): Sliced<SearchResult> {
    return this.#search.search(query, limit, allowed);
  }
}
