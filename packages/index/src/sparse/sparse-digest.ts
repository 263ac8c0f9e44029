import type { NodeDigest } from "../vector-index/graph-digest.js";
import { at, slot } from "./sparse-layout.js";
import { type SparseMemory, wordsOfSlot } from "./sparse-memory.js";

// Hashes tell replicas apart that have the same frontier and should be equal: they are of what is replicated, and of nothing else.

const LANES = 4;

/** The finish of MurmurHash3 (Appleby, 2011), which is in the public domain. */
function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Gives every word of the vector at a slot to `take`, in an order that is the same wherever it stands. */
export type WordsAt = (memory: SparseMemory, of: number, take: (word: number) => void) => void;

/** Of a sparse vector: its indices and values in turn. */
export function sparseWordsAt({ u32 }: SparseMemory, of: number, take: (word: number) => void): void {
  const block = u32[wordsOfSlot(of) + slot.block] as number;
  const count = u32[wordsOfSlot(of) + slot.count] as number;
  for (let i = 0; i < count; i++) {
    take(u32[block + i] as number);
    take(u32[(u32[block + count + i] as number) + 1] as number);
  }
}

/** Puts the hash of all that is replicated of a vector, its dot and whether it is dead included, into `lanes`. */
function hashAt(memory: SparseMemory, of: number, wordsAt: WordsAt, isEffective: boolean, lanes: Uint32Array): void {
  const { u32 } = memory;
  const words = wordsOfSlot(of);
  const count = u32[words + slot.count] as number;
  const isDead = memory.nodeAt(of).dead ? 1 : 0;
  for (let lane = 0; lane < LANES; lane++) {
    let hash = mixed(lane * 0x9e3779b1 + (isEffective ? 1 : 0));
    const take = (word: number) => {
      hash = mixed(Math.imul(hash, 31) ^ word);
    };
    take(u32[words + slot.origin] as number);
    take(u32[words + slot.sequenceLow] as number);
    take(u32[words + slot.sequenceHigh] as number);
    take(isDead);
    take(count);
    wordsAt(memory, of, take);
    lanes[lane] = hash;
  }
}

/** Digest of all vectors as a set, 32 hex digits; `isEffective`: of the same, under another name. On the writer's thread. */
export function slotsDigest(memory: SparseMemory, wordsAt: WordsAt, isEffective: boolean): string {
  const sum = new Uint32Array(LANES);
  const lanes = new Uint32Array(LANES);
  for (let of = 1, end = memory.u32[at.nextSlot] as number; of < end; of++) {
    if (!memory.nodeAt(of).linked) continue;
    hashAt(memory, of, wordsAt, isEffective, lanes);
    for (let lane = 0; lane < LANES; lane++) sum[lane] = (sum[lane] as number) + (lanes[lane] as number);
  }
  return Array.from(sum, (word) => word.toString(16).padStart(8, "0")).join("");
}

/** Every vector with its hash, in no stated order. On the writer's thread. */
export function* slotDigests(memory: SparseMemory, wordsAt: WordsAt): IterableIterator<NodeDigest> {
  const lanes = new Uint32Array(LANES);
  for (let of = 1, end = memory.u32[at.nextSlot] as number; of < end; of++) {
    if (!memory.nodeAt(of).linked) continue;
    hashAt(memory, of, wordsAt, false, lanes);
    yield { dot: memory.dotAt(of), digest: BigInt(lanes[0] as number) | (BigInt(lanes[1] as number) << 32n) };
  }
}
