import type { ReplicaStore } from "./commit/store.js";
import type { IndexWithoutRoom } from "./peering/status.js";

/**
 * Builds payload indexes over points that are there already, in steps between groups, and gives back what dropped ones held. An index that is
 * complete is shown to readers at once.
 */
export class IndexBuilds {
  readonly #store: ReplicaStore;
  /** Where the next call goes on, so that no collection waits for another. */
  #from = 0;

  constructor(store: ReplicaStore) {
    this.#store = store;
  }

  /** Do at most so many steps. Returns whether there may be more to do at once. Nothing is done while the log refuses writes. */
  step(steps: number): boolean {
    if (!this.#store.isDurable()) return false;
    let left = steps;
    const targets = [...this.#store.shards.values()];
    for (let i = 0; i < targets.length && left > 0; i++) {
      const target = targets[(this.#from + i) % targets.length] as (typeof targets)[number];
      left = target.rows.tidy(left);
      if (target.rows.columns.hasToShow) this.#store.showAgain(target);
    }
    this.#from++;
    return left === 0;
  }

  /** Indexes that were given up. */
  withoutRoom(): IndexWithoutRoom[] {
    return Array.from(this.#store.shards.values()).flatMap(({ shard, rows }) =>
      rows.columns.givenUp().map((one) => ({ collection: shard.collection.name, ...one })),
    );
  }
}
