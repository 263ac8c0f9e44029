import {
  type Batch,
  type Command,
  compareStamps,
  decodeBatchOperations,
  limits,
  type Replica,
  type Stamp,
} from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import { collectionName } from "../commands.js";
import { Violated } from "./checker.js";

interface Acknowledged {
  readonly stamp: Stamp;
  readonly exists: boolean;
}

/** Points that are written whole, or deleted, by what a command came to. */
function idsOf(written: readonly Batch[]): PointId[] {
  return written
    .flatMap((batch) => decodeBatchOperations(batch))
    .flatMap((operation): readonly PointId[] => {
      return operation.kind === "upsert" ? [operation.id] : operation.kind === "delete" ? operation.ids : [];
    });
}

/** No acknowledged write is lost, and nothing that was deleted comes back: the latest acknowledged stamp of every point decides. */
export class WriteChecker {
  /** By replica that acknowledged. */
  readonly #latest = new Map<number, Map<PointId, Acknowledged>>();

  /** A command was acknowledged by this replica; `soundClockMs` is its clock, when that was never put forward. */
  note(replica: Replica, command: Command, written: readonly Batch[], soundClockMs: number | undefined): void {
    const isPlain = command.kind === "upsert-points" && command.mode === "upsert" && command.updateFilter === undefined;
    if (isPlain && written.length === 0) {
      const ids = command.points.map(({ id }) => id).join();
      throw new Violated("writes", `replica ${replica.id} acknowledged a write of ${ids} and wrote nothing`);
    }
    const latest = this.#latest.get(replica.id) ?? new Map<PointId, Acknowledged>();
    this.#latest.set(replica.id, latest);
    for (const id of idsOf(written)) {
      const state = replica.shard(collectionName).table.state(id);
      const about = { nodes: [replica.id], points: [String(id)] };
      if (state === undefined) {
        throw new Violated("writes", `a write of point ${id} was acknowledged and left nothing`, about);
      }
      const aheadMs = state.stamp.time.wallMs - (soundClockMs ?? Number.POSITIVE_INFINITY);
      if (state.stamp.origin === replica.id && aheadMs > limits.clockDriftMsMax) {
        throw new Violated(
          "clock",
          `replica ${replica.id} wrote point ${id} with a time ${aheadMs} ms ahead of its clock`,
          about,
        );
      }
      const known = latest.get(id);
      if (known === undefined || compareStamps(state.stamp, known.stamp) > 0) {
        latest.set(id, { stamp: state.stamp, exists: state.exists });
      }
    }
  }

  readonly #givenUp = new Set<number>();

  /** A replica is given up, with what nobody else had of it. */
  giveUp(replica: number): void {
    this.#givenUp.add(replica);
  }

  /** Everything has come to rest. */
  check(replica: Replica): void {
    const { table } = replica.shard(collectionName);
    const all = new Map<PointId, Acknowledged & { readonly by: number }>();
    for (const [by, latest] of this.#latest) {
      for (const [id, write] of latest) {
        const known = all.get(id);
        if (known === undefined || compareStamps(write.stamp, known.stamp) > 0) all.set(id, { ...write, by });
      }
    }
    for (const [id, { stamp, exists, by }] of all) {
      // it may have reached others, or not
      if (this.#givenUp.has(by)) continue;
      const state = table.state(id);
      const order = state === undefined ? undefined : compareStamps(state.stamp, stamp);
      if (order !== undefined && order > 0) continue;
      // a tombstone that everybody has is forgotten
      const isKept = exists
        ? order === 0 && state?.exists === true
        : state === undefined || (order === 0 && !state.exists);
      if (isKept) continue;
      const what = exists ? "an acknowledged write of" : "an acknowledged delete of";
      throw new Violated(
        "writes",
        `${what} point ${id} at ${stamp.time.wallMs} by ${stamp.origin} is lost on replica ${replica.id}`,
        { nodes: [replica.id], points: [String(id)] },
      );
    }
  }
}
