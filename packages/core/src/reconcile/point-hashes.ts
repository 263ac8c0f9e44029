import type { PointId } from "@murmuration/index";
import { pointIdToKey } from "../log/point-key.js";
import { hashPoint, hexOfWords, isUnreadable, POINT_HASH_WORDS, readableState } from "../state/digest.js";
import type { PointState } from "../state/point-state.js";
import type { Shard } from "../state/shard.js";
import { KeyedHashes } from "./keyed-hashes.js";

/**
 * Hashes of a shard's points as they lie in memory, made a few at a time, and kept up as points change: so that a large shard can be
 * compared without a pause, and one that is written to can be compared at all. Costs some 60 bytes a point while it lives.
 */
export class PointHashes {
  readonly #shard: Shard;
  readonly #rows = new Map<PointId, number>();
  readonly #free: number[] = [];
  #words = new Uint32Array(POINT_HASH_WORDS * 1024);
  readonly #sum = new Uint32Array(POINT_HASH_WORDS);
  readonly #touched = new Set<PointId>();
  /** Points that could not be read: what mends them tells nobody. */
  readonly #unreadable = new Set<PointId>();
  readonly #unwatch: () => void;
  readonly #unseen: Iterator<PointState>;
  #hasSeenAll = false;
  #sorted: KeyedHashes | undefined;

  /** It watches the shard's points until `close`. */
  constructor(shard: Shard) {
    this.#shard = shard;
    // a map's iterator goes on where it was when points come and go; what it misses is among the touched
    this.#unseen = shard.table.states();
    this.#unwatch = shard.watchPoints((id) => this.#touched.add(id));
  }

  close(): void {
    this.#unwatch();
  }

  /** Hash up to so many points. Returns how many it were. */
  step(budget: number): number {
    let done = 0;
    for (const id of this.#unreadable) this.#touched.add(id);
    for (const id of this.#touched) {
      if (done >= budget) return done;
      this.#touched.delete(id);
      this.#rehash(id);
      done++;
    }
    while (done < budget && !this.#hasSeenAll) {
      const next = this.#unseen.next();
      if (next.done === true) this.#hasSeenAll = true;
      else {
        this.#rehash(next.value.id);
        done++;
      }
    }
    return done;
  }

  /** Is every point hashed as it is now? */
  isComplete(): boolean {
    return this.#hasSeenAll && this.#touched.size === 0;
  }

  /** As `pointsDigest` gives it. */
  digest(): string {
    return hexOfWords(this.#sum);
  }

  /** In the order of keys. */
  sorted(): KeyedHashes {
    this.#sorted ??= new KeyedHashes(
      Array.from(this.#rows, ([id, row]) => ({ key: pointIdToKey(id), hash: this.#hashAt(row) })),
    );
    return this.#sorted;
  }

  #rehash(id: PointId): void {
    this.#sorted = undefined;
    // one that cannot be read is to come back from others
    const state = readableState(this.#shard, id);
    if (state === undefined && isUnreadable(this.#shard, id)) this.#unreadable.add(id);
    else this.#unreadable.delete(id);
    let row = this.#rows.get(id);
    if (row !== undefined) this.#addToSum(row, -1);
    if (state === undefined) {
      if (row !== undefined) this.#free.push(row);
      this.#rows.delete(id);
      return;
    }
    if (row === undefined) {
      row = this.#free.pop() ?? this.#rows.size;
      this.#rows.set(id, row);
    }
    if ((row + 1) * POINT_HASH_WORDS > this.#words.length) {
      const larger = new Uint32Array(2 * this.#words.length);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words.set(hashPoint(this.#shard, state), row * POINT_HASH_WORDS);
    this.#addToSum(row, 1);
  }

  #addToSum(row: number, sign: 1 | -1): void {
    for (let i = 0; i < POINT_HASH_WORDS; i++) {
      this.#sum[i] = (this.#sum[i] as number) + sign * (this.#words[row * POINT_HASH_WORDS + i] as number);
    }
  }

  #hashAt(row: number): bigint {
    const words = this.#words.subarray(row * POINT_HASH_WORDS, (row + 1) * POINT_HASH_WORDS);
    return BigInt(`0x${hexOfWords(words)}`);
  }
}
