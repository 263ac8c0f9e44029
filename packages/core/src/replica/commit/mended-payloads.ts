import { MurmurationError, type PointId } from "@murmuration/index";
import { compareStamps } from "../../causality/hybrid-clock.js";
import { limits } from "../../limits.js";
import type { PointState } from "../../state/point-state.js";
import { encodeStoredPayload } from "../../state/point-state-codec.js";
import type { PointTable } from "../../state/point-table.js";
import { isSoundPayload } from "./lost-payloads.js";
import { statesOfOperations } from "./states-of-operations.js";
import type { ReplicaStore } from "./store.js";

/** Payloads of a shard by point: the keys under which they cannot be read. */
type Hurt = ReadonlyMap<PointId, number>;

/**
 * Looks through the payloads that the log keeps of shards, and writes those once more that are damaged or lost: a reader has come upon one. What
 * each of them was, the operations say, which are gone through again.
 */
export class MendedPayloads {
  readonly #store: ReplicaStore;
  /** What is under way, by shard. */
  readonly #work = new Map<string, Iterator<void>>();

  constructor(store: ReplicaStore) {
    this.#store = store;
  }

  /** Look through a shard in the ticks that follow. Where that is under way already, whoever comes upon one that it has passed says so again. */
  lookThrough(shard: string): void {
    if (!this.#work.has(shard) && this.#store.shards.has(shard)) this.#work.set(shard, this.#mendAll(shard));
  }

  /** Look at some. Everything that was applied is in the log. */
  tick(): void {
    for (const shard of this.#store.hurtPayloads) this.lookThrough(shard);
    this.#store.hurtPayloads.clear();
    const [next] = this.#work;
    if (next === undefined) return;
    const [shard, work] = next;
    try {
      for (let steps = 0; steps < limits.payloadsLookedAtPerTick; steps++) {
        if (work.next().done !== true) continue;
        this.#work.delete(shard);
        return;
      }
    } catch (error) {
      this.#work.delete(shard);
      if (!(error instanceof MurmurationError)) throw error;
      this.#store.noteFault(`payloads of shard ${shard} are damaged on the disk, and could not be mended`, error);
    }
  }

  *#mendAll(shard: string): Generator<void, void> {
    const hurt = yield* this.#findHurt(shard);
    while (hurt.size > 0) {
      const states = yield* statesOfOperations(this.#store.log, shard, new Set(hurt.keys()));
      if (states === undefined) continue;
      this.#mend(shard, hurt, states);
      return;
    }
  }

  *#findHurt(shard: string): Generator<void, Hurt> {
    const hurt = new Map<PointId, number>();
    const table = this.#tableOf(shard);
    for (const { id } of table?.states() ?? []) {
      const key = table?.payloadKeyOf(id) ?? 0;
      if (key !== 0 && !isSoundPayload(this.#store.log, shard, key)) hurt.set(id, key);
      yield;
    }
    return hurt;
  }

  #tableOf(shard: string): PointTable | undefined {
    return this.#store.shards.get(shard)?.shard.table;
  }

  #mend(shard: string, hurt: Hurt, states: ReadonlyMap<PointId, PointState>): void {
    const table = this.#tableOf(shard);
    const isHurt = (id: PointId) => table?.state(id) !== undefined && table.payloadKeyOf(id) === hurt.get(id);
    const known = Array.from(hurt).flatMap(([id, key]) => {
      const state = states.get(id);
      const current = table?.state(id);
      // written again meanwhile, under another key; or not what the operations make of it
      if (current === undefined || !isHurt(id) || state === undefined || state.version !== current.version) return [];
      return compareStamps(state.payloadStamp, current.payloadStamp) === 0 ? [{ id, key, state }] : [];
    });
    const lost = Array.from(hurt.keys()).filter((id) => !known.some((one) => one.id === id) && isHurt(id));
    if (lost.length > 0) {
      const where = "are lost with the operations that had them; another replica may have them";
      this.#store.noteFault(`payloads of shard ${shard} ${where}`, `points ${lost.join(", ")}`);
      // comparing gives them back at equal frontiers, to which it does not come without them
      if (this.#store.payloadsNeeded.has(shard)) this.#store.snapshotsWanted.add(shard);
    }
    this.#store.payloadsNeeded.delete(shard);
    if (known.length === 0) return;
    this.#store.log.transaction((writer) => {
      for (const { key, state } of known) writer.mendPayload(shard, { key, bytes: encodeStoredPayload(state.payload) });
    });
    this.#store.shards.get(shard)?.rows.payloadsMended();
    this.#store.noteFault(
      `payloads of shard ${shard} were damaged on the disk, and are written anew`,
      `points ${known.map(({ id }) => id).join(", ")}`,
    );
  }
}
