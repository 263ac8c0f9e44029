import { covers, mergeVersionVectors, type VersionVector } from "../../causality/version-vector.js";

const BATCHES_MAX = 64;

interface Batch<T> {
  since: VersionVector;
  items: T[];
}

/**
 * Things that wait until everything held now is held by every member: each with the frontier at which it was added. A bounded number
 * of frontiers is told apart; beyond it, newcomers wait with the last ones, a little longer than they would have to.
 */
export class StableBatches<T> {
  readonly #batches: Batch<T>[] = [];
  readonly #keyOf: (item: T) => string;
  /** The batch that an item was last added to: what it waits for is what made it wait last. */
  readonly #latest = new Map<string, Batch<T>>();

  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#batches.reduce((sum, batch) => sum + batch.items.length, 0);
  }

  add(items: readonly T[], frontier: VersionVector): void {
    if (items.length === 0) return;
    const last = this.#batches.at(-1);
    if (last !== undefined && this.#batches.length >= BATCHES_MAX) {
      last.since = mergeVersionVectors(last.since, frontier);
      this.#put(last, items);
      return;
    }
    const batch: Batch<T> = { since: new Map(frontier), items: [] };
    this.#put(batch, items);
    this.#batches.push(batch);
  }

  #put(batch: Batch<T>, items: readonly T[]): void {
    for (const item of items) {
      batch.items.push(item);
      this.#latest.set(this.#keyOf(item), batch);
    }
  }

  /** Takes what was added at frontiers that are stable now. */
  take(stable: VersionVector): T[] {
    const ready: T[] = [];
    for (;;) {
      const first = this.#batches[0];
      if (first === undefined || !covers(stable, first.since)) return ready;
      this.#batches.shift();
      for (const item of first.items) {
        const key = this.#keyOf(item);
        // dead, alive, dead again: the first death's stability says nothing of the second
        if (this.#latest.get(key) !== first) continue;
        this.#latest.delete(key);
        ready.push(item);
      }
    }
  }
}
