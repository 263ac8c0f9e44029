import type { PointId } from "@murmuration/index";
import { compareStamps } from "../../causality/hybrid-clock.js";
import type { VersionVector } from "../../causality/version-vector.js";
import { limits } from "../../limits.js";
import type { Tombstone } from "../../operation/forget.js";
import type { Shard } from "../../state/shard.js";
import { StableBatches } from "./stable-batches.js";
import type { WriteUpkeep } from "./write-upkeep.js";

/** Tombstones that one operation names at most. */
const FORGET_MAX = limits.idsPerOperationMax;

/** Tombstones of points, until everybody holds the delete and its owner lets all forget it. */
export class Tombstones {
  readonly #shard: Shard;
  readonly #waiting = new StableBatches<PointId>((id) => `${typeof id} ${id}`);
  /** Stable ones, with the deletes that are: those of owners that are others, perhaps not for ever, and more than fit one operation. */
  #ready: Tombstone[] = [];

  constructor(shard: Shard) {
    this.#shard = shard;
    const ids: PointId[] = [];
    if (shard.table.tombstones > 0) for (const state of shard.table.states()) if (!state.exists) ids.push(state.id);
    this.#waiting.add(ids, shard.frontier);
    shard.takeDeleted();
  }

  step(owned: ReadonlySet<number>, stable: VersionVector, write: WriteUpkeep): { count: number; atRest: boolean } {
    const shard = this.#shard;
    this.#waiting.add(shard.takeDeleted(), shard.frontier);
    for (const id of this.#waiting.take(stable)) {
      const state = shard.table.state(id);
      if (state !== undefined && !state.exists) this.#ready.push({ id, stamp: state.stamp });
    }
    const ready = this.#ready;
    this.#ready = [];
    const tombstones: Tombstone[] = [];
    let left = 0;
    for (const tombstone of ready) {
      const state = shard.table.state(tombstone.id);
      // forgotten, written again, or deleted again: then it waits for that delete
      if (state === undefined || state.exists || compareStamps(state.stamp, tombstone.stamp) !== 0) continue;
      const isOwned = owned.has(state.stamp.origin);
      if (isOwned && tombstones.length < FORGET_MAX) {
        tombstones.push(tombstone);
        continue;
      }
      // another's to forget; it may become ours
      this.#ready.push(tombstone);
      if (isOwned) left++;
    }
    if (tombstones.length > 0) write({ kind: "forget", tombstones });
    return { count: tombstones.length, atRest: this.#waiting.size === 0 && left === 0 };
  }
}
