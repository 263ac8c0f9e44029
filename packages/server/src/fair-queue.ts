import { assert } from "@murmuration/index";

interface Waiting<T> {
  items: { readonly item: T; readonly bytes: number }[];
  /** Those before it were taken. */
  head: number;
  bytes: number;
}

/** What an item takes beside its bytes. */
const ITEM_BYTES = 256;
/** Taken items are let go of in one go when there are so many. */
const COMPACT_AT = 1_024;

/** What waits, by its owner, within a bound in bytes for each. Owners take turns, so that one that sends much holds no other up. */
export class FairQueue<T> {
  /** Whose turn is next stands first. */
  readonly #owners = new Map<number, Waiting<T>>();
  #bytes = 0;

  /** Bytes of what waits, with what each item costs. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /** Takes an item if it fits what its owner may have waiting; one that is alone always does. Returns whether it was taken. */
  push(owner: number, item: T, bytes: number, ownerBytesMax: number): boolean {
    const cost = bytes + ITEM_BYTES;
    const waiting = this.#owners.get(owner) ?? { items: [], head: 0, bytes: 0 };
    if (waiting.bytes > 0 && waiting.bytes + cost > ownerBytesMax) return false;
    waiting.items.push({ item, bytes: cost });
    waiting.bytes += cost;
    this.#bytes += cost;
    this.#owners.set(owner, waiting);
    return true;
  }

  /** The next item and what it costs; its owner is the last in turn then. */
  shift(): { readonly item: T; readonly bytes: number } | undefined {
    const [next] = this.#owners;
    if (next === undefined) return undefined;
    const [owner, waiting] = next;
    const taken = waiting.items[waiting.head];
    assert(taken !== undefined, "an owner has something that waits");
    waiting.head += 1;
    waiting.bytes -= taken.bytes;
    this.#bytes -= taken.bytes;
    this.#owners.delete(owner);
    if (waiting.head === waiting.items.length) return taken;
    if (waiting.head >= COMPACT_AT) {
      waiting.items = waiting.items.slice(waiting.head);
      waiting.head = 0;
    }
    this.#owners.set(owner, waiting);
    return taken;
  }

  clear(): void {
    this.#owners.clear();
    this.#bytes = 0;
  }
}
