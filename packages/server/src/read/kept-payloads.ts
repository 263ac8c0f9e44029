import type { PayloadReader } from "@murmuration/index";
import { LRUCache } from "lru-cache";

/** What an entry takes beside the payload: its key, its places in the cache, the head of a buffer. */
const ENTRY_BYTES = 256;

/** Where payloads are read that are not kept. */
export interface PayloadSource {
  /** Throws `corrupt` where it is not there or damaged, `storage` where it cannot be read. */
  read(shard: string, key: number): Uint8Array;
}

/** What has become of payloads that were asked for. */
export interface PayloadCounters {
  readonly kept: number;
  readonly read: number;
  /** Bytes that are kept. */
  readonly bytes: number;
}

/**
 * Payloads for one thread: those that were read last are kept, up to a number of bytes. What is kept never goes stale, since what stands under a
 * key never changes; what is damaged is not kept, and is read again once it was mended.
 */
export class KeptPayloads {
  readonly #source: PayloadSource;
  readonly #cache: LRUCache<string, Uint8Array> | undefined;
  #kept = 0;
  #read = 0;

  constructor(source: PayloadSource, bytesMax: number) {
    this.#source = source;
    this.#cache =
      bytesMax === 0
        ? undefined
        : new LRUCache({ maxSize: bytesMax, sizeCalculation: ({ byteLength }) => byteLength + ENTRY_BYTES });
  }

  /** Those of one shard. */
  of(shard: string): PayloadReader {
    return { bytesOf: (key) => this.#bytesOf(shard, key) };
  }

  counters(): PayloadCounters {
    return { kept: this.#kept, read: this.#read, bytes: this.#cache?.calculatedSize ?? 0 };
  }

  #bytesOf(shard: string, key: number): Uint8Array {
    const name = `${key} ${shard}`;
    const kept = this.#cache?.get(name);
    if (kept !== undefined) {
      this.#kept++;
      return kept;
    }
    const bytes = this.#source.read(shard, key);
    this.#read++;
    this.#cache?.set(name, bytes);
    return bytes;
  }
}
