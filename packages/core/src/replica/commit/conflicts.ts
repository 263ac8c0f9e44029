import { MurmurationError, type PointId } from "@murmuration/index";
import type { Dot } from "../../causality/dot.js";
import type { Stamp } from "../../causality/hybrid-clock.js";
import { covers } from "../../causality/version-vector.js";
import { limits } from "../../limits.js";
import { dotOf, type Operation, type OperationKind } from "../../operation/operation.js";
import { pointsOf } from "../../operation/points-of.js";
import { type Contested, contestedBy, type Looked, lookAt } from "../../state/contested.js";
import type { Shard } from "../../state/shard.js";

/** Two writes of one point that did not know of each other, as it was seen when the second of them came. */
export interface NotedConflict extends Contested {
  readonly shard: string;
  readonly id: PointId;
  /** The write that came when the other was here. */
  readonly came: Dot & Stamp & { readonly kind: OperationKind };
  /** Counts up, over all shards. */
  readonly number: number;
}

const cameBy = (operation: Operation) => ({ ...dotOf(operation), time: operation.time, kind: operation.kind });

/**
 * The latest conflicts between writes of points that this replica has seen since it was opened, in memory alone: told beside what `apply` does, and
 * part of no state, no digest and no message. An operation of this replica knows of all that is here: conflicts come with those of others.
 */
export class Conflicts {
  /** The latest last. */
  readonly #noted: NotedConflict[] = [];
  #number = 0;

  /** Conflicts that were noted since the start, also those that are not kept any more. */
  get total(): number {
    return this.#number;
  }

  /**
   * Looks at what an operation of another replica will find; the returned function notes it, once it was applied. Of an operation of many points or
   * registers, so many are looked at.
   */
  look(shard: Shard, operation: Operation): (() => void) | undefined {
    const ids = pointsOf(operation);
    if (ids.length === 0) return undefined;
    const { frontier } = shard;
    const past = shard.causality.pastOf(operation);
    if (covers(past, frontier)) return undefined;
    let looked: Looked | undefined;
    const found: Omit<NotedConflict, "number">[] = [];
    try {
      for (let at = 0; at < Math.min(ids.length, limits.conflictPointsMax); at++) {
        const id = ids[at] as PointId;
        const state = shard.table.state(id);
        if (state === undefined) continue;
        looked ??= lookAt(operation, past, frontier);
        if (looked.registersLeft <= 0) break;
        for (const one of contestedBy(state, looked))
          found.push({ ...one, shard: shard.id, id, came: cameBy(operation) });
      }
    } catch (error) {
      // whoever applies it meets the same, and says so
      if (error instanceof MurmurationError) return undefined;
      throw error;
    }
    return found.length === 0 ? undefined : () => this.#note(found);
  }

  #note(found: readonly Omit<NotedConflict, "number">[]): void {
    for (const one of found) this.#noted.push({ ...one, number: ++this.#number });
    if (this.#noted.length > limits.conflictsKept) this.#noted.splice(0, this.#noted.length - limits.conflictsKept);
  }

  /** Those of a shard, the latest first. */
  of(shard: string): NotedConflict[] {
    return this.#noted.filter((one) => one.shard === shard).reverse();
  }

  /** Which write it was that stood there is known now; `undefined`: the one that came knew of it, and there was no conflict. */
  resolve({ number }: NotedConflict, heldSequence: number | undefined): void {
    const at = this.#noted.findIndex((one) => one.number === number);
    const noted = this.#noted[at];
    if (noted === undefined) return;
    if (heldSequence !== undefined) this.#noted[at] = { ...noted, heldSequence, isSure: true };
    else this.#noted.splice(at, 1);
  }

  /** Forget what was noted of a shard: the ids of points that are erased are not to be left here. */
  forget(shard: string): void {
    const kept = this.#noted.filter((one) => one.shard !== shard);
    this.#noted.splice(0, this.#noted.length, ...kept);
  }
}
