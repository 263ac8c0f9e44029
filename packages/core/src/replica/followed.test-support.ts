import assert from "node:assert/strict";
import { attachSegmentReader, MurmurationError, type PointId } from "@murmuration/index";
import { withDelta } from "../catalogue/catalogue-delta.js";
import type { Catalogue } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { type MutableVersionVector, mergeInto, type VersionVector } from "../causality/version-vector.js";
import type { ReadableShard } from "../state/read-model.js";
import type { Change } from "./commit/change.js";
import type { Replica } from "./replica.js";

const THREAD = 1;

interface FollowedShard {
  readonly reader: ReturnType<typeof attachSegmentReader>;
  readonly frontier: MutableVersionVector;
  epoch: number;
}

/** What whoever reads in another thread knows of a replica: the catalogue, frontiers by epoch as it is told of them, and rows. */
export class FollowedReplica {
  readonly #shards = new Map<string, FollowedShard>();
  readonly #refusals = new Map<string, string>();
  #catalogue: Catalogue;

  constructor(replica: Replica) {
    this.#catalogue = replica.catalogue;
    for (const [id, readable] of replica.readable()) this.#open(id, readable);
    this.follow(replica.changes());
  }

  /** As another thread gets them. */
  follow(changes: readonly Change[]): void {
    for (const change of structuredClone(changes) as readonly Change[]) {
      switch (change.kind) {
        case "catalogue":
          this.#catalogue = withDelta(this.#catalogue, change.delta);
          for (const [id, readable] of change.collections) this.#open(id, readable);
          for (const id of change.delta.dropped) this.#shards.delete(id);
          break;
        case "published": {
          const shard = this.#shards.get(change.shard);
          if (shard === undefined) break;
          shard.epoch = change.epoch;
          mergeInto(shard.frontier, change.frontier);
          break;
        }
        case "replaced":
          this.#open(change.shard, change.readable);
          break;
        case "quarantined":
          this.#shards.delete(change.shard);
          this.#refusals.set(change.shard, change.refusal);
      }
    }
  }

  /** Ids of the points that are read now, in order, and the frontier that they are told to be of. */
  shard(name: string): { readonly ids: readonly PointId[]; readonly frontier: VersionVector } {
    const { id } = resolveCollection(this.#catalogue, name);
    const shard = this.#shards.get(id);
    if (shard === undefined) throw new MurmurationError("unavailable", this.#refusals.get(id) ?? "not known");
    const { reader, frontier, epoch } = shard;
    const pin = reader.pin();
    try {
      assert.equal(pin.epoch, epoch, "the epoch of now was told");
      const { rows } = reader.scroll(undefined, 1_000, pin.epoch);
      assert.equal(reader.count(pin.epoch), rows.length);
      return { ids: Array.from(rows, (row) => reader.rows.idAt(row)), frontier };
    } finally {
      pin.release();
    }
  }

  #open(id: string, { handle, epoch, frontier }: ReadableShard): void {
    this.#refusals.delete(id);
    const reader = attachSegmentReader(handle.table, THREAD);
    this.#shards.set(id, { reader, epoch, frontier: new Map(frontier) });
  }
}
