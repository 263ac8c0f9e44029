import { MurmurationError } from "../errors.js";
import { ARENA_END, at } from "./sparse-layout.js";

/** Words of the smallest block, and how many sizes there are: 2, 3, 4, 6, 8, 12 …, each twice the one before the last. */
const SIZE_CLASSES = 47;

/** The size class of a block of so many words. */
function classOf(words: number): number {
  if (words <= 2) return 0;
  const power = 31 - Math.clz32(words - 1);
  // between 2^power + 1 and 2^(power + 1)
  return words - 1 < 1.5 * 2 ** power ? 2 * power - 1 : 2 * power;
}

/** Words of the blocks of a class. */
function sizeOf(sizeClass: number): number {
  const power = (sizeClass >> 1) + 1;
  return sizeClass % 2 === 0 ? 2 ** power : 1.5 * 2 ** power;
}

/** Words that a block of so many takes. */
export function wordsOfBlock(words: number): number {
  return sizeOf(classOf(words));
}

/** The writer's memory of variable size: blocks of some sizes, those given back first. */
export class Arena {
  readonly #u32: Uint32Array;

  constructor(u32: Uint32Array) {
    this.#u32 = u32;
  }

  /** Words that were never used. */
  get room(): number {
    return ARENA_END - (this.#u32[at.arenaNext] as number);
  }

  /** Where a block of at least so many words begins; what is in it is not defined. Throws `capacity`. */
  take(words: number): number {
    const u32 = this.#u32;
    const sizeClass = classOf(words);
    const head = at.freeBlocks + sizeClass;
    const free = u32[head] as number;
    if (free !== 0) {
      u32[head] = u32[free] as number;
      return free;
    }
    return this.takeFresh(sizeOf(sizeClass));
  }

  /** Words that were never used, for good: they are 0. Throws `capacity`. */
  takeFresh(words: number): number {
    const u32 = this.#u32;
    const from = u32[at.arenaNext] as number;
    if (words > ARENA_END - from) throw new MurmurationError("capacity", "the memory of the sparse vectors is full");
    u32[at.arenaNext] = from + words;
    return from;
  }

  /** Leave nothing in blocks that were given back. */
  wipe(): void {
    const u32 = this.#u32;
    for (let sizeClass = 0; sizeClass < SIZE_CLASSES; sizeClass++) {
      const words = sizeOf(sizeClass);
      for (let from = u32[at.freeBlocks + sizeClass] as number; from !== 0; from = u32[from] as number)
        u32.fill(0, from + 1, from + words);
    }
  }

  /** Nobody reads the block any more that was taken for so many words. */
  giveBack(from: number, words: number): void {
    const u32 = this.#u32;
    const head = at.freeBlocks + classOf(words);
    u32[from] = u32[head] as number;
    u32[head] = from;
  }
}

/** Free blocks are kept in so many words of the header. */
export const freeListWords = SIZE_CLASSES;
