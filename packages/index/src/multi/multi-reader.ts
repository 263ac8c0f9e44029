import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { SparseHandle } from "../sparse/sparse-handle.js";
import { SparseMemory } from "../sparse/sparse-memory.js";
import type { MultiVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import { multiVectorAt } from "./multi-index.js";
import { searchMulti } from "./multi-search.js";

/** One thread's view of the multivectors of one name, beside their writer. */
export class MultiReader {
  readonly memory: SparseMemory;
  readonly dimensions: number;

  constructor({ memory, dimensions }: Extract<SparseHandle, { kind: "multi" }>) {
    this.memory = new SparseMemory(memory);
    this.dimensions = dimensions;
  }

  vectorAt(slot: number): MultiVector {
    return multiVectorAt(this.memory, slot, this.dimensions);
  }

  /** As `searchMulti`. The allowed slots are visible at an epoch that this thread is at. */
  search(query: MultiVector, limit: number, allowed: ReadonlyRowSet): Sliced<SearchResult> {
    return searchMulti(this.memory, query, limit, allowed);
  }
}
