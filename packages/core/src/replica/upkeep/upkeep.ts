import { MurmurationError, type SpacePort } from "@murmuration/index";
import type { CatalogueCommand } from "../../catalogue/catalogue-command.js";
import { emptyVersionVector, type VersionVector } from "../../causality/version-vector.js";
import type { Command, Receipt } from "../../command/command.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import type { Shard } from "../../state/shard.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { ReplicaStore } from "../commit/store.js";
import { SYSTEM_SHARD } from "../commit/stored-causality.js";
import type { PeeringForUpkeep } from "./cluster-options.js";
import { DeadNodes } from "./dead-nodes.js";
import { GraphMaker } from "./graph-maker.js";
import { Rescuer } from "./rescuer.js";
import { RoomWait } from "./room-wait.js";
import { Stitcher } from "./stitcher.js";
import { Tombstones } from "./tombstones.js";
import type { WriteUpkeep } from "./write-upkeep.js";

/** Bounds of the work of one call of `tick`. */
export interface UpkeepBudget {
  /** Own nodes linked to ones that were inserted concurrently, beyond the share that is linked at once. */
  readonly stitches?: number;
  /** Own nodes whose lists are freed of dead links. */
  readonly repairs?: number;
  /** Nodes of graphs that are being made that are linked. */
  readonly links?: number;
  /** Steps of building payload indexes. */
  readonly indexSteps?: number;
  /** No upkeep at all: only heartbeats, and requests for what is missing. */
  readonly isPaused?: boolean;
}

/** What upkeep has done since the replica opened, and what waits. */
export interface UpkeepStatus {
  readonly stitched: number;
  readonly repaired: number;
  readonly purged: number;
  readonly rescued: number;
  /** Nodes of graphs that take another's place. */
  readonly linked: number;
  readonly forgotten: number;
  /** Steps that found no room in a full graph. */
  readonly putOff: number;
  /** Kinds of work of shards that wait for room now. */
  readonly lacksRoom: number;
  /** Nothing is left to do until something changes, or until there is room. */
  readonly atRest: boolean;
}

const DEFAULT_STITCHES = 64;
const DEFAULT_REPAIRS = 128;
const DEFAULT_LINKS = 64;

interface ShardUpkeep {
  readonly target: WritableShard;
  readonly stitcher: Stitcher;
  readonly deadNodes: DeadNodes;
  readonly tombstones: Tombstones;
  readonly rescuer: Rescuer;
  readonly graphMaker: GraphMaker;
  readonly room: {
    readonly stitch: RoomWait;
    readonly repair: RoomWait;
    readonly rescue: RoomWait;
    readonly link: RoomWait;
    /** For the table that a switch to another graph makes. */
    readonly switch: RoomWait;
  };
}

/**
 * The graph's gardener: everything that a replica does to the graphs by itself. Each step is an operation like any other: planned,
 * logged, applied, sent. A replica works on the nodes it owns: those of its own origin and, for the member with the lowest id, those
 * of evicted members. Rules: docs/convergence.md.
 */
export class Upkeep {
  readonly #store: ReplicaStore;
  readonly #peering: PeeringForUpkeep | undefined;
  readonly #shards = new Map<string, ShardUpkeep>();
  readonly #done = { stitched: 0, repaired: 0, purged: 0, rescued: 0, linked: 0, forgotten: 0, putOff: 0 };
  #commands: CatalogueCommand[] = [];
  #atRest = false;
  #appliedBefore = 0;
  #madeBefore = 0;

  constructor(store: ReplicaStore, peering: PeeringForUpkeep | undefined) {
    this.#store = store;
    this.#peering = peering;
  }

  tick(nowMs: number, budget: UpkeepBudget): void {
    const owned = this.#ownedOrigins();
    let atRest = true;
    for (const id of this.#shards.keys()) if (!this.#store.shards.has(id)) this.#shards.delete(id);
    for (const target of this.#store.shards.values()) {
      if (!this.#tickShard(this.#upkeepOf(target), owned, nowMs, budget)) atRest = false;
    }
    this.#atRest = atRest;
    this.#appliedBefore = this.#store.applied;
    this.#madeBefore = this.#store.made;
  }

  /** Takes what upkeep wants the catalogue to say, behind what others want. */
  takeCommands(before: readonly Command[] = []): readonly Command[] {
    const commands = [...before, ...this.#commands];
    this.#commands = [];
    return commands;
  }

  /** Hears what became of the commands that were taken: one that failed is tried again later. */
  hear(commands: readonly Command[], outcomes: readonly (Receipt | MurmurationError)[], nowMs: number): void {
    for (const [at, command] of commands.entries()) {
      const wait = command.kind === "switch-graph" ? this.#shards.get(command.id)?.room.switch : undefined;
      const outcome = outcomes[at];
      if (!(outcome instanceof MurmurationError)) {
        if (command.kind === "switch-graph" && outcome?.changed === true) mark("graph switched");
        wait?.noteDone();
      } else if (wait !== undefined) {
        wait.noteFailure(nowMs);
        if (outcome.code === "capacity") this.#done.putOff++;
      }
    }
  }

  status(): UpkeepStatus {
    const hasChanged = this.#appliedBefore !== this.#store.applied || this.#madeBefore !== this.#store.made;
    let lacksRoom = 0;
    for (const { room } of this.#shards.values()) {
      for (const wait of Object.values(room)) if (wait.lacksRoom) lacksRoom++;
    }
    return { ...this.#done, lacksRoom, atRest: this.#atRest && !hasChanged };
  }

  /** Is this the member with the lowest id? Alone, it is. */
  #isFirst(): boolean {
    const first = this.#store.catalogue.members.find((member) => member.state === "active");
    return first === undefined || first.id === this.#store.id;
  }

  /** Without peering: a member of a cluster that runs by itself for a while knows nothing of what the others hold. */
  #stableAlone({ frontier }: Pick<Shard, "frontier">): VersionVector {
    const others = this.#store.catalogue.members.some(({ id, state }) => state === "active" && id !== this.#store.id);
    return others ? emptyVersionVector : frontier;
  }

  /** Origins whose nodes and tombstones are this replica's to care for. */
  #ownedOrigins(): ReadonlySet<number> {
    const { members } = this.#store.catalogue;
    const lowest = members.find((member) => member.state === "active")?.id;
    const owned = new Set([this.#store.id]);
    if (lowest === this.#store.id) {
      for (const member of members) if (member.state === "evicted") owned.add(member.id);
    }
    return owned;
  }

  #upkeepOf(target: WritableShard): ShardUpkeep {
    const known = this.#shards.get(target.shard.id);
    if (known?.target === target) return known;
    const made: ShardUpkeep = {
      target,
      stitcher: new Stitcher(target),
      deadNodes: new DeadNodes(target),
      tombstones: new Tombstones(target.shard),
      rescuer: new Rescuer(target),
      graphMaker: new GraphMaker(target),
      room: {
        stitch: new RoomWait(),
        repair: new RoomWait(),
        rescue: new RoomWait(),
        link: new RoomWait(),
        switch: new RoomWait(),
      },
    };
    this.#shards.set(target.shard.id, made);
    return made;
  }

  /** Returns whether nothing was left to do. */
  #tickShard(upkeep: ShardUpkeep, owned: ReadonlySet<number>, nowMs: number, budget: UpkeepBudget): boolean {
    const { shard, indexes } = upkeep.target;
    const { room } = upkeep;
    const store = this.#store;
    const stable = this.#peering?.stable(shard.id) ?? this.#stableAlone(shard);
    const write: WriteUpkeep = (body) => {
      try {
        store.maintain(upkeep.target, body, nowMs);
      } catch (error) {
        if (error instanceof MurmurationError && error.code === "capacity") this.#done.putOff++;
        throw error;
      }
    };
    let tagged = false;
    for (const { links } of indexes.values() as Iterable<SpacePort>) {
      if (links === undefined || links.counters().storedTags === 0) continue;
      if (links.settleTags(isPlanted("tags-settled-early") ? shard.frontier : stable) > 0) mark("tags settled");
      if (links.counters().storedTags > 0) tagged = true;
    }
    const stitched = room.stitch.attempt(nowMs, () =>
      upkeep.stitcher.step(owned, budget.stitches ?? DEFAULT_STITCHES, write),
    ) ?? { count: 0, atRest: true };
    const isChecked = this.#peering?.isChecked(shard.id) ?? true;
    const dead = room.repair.attempt(nowMs, () =>
      upkeep.deadNodes.step(owned, stable, isChecked, budget.repairs ?? DEFAULT_REPAIRS, write),
    ) ?? { repaired: 0, purged: 0, atRest: true };
    const early = isPlanted("tombstones-forgotten-early");
    const forgotten = upkeep.tombstones.step(owned, early ? shard.frontier : stable, write);
    const rescued = isPlanted("no-rescue")
      ? { count: 0, atRest: true }
      : (room.rescue.attempt(nowMs, () => upkeep.rescuer.step(owned, this.#isFirst(), write)) ?? {
          count: 0,
          atRest: true,
        });
    const { system, id } = store;
    const heard = {
      id,
      stable,
      stableCatalogue: this.#peering?.stable(SYSTEM_SHARD) ?? this.#stableAlone(system),
      catalogue: system.frontier,
    };
    const made = room.link.attempt(nowMs, () =>
      upkeep.graphMaker.step(owned, heard, budget.links ?? DEFAULT_LINKS, write),
    ) ?? { count: 0, atRest: false, commands: [] };
    if (room.switch.mayTry(nowMs)) this.#commands.push(...made.commands);
    this.#done.linked += made.count;
    if (dead.purged > 0) for (const wait of Object.values(room)) wait.noteRoom();
    if (dead.repaired > 0) mark("repaired");
    if (dead.purged > 0) mark("purged");
    if (forgotten.count > 0) mark("tombstone forgotten");
    if (rescued.count > 0) mark("rescued");
    this.#done.stitched += stitched.count;
    this.#done.repaired += dead.repaired;
    this.#done.purged += dead.purged;
    this.#done.forgotten += forgotten.count;
    this.#done.rescued += rescued.count;
    return !tagged && stitched.atRest && dead.atRest && forgotten.atRest && rescued.atRest && made.atRest;
  }
}
