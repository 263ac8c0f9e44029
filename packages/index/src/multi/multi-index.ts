import { MurmurationError } from "../errors.js";
import { isPlanted } from "../planted.js";
import { type Arena, wordsOfBlock } from "../sparse/arena.js";
import type { SlotContents } from "../sparse/contents.js";
import { slot } from "../sparse/sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "../sparse/sparse-memory.js";
import { VectorSlots } from "../sparse/vector-slots.js";
import { type MultiVector, multiLimits } from "../vector/vector.js";
import type { MultiOptions } from "./multi-options.js";
import { CODES_AT, type CodeShape, codeShapeOf, PartCodes, wordsOfCodes } from "./part-codes.js";

/** The writer of a space of multivectors, each kept whole. */
export type MultiIndex = VectorSlots<MultiVector>;

/** Place of the writer's thread. */
const WRITER = 0;

/** An empty one. Throws `capacity` without address space. */
export function newMultiIndex(options: MultiOptions): MultiIndex {
  return new VectorSlots("multivectors", (memory, arena) => new MultiContents(memory, arena, options));
}

/** A copy of the vector at a slot. The slot is held by a pin, or this is the writer's thread. */
export function multiVectorAt(memory: SparseMemory, of: number, options: MultiOptions): MultiVector {
  const from = partsAt(memory, of, options);
  const values = memory.f32.slice(from, from + memory.countAt(of));
  return { kind: "multi", dimensions: options.dimensions, values };
}

/** Gives the numbers of the vector at a slot to `take`, as words: what a digest is of. */
export function multiWordsAt(memory: SparseMemory, of: number, options: MultiOptions, take: (word: number) => void) {
  const from = partsAt(memory, of, options);
  for (let i = from; i < from + memory.countAt(of); i++) take(memory.u32[i] as number);
}

/** The word at which the parts of the vector at a slot begin. */
export function partsAt({ u32 }: SparseMemory, of: number, options: MultiOptions): number {
  const block = u32[wordsOfSlot(of) + slot.block] as number;
  return codeShapeOf(options) === undefined ? block : (u32[block] as number);
}

/** The numbers of all parts, one after the other; where there are codes, a block of these leads to them. They follow from the parts, and stand in no image. */
class MultiContents implements SlotContents<MultiVector> {
  readonly #f32: Float32Array;
  readonly #arena: Arena;
  readonly #dimensions: number;
  readonly #u32: Uint32Array;
  readonly #shape: CodeShape | undefined;
  readonly #codes: PartCodes | undefined;

  constructor(memory: SparseMemory, arena: Arena, options: MultiOptions) {
    this.#f32 = memory.f32;
    this.#arena = arena;
    this.#dimensions = options.dimensions;
    this.#u32 = memory.u32;
    this.#shape = codeShapeOf(options);
    this.#codes = this.#shape && new PartCodes(memory, options, this.#shape, WRITER);
  }

  wordsFor(count: number, values: number): number {
    const own = wordsOfBlock(values + 2) + 2 * count + values;
    // a group of codes that is filled up for each vector
    const codes = this.#wordsOfCodes(values) + count * this.#wordsOfCodes(this.#dimensions);
    return codes === 0 ? own : own + wordsOfBlock(codes + 2) + 2 * count + codes;
  }

  check({ dimensions, values }: MultiVector, what: string): void {
    const isWhole = values.length > 0 && values.length % dimensions === 0 && values.length <= multiLimits.valuesMax;
    if (dimensions !== this.#dimensions || !isWhole)
      throw new MurmurationError("corrupt", `${what}: its parts do not have ${this.#dimensions} dimensions`);
  }

  write(_slot: number, { values }: MultiVector): { readonly block: number; readonly count: number } {
    const count = values.length;
    const parts = this.#arena.take(count);
    this.#f32.set(values, parts);
    if (this.#codes === undefined) return { block: parts, count };
    const block = this.#arena.take(this.#wordsOfCodes(count));
    this.#u32[block] = parts;
    if (!isPlanted("codes-stay")) this.#codes.write(parts, count, block + CODES_AT);
    return { block, count };
  }

  free(block: number, count: number): void {
    if (this.#shape === undefined) return this.#arena.giveBack(block, count);
    this.#arena.giveBack(this.#u32[block] as number, count);
    this.#arena.giveBack(block, this.#wordsOfCodes(count));
  }

  /** Of the block of codes of a vector with so many numbers; 0: there is none. */
  #wordsOfCodes(values: number): number {
    return this.#shape === undefined ? 0 : CODES_AT + wordsOfCodes(this.#shape, values / this.#dimensions);
  }
}
