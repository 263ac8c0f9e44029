import type { ReadonlyRowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { SparseHandle } from "../sparse/sparse-handle.js";
import { SparseMemory } from "../sparse/sparse-memory.js";
import type { MultiVector } from "../vector/vector.js";
import type { SearchResult } from "../vector-index/search-types.js";
import { multiVectorAt } from "./multi-index.js";
import type { MultiOptions } from "./multi-options.js";
import { type MultiPlan, type MultiSearchOptions, planMulti, searchMulti } from "./multi-search.js";
import { codeShapeOf, PartCodes } from "./part-codes.js";

/** One thread's view of the multivectors of one name, beside their writer. `thread`: its place, as of their pins. */
export class MultiReader {
  readonly memory: SparseMemory;
  readonly options: MultiOptions;
  /** Where they are worth it. */
  readonly codes: PartCodes | undefined;

  constructor(handle: Extract<SparseHandle, { kind: "multi" }>, thread: number) {
    this.memory = new SparseMemory(handle.memory);
    this.options = handle;
    const shape = codeShapeOf(handle);
    this.codes = shape && new PartCodes(this.memory, handle, shape, thread);
  }

  vectorAt(slot: number): MultiVector {
    return multiVectorAt(this.memory, slot, this.options);
  }

  /** How `search` would go about it. */
  plan(query: MultiVector, allowed: ReadonlyRowSet, options: MultiSearchOptions): MultiPlan {
    return planMulti(this, query, allowed.size, options);
  }

  /** As `searchMulti`. The allowed slots are visible at an epoch that this thread is at. */
  search(query: MultiVector, allowed: ReadonlyRowSet, options: MultiSearchOptions): Sliced<SearchResult> {
    return searchMulti(this, query, allowed, options);
  }
}
