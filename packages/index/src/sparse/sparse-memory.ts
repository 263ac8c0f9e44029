import type { SharedMemory } from "../shared-memory.js";
import type { SparseVector } from "../vector/vector.js";
import type { NodeDot } from "../vector-index/search-types.js";
import {
  ARENA_AT,
  at,
  BLOCK_WORDS,
  block,
  CONDEMNED,
  DEAD,
  LINKED,
  list,
  SLOT_WORDS,
  SLOTS_AT,
  slot,
} from "./sparse-layout.js";

const HASH_FACTOR = 0x9e3779b1;

/** Words of the memory in which the slot at a place stands. */
export const wordsOfSlot = (of: number): number => SLOTS_AT + SLOT_WORDS * of;

/** Sparse vectors and their postings in a shared memory, as any thread reads them beside the writer. */
export class SparseMemory {
  readonly memory: SharedMemory;
  readonly u32: Uint32Array;
  readonly f32: Float32Array;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.u32 = new Uint32Array(memory.buffer);
    this.f32 = new Float32Array(memory.buffer);
  }

  /** One more than the highest slot in use. */
  get slotCount(): number {
    return Atomics.load(this.u32, at.nextSlot);
  }

  /** Vectors, dead ones included. */
  get linkedCount(): number {
    return Atomics.load(this.u32, at.linkedCount);
  }

  get deadCount(): number {
    return Atomics.load(this.u32, at.deadCount);
  }

  /** Values in the postings. */
  get postingCount(): number {
    return Atomics.load(this.u32, at.postings);
  }

  /** Bytes of memory in use by slots, vectors, postings and dictionaries. */
  get bytesInUse(): number {
    return 4 * (this.slotCount * SLOT_WORDS + (Atomics.load(this.u32, at.arenaNext) - ARENA_AT));
  }

  nodeAt(of: number): { readonly linked: boolean; readonly dead: boolean; readonly level: number } {
    const flags = this.u32[wordsOfSlot(of) + slot.flags] as number;
    return { linked: (flags & LINKED) !== 0, dead: (flags & DEAD) !== 0, level: 0 };
  }

  isCondemned(of: number): boolean {
    return ((this.u32[wordsOfSlot(of) + slot.flags] as number) & CONDEMNED) !== 0;
  }

  dotAt(of: number): NodeDot {
    const words = wordsOfSlot(of);
    const high = this.u32[words + slot.sequenceHigh] as number;
    return {
      origin: this.u32[words + slot.origin] as number,
      sequence: high * 2 ** 32 + (this.u32[words + slot.sequenceLow] as number),
    };
  }

  /** Negative where the dot at the first slot is before that at the second. */
  compareDots(a: number, b: number): number {
    const { u32 } = this;
    const [one, other] = [wordsOfSlot(a), wordsOfSlot(b)];
    return (
      (u32[one + slot.origin] as number) - (u32[other + slot.origin] as number) ||
      (u32[one + slot.sequenceHigh] as number) - (u32[other + slot.sequenceHigh] as number) ||
      (u32[one + slot.sequenceLow] as number) - (u32[other + slot.sequenceLow] as number)
    );
  }

  /** How many values the vector has. */
  countAt(of: number): number {
    return this.u32[wordsOfSlot(of) + slot.count] as number;
  }

  /** A copy of the vector. The slot is held by a pin, or this is the writer's thread. */
  vectorAt(of: number): SparseVector {
    const { u32, f32 } = this;
    const words = wordsOfSlot(of);
    const from = u32[words + slot.block] as number;
    const count = u32[words + slot.count] as number;
    const indices = u32.slice(from, from + count);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = f32[(u32[from + count + i] as number) + 1] as number;
    return { kind: "sparse", indices, values };
  }

  /** The list of the postings of an index; 0: there is none. */
  listOf(index: number): number {
    const { u32 } = this;
    const table = Atomics.load(u32, at.dictionary);
    if (table === 0) return 0;
    const bits = u32[table] as number;
    const mask = 2 ** bits - 1;
    for (let place = placeOf(index, bits); ; place = (place + 1) & mask) {
      const found = Atomics.load(u32, table + 1 + place);
      if (found === 0 || u32[found + list.index] === index) return found;
    }
  }

  /** First block of the postings of a list. */
  firstBlock(of: number): number {
    return Atomics.load(this.u32, of + list.first);
  }

  nextBlock(of: number): number {
    return Atomics.load(this.u32, of + block.next);
  }

  /** Where the places of a block end. */
  endOfBlock(of: number): number {
    return of + BLOCK_WORDS + 2 * Atomics.load(this.u32, of + block.filled);
  }
}

/** Where a dictionary of 2^bits places begins to look for an index. */
export function placeOf(index: number, bits: number): number {
  return Math.imul(index, HASH_FACTOR) >>> (32 - bits);
}
