import { assert, MurmurationError } from "../errors.js";
import { reserveMemory, type SharedMemory } from "../shared-memory.js";
import { payloadMemoryBytesMax } from "./payload-limits.js";
import type { PayloadReader } from "./store.js";

/** Keys from here on are places in a payload memory; smaller ones name what a log keeps. */
const FIRST_MEMORY_KEY = 2 ** 52;
/** Bytes of a payload's length, before the payload. */
const HEAD_BYTES = 4;
const SMALLEST_BYTES = 32;
/** Place 0 is none. */
const FIRST_PLACE = SMALLEST_BYTES;

/** What a payload memory holds, in bytes. */
export interface PayloadMemoryUse {
  readonly used: number;
  readonly free: number;
}

/**
 * Payloads in memory that threads share, for one writer and any number of readers. A payload is put before the rows that name it are published, and
 * given back when no reader can see them: between the two its bytes never change, so that nobody locks. Blocks have four sizes to a
 * doubling, and are used again from a list of their size.
 */
export class PayloadMemory {
  readonly #memory: SharedMemory;
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  readonly #limit: number;
  readonly #freeBlocks = new Map<number, number[]>();
  #end = FIRST_PLACE;
  #free = 0;

  /** `bytesMax`: the most that it takes. Throws `capacity` when no address space is left. */
  constructor(bytesMax: number = payloadMemoryBytesMax) {
    assert(bytesMax <= payloadMemoryBytesMax, "a payload memory has addresses of 32 bits");
    this.#memory = reserveMemory("payload");
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#words = new DataView(this.#memory.buffer);
    this.#limit = bytesMax;
  }

  get use(): PayloadMemoryUse {
    const free = this.#limit - this.#end + this.#free;
    return { used: this.#limit - free, free };
  }

  /** What other threads read it by. */
  handle(): SharedMemory {
    return this.#memory;
  }

  /** Puts a payload. Returns its key. Throws `capacity` where there is no room for it. */
  put(payload: Uint8Array): number {
    const block = blockBytes(HEAD_BYTES + payload.byteLength);
    const place = this.#freeBlocks.get(block)?.pop();
    if (place !== undefined) this.#free -= block;
    const at = place ?? this.#grow(block);
    this.#words.setUint32(at, payload.byteLength, true);
    this.#bytes.set(payload, at + HEAD_BYTES);
    return FIRST_MEMORY_KEY + at;
  }

  /** Gives a payload back, which nobody reads any more. */
  giveBack(key: number): void {
    const at = placeOf(key);
    const block = blockBytes(HEAD_BYTES + this.#words.getUint32(at, true));
    const blocks = this.#freeBlocks.get(block);
    if (blocks === undefined) this.#freeBlocks.set(block, [at]);
    else blocks.push(at);
    this.#free += block;
  }

  #grow(block: number): number {
    const at = this.#end;
    if (at + block > this.#limit) {
      const mebibytes = Math.round(this.#limit / (1024 * 1024));
      throw new MurmurationError("capacity", `payloads that are kept in memory fill its ${mebibytes} MiB`);
    }
    this.#end += block;
    return at;
  }
}

/** Payloads by their keys: those in a payload memory from there, the others from where a log keeps them. */
export function readPayloadMemory(memory: SharedMemory, stored: PayloadReader): PayloadReader {
  const bytes = new Uint8Array(memory.buffer);
  const words = new DataView(memory.buffer);
  return {
    bytesOf: (key) => {
      if (key < FIRST_MEMORY_KEY) return stored.bytesOf(key);
      const at = placeOf(key);
      return bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + words.getUint32(at, true));
    },
  };
}

function placeOf(key: number): number {
  return key - FIRST_MEMORY_KEY;
}

/** The size of the block that holds so many bytes. */
function blockBytes(bytes: number): number {
  if (bytes <= SMALLEST_BYTES) return SMALLEST_BYTES;
  const step = 2 ** (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}
