import { assert, MurmurationError, type PointId } from "@murmuration/index";
import type { Catalogue } from "../../catalogue/collection.js";
import type { Erasure } from "../../catalogue/erasure.js";
import { dotText } from "../../causality/dot.js";
import { compareStamps, type Stamp } from "../../causality/hybrid-clock.js";
import { covers, emptyVersionVector, sequenceOf, type VersionVector } from "../../causality/version-vector.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { PeeringForUpkeep } from "./cluster-options.js";
import type { Compactor } from "./compactor.js";
import { type ErasureHere, type ErasureStage, type ErasureStatus, statusOf } from "./erasure-status.js";
import { lackingOf } from "./known-members.js";
import { scrubShards } from "./scrub.js";

/** Setting of the log: ids of the erasures of which nothing is in it any more. */
export const SCRUBBED_SETTING = "erasures.scrubbed";

/** A piece of work in steps, each of bounded cost: one a tick. */
type Steps<Result = void> = Generator<void, Result, void>;

/** One erasure that has no receipt of this replica. */
class Work {
  readonly erasure: Erasure;
  stage: ErasureStage = "delivery";
  /** What was there when it began: the shard may be replaced since, and then it is begun again. */
  target: WritableShard | undefined;
  steps: Steps | undefined;
  waitsOn: VersionVector | undefined;
  left = 0;
  /** Why its last step failed: it is begun again then, a while later. */
  failure: string | undefined;
  retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(erasure: Erasure) {
    this.erasure = erasure;
  }
}

/**
 * A replica's own part in erasures, from the deletes to a log and a memory that have nothing of what was deleted (docs/erasure.md). Nothing of how far it
 * is gets kept: after a start it is done again from the beginning, and comes to the same. The receipt is written by the host (`confirm-erasures`),
 * when what it keeps beside the replica has nothing of it either, and is refused before this has come to its end.
 */
export class Eraser {
  readonly #store: ReplicaStore;
  readonly #peering: PeeringForUpkeep | undefined;
  readonly #compactor: Compactor;
  readonly #works = new Map<string, Work>();
  /** The catalogue whose erasures these are. */
  #taken: Catalogue | undefined;
  /** Log and memory are scrubbed for several erasures at once. */
  #round: { readonly works: readonly Work[]; readonly steps: Steps } | undefined;
  #failure: string | undefined;
  #retryAtMs = Number.NEGATIVE_INFINITY;

  constructor(store: ReplicaStore, peering: PeeringForUpkeep | undefined, compactor: Compactor) {
    this.#store = store;
    this.#peering = peering;
    this.#compactor = compactor;
  }

  /** One step of each erasure. A log that refuses is asked again later; what one erasure cannot read keeps no other from going on. */
  tick(nowMs: number): void {
    this.#takeNew();
    if (this.#works.size === 0 || !this.#store.isDurable()) return;
    for (const work of this.#works.values())
      if (work.stage !== "outside" && nowMs >= work.retryAtMs) this.#tryStep(work, nowMs);
    if (nowMs < this.#retryAtMs) return;
    try {
      this.#stepRound();
      this.#failure = undefined;
    } catch (error) {
      this.#round = undefined;
      if (!(error instanceof MurmurationError)) throw error;
      this.#failure = error.message;
      this.#retryAtMs = nowMs + limits.compactionRetryMs;
    }
  }

  /** Erasures of which nothing is in log and memory any more, and which this replica has no receipt of. */
  ready(): string[] {
    const isReady = ({ stage }: Work) => stage === "outside" || isPlanted("receipt-too-early");
    return [...this.#works.values()].filter(isReady).map(({ erasure }) => erasure.id);
  }

  /** Throws `unavailable` for one that is not ready. */
  requireReady(ids: readonly string[]): void {
    const has = new Set(
      this.#store.catalogue.receipts?.filter((one) => one.replica === this.#store.id).map((one) => one.erasure),
    );
    const early = ids.find((id) => this.#works.get(id)?.stage !== "outside" && !has.has(id));
    if (early !== undefined && !isPlanted("receipt-too-early"))
      throw new MurmurationError("unavailable", `of erasure ${early} something may still be here`);
  }

  /** All erasures that are known, the newest first. */
  status(): ErasureStatus[] {
    const { catalogue, id } = this.#store;
    const all = catalogue.erasures ?? [];
    return all.map((erasure) => statusOf(catalogue, erasure, id, this.#here(erasure))).reverse();
  }

  #here(erasure: Erasure): ErasureHere {
    const work = this.#works.get(erasure.id);
    const isDone = this.#store.catalogue.receipts?.some(
      (one) => one.erasure === erasure.id && one.replica === this.#store.id,
    );
    const stage = work?.stage ?? (isDone === true ? "erased" : "delivery");
    const on = work?.waitsOn ?? new Map(erasure.through);
    const isWaiting = stage === "delivery" || stage === "stability";
    const known = isWaiting ? this.#peering?.known() : undefined;
    const waitsFor = known === undefined ? [] : lackingOf(known, erasure.collection, on);
    const left = stage === "purge" ? (work?.left ?? 0) : 0;
    const { frontier } = this.#store.shards.get(erasure.collection)?.shard ?? {};
    const lost = frontier === undefined ? [] : lostOrigins(this.#store.catalogue, new Map(erasure.through), frontier);
    return { stage, waitsFor, left, lost, failure: work?.failure ?? this.#failure };
  }

  #takeNew(): void {
    const { catalogue, id } = this.#store;
    if (catalogue === this.#taken) return;
    this.#taken = catalogue;
    const done = new Set(catalogue.receipts?.filter((one) => one.replica === id).map((one) => one.erasure));
    const wanted = new Map(catalogue.erasures?.filter((one) => !done.has(one.id)).map((one) => [one.id, one]));
    for (const known of this.#works.keys()) if (!wanted.has(known)) this.#works.delete(known);
    for (const [known, erasure] of wanted) if (!this.#works.has(known)) this.#works.set(known, new Work(erasure));
  }

  #tryStep(work: Work, nowMs: number): void {
    try {
      this.#step(work);
      work.failure = undefined;
    } catch (error) {
      // steps that have thrown go on no more
      work.steps = undefined;
      if (!(error instanceof MurmurationError)) throw error;
      work.failure = error.message;
      work.retryAtMs = nowMs + limits.compactionRetryMs;
    }
  }

  #step(work: Work): void {
    const { erasure } = work;
    const isThere = this.#store.catalogue.collections[erasure.collection] !== undefined;
    const target = this.#store.shards.get(erasure.collection);
    const isHeld = isThere && (target === undefined || this.#isReceiving(erasure.collection));
    if (isHeld || target !== work.target || work.steps === undefined) {
      if (this.#round?.works.includes(work)) this.#round = undefined;
      work.target = target;
      work.steps = isHeld ? undefined : this.#stepsOf(work, target);
      work.stage = isHeld ? "held" : "delivery";
    }
    work.steps?.next();
  }

  /** Is a snapshot of the shard wanted from another member, or on its way here? */
  #isReceiving(shard: string): boolean {
    return this.#store.snapshotsWanted.has(shard) || this.#peering?.known().lagging.includes(shard) === true;
  }

  /** Until the operations of which something may be left can be dropped. Where the collection is gone, it has gone with it. */
  *#stepsOf(work: Work, target: WritableShard | undefined): Steps {
    if (target !== undefined) {
      work.stage = "delivery";
      yield* this.#untilStable(work, target, new Map(work.erasure.through));
      if (!isPlanted("erasure-leaves-tombstones")) {
        work.stage = "purge";
        yield* this.#untilPurged(work, target);
      }
      work.stage = "stability";
      yield* this.#untilStable(work, target, new Map(target.shard.frontier));
      // what the start found may be damaged: until it is known not to be, nothing is dropped
      while (this.#peering?.isChecked(target.shard.id) === false) yield;
    }
    this.#store.conflicts.forget(work.erasure.collection);
    work.stage = "log";
  }

  *#untilStable(work: Work, { shard }: WritableShard, wanted: VersionVector): Steps {
    work.waitsOn = wanted;
    for (;;) {
      const stable = this.#peering?.stable(shard.id) ?? this.#stableAlone(shard.frontier);
      if (covers(stable, this.#withoutLost(shard, wanted))) return;
      yield;
    }
  }

  /**
   * Without what evicted members wrote and nobody has: it was lost with them, and is taken from nobody any more. That is known when every member says
   * to know this replica's catalogue, the eviction in it, and to hold no more of theirs than is here.
   */
  #withoutLost({ id: shard, frontier }: Shard, wanted: VersionVector): VersionVector {
    const lost = lostOrigins(this.#store.catalogue, wanted, frontier);
    const known = lost.length === 0 ? undefined : this.#peering?.known();
    if (known === undefined) return wanted;
    const capped = new Map(wanted);
    for (const origin of lost) {
      const here = sequenceOf(frontier, origin);
      const isFinal = known.others.every((member) => {
        const said = known.frontiersOf.get(member);
        return (
          covers(said?.get(SYSTEM_SHARD) ?? emptyVersionVector, this.#store.system.frontier) &&
          sequenceOf(said?.get(shard) ?? emptyVersionVector, origin) <= here
        );
      });
      if (isFinal) capped.set(origin, here);
    }
    return capped;
  }

  /** Of a member of a cluster that runs by itself for a while nothing is known of the others. */
  #stableAlone(frontier: VersionVector): VersionVector {
    const { catalogue, id } = this.#store;
    const others = catalogue.members.some((member) => member.state === "active" && member.id !== id);
    return others ? new Map() : frontier;
  }

  /** What is deleted now, all that the erasure is about among it: until it is forgotten, or written again. */
  *#untilPurged(work: Work, { shard, indexes }: WritableShard): Steps {
    const tombstones = new Map<PointId, Stamp>();
    let looked = 0;
    const hasLookedEnough = () => ++looked % limits.erasureLooksPerTick === 0;
    if (shard.table.tombstones > 0) {
      for (const state of shard.table.states()) {
        if (!state.exists) tombstones.set(state.id, state.stamp);
        if (hasLookedEnough()) yield;
      }
    }
    for (const [id, stamp] of tombstones) {
      for (;;) {
        const state = shard.table.state(id);
        if (state === undefined || state.exists || compareStamps(state.stamp, stamp) !== 0) break;
        work.left = tombstones.size;
        yield;
      }
      tombstones.delete(id);
      if (hasLookedEnough()) yield;
    }
    for (const [key, space] of indexes) {
      const dead = new Map<string, ReturnType<typeof space.reader.dotAt>>();
      for (let slot = 0; slot < space.reader.slotCount; slot++) {
        const node = space.reader.nodeAt(slot);
        if (node.linked && node.dead) {
          const dot = space.reader.dotAt(slot);
          dead.set(dotText(dot), dot);
        }
        if (hasLookedEnough()) yield;
      }
      for (const [text, dot] of dead) {
        for (;;) {
          const slot = indexes.get(key) === space ? space.slotOf(dot) : undefined;
          if (slot === undefined || !space.reader.nodeAt(slot).dead) break;
          work.left = dead.size;
          yield;
        }
        dead.delete(text);
        if (hasLookedEnough()) yield;
      }
    }
    work.left = 0;
  }

  /** Those that have come to the log are gone on with together. */
  #stepRound(): void {
    if (this.#round === undefined) {
      const works = [...this.#works.values()].filter(({ stage }) => stage === "log");
      if (works.length === 0) return;
      const targets = new Set(works.map(({ target }) => target).filter((target) => target !== undefined));
      this.#round = { works, steps: scrubShards(this.#store, this.#compactor, targets) };
    }
    const { works, steps } = this.#round;
    if (steps.next().done !== true) return;
    this.#round = undefined;
    assert(
      works.every(({ stage }) => stage === "log"),
      "a round is of erasures that have come to the log",
    );
    const known = new Set((this.#store.catalogue.erasures ?? []).map(({ id }) => id));
    const scrubbed = new Set([
      ...scrubbedErasures(this.#store.log.setting(SCRUBBED_SETTING)),
      ...works.map(({ erasure }) => erasure.id),
    ]);
    const text = JSON.stringify([...scrubbed].filter((id) => known.has(id)).sort());
    this.#store.log.transaction((writer) => writer.putSetting(SCRUBBED_SETTING, text));
    for (const work of works) work.stage = "outside";
    mark("erased from the log");
  }
}

/** Ids of the erasures that a log has nothing of, by what stands in its setting. */
export function scrubbedErasures(setting: string | undefined): string[] {
  if (setting === undefined) return [];
  const value: unknown = JSON.parse(setting);
  return Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];
}

/** Evicted members of whose operations some are wanted that are not here. */
function lostOrigins(catalogue: Catalogue, wanted: VersionVector, frontier: VersionVector): number[] {
  const isLacking = (id: number) => sequenceOf(wanted, id) > sequenceOf(frontier, id);
  return catalogue.members.filter(({ id, state }) => state === "evicted" && isLacking(id)).map(({ id }) => id);
}
