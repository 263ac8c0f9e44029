import { MurmurationError } from "@murmuration/index";
import { limits } from "../limits.js";
import type { PointState } from "../state/point-state.js";
import { encodeStoredPayload } from "../state/point-state-codec.js";
import type { ReplicaStore } from "./store.js";

/**
 * Looks through the payloads that the log keeps of shards, and writes those once more that are damaged or lost: a reader has come upon one. The
 * state has what each of them was.
 */
export class MendedPayloads {
  readonly #store: ReplicaStore;
  /** What is still to be looked at, by shard. */
  readonly #left = new Map<string, Iterator<PointState>>();

  constructor(store: ReplicaStore) {
    this.#store = store;
  }

  /** Look through a shard in the ticks that follow. Where that is under way already, whoever comes upon one that it has passed says so again. */
  lookThrough(shard: string): void {
    if (this.#left.has(shard)) return;
    const target = this.#store.shards.get(shard);
    if (target !== undefined) this.#left.set(shard, target.shard.table.states());
  }

  /** Look at some. Everything that was applied is in the log. */
  tick(): void {
    const [next] = this.#left;
    if (next === undefined) return;
    const [id, states] = next;
    const target = this.#store.shards.get(id);
    const hurt: { readonly state: PointState; readonly key: number }[] = [];
    for (let looked = 0; target !== undefined && looked < limits.payloadsLookedAtPerTick; looked++) {
      const { done, value: state } = states.next();
      if (done === true) break;
      const key = target.shard.table.payloadKeyOf(state.id);
      if (key !== 0 && !this.#isSound(id, key)) hurt.push({ state, key });
      if (looked + 1 === limits.payloadsLookedAtPerTick) return this.#mend(id, hurt);
    }
    this.#left.delete(id);
    this.#mend(id, hurt);
  }

  #isSound(shard: string, key: number): boolean {
    try {
      return this.#store.log.payload(shard, key) !== undefined;
    } catch (error) {
      if (error instanceof MurmurationError) return false;
      throw error;
    }
  }

  #mend(shard: string, hurt: readonly { readonly state: PointState; readonly key: number }[]): void {
    if (hurt.length === 0) return;
    try {
      this.#store.log.transaction((writer) => {
        for (const { state, key } of hurt)
          writer.mendPayload(shard, { key, bytes: encodeStoredPayload(state.payload) });
      });
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      this.#left.delete(shard);
      this.lookThrough(shard);
      return;
    }
    this.#store.noteFault(
      `payloads of shard ${shard} were damaged on the disk, and are written anew`,
      `points ${hurt.map(({ state }) => state.id).join(", ")}`,
    );
  }
}
