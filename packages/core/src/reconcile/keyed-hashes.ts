import type { KeyRange, SummaryRange } from "../gossip/message.js";

/** Something that two replicas should both have: where it stands in the order of keys, and a hash of all that it is. */
export interface KeyedHash {
  readonly key: Uint8Array;
  /** At most 128 bits. */
  readonly hash: bigint;
}

/**
 * A set in the order of its keys (byte by byte, a prefix before what it begins), with the sums of its hashes up to each place: the digest
 * of any range costs two binary searches. Sums find damage; they do not withstand somebody who forges hashes.
 */
export class KeyedHashes {
  readonly #items: readonly KeyedHash[];
  /** Sum of the hashes before each place. */
  readonly #sums: bigint[] = [0n];

  constructor(items: Iterable<KeyedHash>) {
    this.#items = [...items].sort((a, b) => Buffer.compare(a.key, b.key));
    let sum = 0n;
    for (const { hash } of this.#items) {
      sum = BigInt.asUintN(128, sum + hash);
      this.#sums.push(sum);
    }
  }

  /** What is in a range. */
  in(range: KeyRange): readonly KeyedHash[] {
    const [from, to] = this.#placesOf(range);
    return this.#items.slice(from, to);
  }

  summaryOf(range: KeyRange): SummaryRange {
    return this.#summary(range, ...this.#placesOf(range));
  }

  /** A range as at most `parts` that are equally full. */
  split(range: KeyRange, parts: number): SummaryRange[] {
    const [from, to] = this.#placesOf(range);
    const cuts: number[] = [];
    for (let part = 1; part < parts; part++) {
      const cut = from + Math.floor(((to - from) * part) / parts);
      if (cut > (cuts.at(-1) ?? from)) cuts.push(cut);
    }
    const keyAt = (place: number) => (this.#items[place] as KeyedHash).key;
    return [...cuts, to].map((end, i) => {
      const begin = cuts[i - 1] ?? from;
      const part = { from: i === 0 ? range.from : keyAt(begin), to: end === to ? range.to : keyAt(end) };
      return this.#summary(part, begin, end);
    });
  }

  #summary({ from, to }: KeyRange, begin: number, end: number): SummaryRange {
    const sum = BigInt.asUintN(128, (this.#sums[end] as bigint) - (this.#sums[begin] as bigint));
    return { from, to, count: end - begin, digest: sum.toString(16) };
  }

  #placesOf({ from, to }: KeyRange): [from: number, to: number] {
    const begin = this.#placeOf(from);
    return [begin, to.length === 0 ? this.#items.length : Math.max(begin, this.#placeOf(to))];
  }

  /** How many keys are less. */
  #placeOf(key: Uint8Array): number {
    let low = 0;
    for (let high = this.#items.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare((this.#items[middle] as KeyedHash).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Every key. */
export const wholeRange: KeyRange = { from: new Uint8Array(0), to: new Uint8Array(0) };
