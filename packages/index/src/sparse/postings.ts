import { isPlanted } from "../planted.js";
import type { Arena } from "./arena.js";
import { wordsOfBlock } from "./arena.js";
import { at, BLOCK_MAX, BLOCK_MIN, BLOCK_WORDS, block, LIST_WORDS, list } from "./sparse-layout.js";
import { placeOf, type SparseMemory } from "./sparse-memory.js";

const DICTIONARY_BITS_MIN = 8;

/**
 * The writer's side of the inverted lists: for each index the slots that have a value there, in no order, with the values. A place never moves, so
 * that readers walk through a list beside it; one that is given back holds slot 0 until it is used again, for the same index.
 */
export class Postings {
  readonly #memory: SparseMemory;
  readonly #arena: Arena;

  constructor(memory: SparseMemory, arena: Arena) {
    this.#memory = memory;
    this.#arena = arena;
  }

  /** Enter a value; returns its place, at which the slot stands, and behind it the value. Throws `capacity`. */
  add(index: number, slot: number, value: number): number {
    const { u32, f32 } = this.#memory;
    const to = this.#memory.listOf(index) || this.#newList(index);
    const place = this.#freePlace(to);
    const isFirst = u32[to + list.used] === 0;
    if (isFirst || !isPlanted("weight-stays")) f32[place + 1] = value;
    Atomics.store(u32, place, slot);
    u32[to + list.used] = (u32[to + list.used] as number) + 1;
    Atomics.add(u32, at.postings, 1);
    return place;
  }

  /** Nobody reads the slot any more whose value for an index stands at a place. */
  remove(index: number, place: number): void {
    const { u32 } = this.#memory;
    const from = this.#memory.listOf(index);
    Atomics.store(u32, place, 0);
    u32[place + 1] = u32[from + list.free] as number;
    u32[from + list.free] = place;
    u32[from + list.used] = (u32[from + list.used] as number) - 1;
    Atomics.sub(u32, at.postings, 1);
  }

  #freePlace(of: number): number {
    const { u32 } = this.#memory;
    const free = u32[of + list.free] as number;
    if (free !== 0) {
      u32[of + list.free] = u32[free + 1] as number;
      return free;
    }
    let last = u32[of + list.last] as number;
    if (last === 0 || u32[last + block.filled] === u32[last + block.capacity]) last = this.#newBlock(of, last);
    const filled = u32[last + block.filled] as number;
    const place = last + BLOCK_WORDS + 2 * filled;
    u32[place] = 0;
    Atomics.store(u32, last + block.filled, filled + 1);
    return place;
  }

  /** Each block is twice as large as the one before it, up to a bound: most indices are rare. */
  #newBlock(of: number, last: number): number {
    const { u32 } = this.#memory;
    const before = last === 0 ? BLOCK_MIN / 2 : BLOCK_WORDS + 2 * (u32[last + block.capacity] as number) + 1;
    const words = wordsOfBlock(Math.min(2 * before, BLOCK_MAX));
    const made = this.#arena.take(words);
    u32[made + block.next] = 0;
    u32[made + block.filled] = 0;
    u32[made + block.capacity] = (words - BLOCK_WORDS) >>> 1;
    u32[of + list.last] = made;
    Atomics.store(u32, last === 0 ? of + list.first : last + block.next, made);
    return made;
  }

  #newList(index: number): number {
    const { u32 } = this.#memory;
    const table = this.#roomyDictionary();
    const made = this.#arena.take(LIST_WORDS);
    u32.fill(0, made, made + LIST_WORDS);
    u32[made + list.index] = index;
    this.#enter(table, made);
    u32[at.lists] = (u32[at.lists] as number) + 1;
    return made;
  }

  /** The dictionary, with room for one more: at most two thirds full. One that is too small stays for those who look into it. */
  #roomyDictionary(): number {
    const { u32 } = this.#memory;
    const table = u32[at.dictionary] as number;
    const bits = table === 0 ? DICTIONARY_BITS_MIN - 1 : (u32[table] as number);
    if (table !== 0 && 3 * ((u32[at.lists] as number) + 1) <= 2 * 2 ** bits) return table;
    const made = this.#arena.takeFresh(1 + 2 ** (bits + 1));
    u32[made] = bits + 1;
    for (let i = 0; table !== 0 && i < 2 ** bits; i++) {
      const known = u32[table + 1 + i] as number;
      if (known !== 0) this.#enter(made, known);
    }
    Atomics.store(u32, at.dictionary, made);
    return made;
  }

  #enter(table: number, known: number): void {
    const { u32 } = this.#memory;
    const bits = u32[table] as number;
    const mask = 2 ** bits - 1;
    let place = placeOf(u32[known + list.index] as number, bits);
    while (u32[table + 1 + place] !== 0) place = (place + 1) & mask;
    Atomics.store(u32, table + 1 + place, known);
  }
}
