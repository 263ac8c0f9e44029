import { MurmurationError } from "../errors.js";
import { isPlanted } from "../planted.js";
import type { SparseVector } from "../vector/vector.js";
import { type Arena, wordsOfBlock } from "./arena.js";
import type { SlotContents } from "./contents.js";
import { Postings } from "./postings.js";
import { at, BLOCK_MAX, LIST_WORDS, sparseLimits } from "./sparse-layout.js";
import type { SparseMemory } from "./sparse-memory.js";
import { VectorSlots } from "./vector-slots.js";

/**
 * The writer of a space of sparse vectors: an inverted index (Zobel and Moffat, "Inverted files for text search engines", 2006) with the vectors
 * beside it. Places in postings do not move. Values of a purged vector stay there until its slot is free, and a reader passes over slots that its epoch
 * does not show.
 */
export type SparseIndex = VectorSlots<SparseVector>;

/** An empty one. Throws `capacity` without address space. */
export function newSparseIndex(): SparseIndex {
  return new VectorSlots("sparse vectors", (memory, arena) => new SparseContents(memory, arena));
}

/** The indices of a vector, and for each the place of its value in the postings. */
class SparseContents implements SlotContents<SparseVector> {
  readonly #memory: SparseMemory;
  readonly #arena: Arena;
  readonly #postings: Postings;

  constructor(memory: SparseMemory, arena: Arena) {
    this.#memory = memory;
    this.#arena = arena;
    this.#postings = new Postings(memory, arena);
  }

  wordsFor(count: number, values: number): number {
    // the dictionaries that so many more indices may need, one after the other
    const dictionaries = 4 * Math.max(256, 2 * ((this.#memory.u32[at.lists] as number) + values));
    return 2 * (count + wordsOfBlock(2 * values + 2)) + values * (LIST_WORDS + BLOCK_MAX) + dictionaries;
  }

  check({ indices, values }: SparseVector, what: string): void {
    const fail = (why: string) => new MurmurationError("corrupt", `${what}: ${why}`);
    if (indices.length !== values.length) throw fail("there is not one value for each index");
    if (indices.length > sparseLimits.valuesMax) throw fail(`it has ${indices.length} values`);
    for (let i = 1; i < indices.length; i++) {
      if ((indices[i] as number) <= (indices[i - 1] as number)) throw fail("its indices do not ascend");
    }
  }

  write(slot: number, { indices, values }: SparseVector): { readonly block: number; readonly count: number } {
    const { u32 } = this.#memory;
    const count = indices.length;
    const block = count === 0 ? 0 : this.#arena.take(2 * count);
    for (let i = 0; i < count; i++) {
      const index = indices[i] as number;
      u32[block + i] = index;
      u32[block + count + i] = this.#postings.add(index, slot, values[i] as number);
    }
    return { block, count };
  }

  free(block: number, count: number): void {
    const { u32 } = this.#memory;
    for (let i = 0; i < count && !isPlanted("posting-stays"); i++) {
      this.#postings.remove(u32[block + i] as number, u32[block + count + i] as number);
    }
    this.#arena.giveBack(block, 2 * count);
  }
}
