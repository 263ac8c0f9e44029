import { MurmurationError } from "../errors.js";
import { type Arena, wordsOfBlock } from "../sparse/arena.js";
import type { SlotContents } from "../sparse/contents.js";
import { slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import { VectorSlots } from "../sparse/vector-slots.js";
import { type MultiVector, multiLimits } from "../vector/vector.js";
import type { Metric } from "../vector-index/options.js";

/** What a space of multivectors is made of; the same on every replica. */
export interface MultiOptions {
  /** Of each part. */
  readonly dimensions: number;
  /** How parts are compared. Those of cosine are of unit length. */
  readonly metric: Extract<Metric, "cosine" | "dot">;
}

/** The writer of a space of multivectors, each kept whole. */
export type MultiIndex = VectorSlots<MultiVector>;

/** An empty one. Throws `capacity` without address space. */
export function newMultiIndex({ dimensions }: MultiOptions): MultiIndex {
  return new VectorSlots("multivectors", (memory, arena) => new MultiContents(memory, arena, dimensions));
}

/** A copy of the vector at a slot. The slot is held by a pin, or this is the writer's thread. */
export function multiVectorAt({ u32, f32 }: SparseMemory, of: number, dimensions: number): MultiVector {
  const block = u32[wordsOfSlot(of) + slot.block] as number;
  const count = u32[wordsOfSlot(of) + slot.count] as number;
  return { kind: "multi", dimensions, values: f32.slice(block, block + count) };
}

/** The numbers of all parts, one after the other. */
class MultiContents implements SlotContents<MultiVector> {
  readonly #f32: Float32Array;
  readonly #arena: Arena;
  readonly #dimensions: number;

  constructor({ f32 }: SparseMemory, arena: Arena, dimensions: number) {
    this.#f32 = f32;
    this.#arena = arena;
    this.#dimensions = dimensions;
  }

  wordsFor(count: number, values: number): number {
    return wordsOfBlock(values + 2) + 2 * count + values;
  }

  check({ dimensions, values }: MultiVector, what: string): void {
    const isWhole = values.length > 0 && values.length % dimensions === 0 && values.length <= multiLimits.valuesMax;
    if (dimensions !== this.#dimensions || !isWhole)
      throw new MurmurationError("corrupt", `${what}: its parts do not have ${this.#dimensions} dimensions`);
  }

  write(_slot: number, { values }: MultiVector): { readonly block: number; readonly count: number } {
    const block = this.#arena.take(values.length);
    this.#f32.set(values, block);
    return { block, count: values.length };
  }

  free(block: number, count: number): void {
    this.#arena.giveBack(block, count);
  }
}
