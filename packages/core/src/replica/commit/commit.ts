import { MurmurationError, type PointId } from "@murmuration/index";
import { catalogueDelta } from "../../catalogue/catalogue-delta.js";
import type { CatalogueDocument } from "../../catalogue/catalogue-document.js";
import type { Collection } from "../../catalogue/collection.js";
import type { HybridClock } from "../../causality/hybrid-clock.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { ReceivedOperation } from "../../gossip/inbox.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { mark } from "../../marks.js";
import { dotOf, type Operation } from "../../operation/operation.js";
import { isPlanted } from "../../planted.js";
import type { CausalState } from "../../state/causal-state.js";
import { type Journal, takeBack } from "../../state/journal.js";
import { readKeptPayloads } from "../../state/kept-payloads.js";
import { readableShards } from "../../state/open-shard.js";
import type { NewTableSeed } from "../../state/read-model.js";
import type { Shard } from "../../state/shard.js";
import { StoredStates } from "../../state/stored-states.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Change } from "./change.js";
import type { CommitGroup } from "./commit-group.js";
import type { DroppedPayloads } from "./dropped-payloads.js";
import type { OwnRows } from "./own-rows.js";
import type { ReplicaWatch } from "./phases.js";
import { PreparedRows } from "./prepared-rows.js";
import type { Quarantines } from "./quarantines.js";
import { replacedBy } from "./replaced.js";
import type { FollowedCatalogue, OpenedForCatalogue } from "./shards-of-catalogue.js";
import { causalSetting, SYSTEM_SHARD, storedCausality } from "./stored-causality.js";
import { dropStoredShard, putAllPoints, putClock } from "./write-shard.js";

/** The state that groups are committed to. */
export interface CommitState {
  readonly log: OpLog;
  readonly time: HybridClock;
  readonly shards: Map<string, WritableShard>;
  readonly system: CausalState;
  document: CatalogueDocument;
  readonly quarantines: Quarantines;
  readonly snapshotsWanted: Set<string>;
  readonly checkpointsWanted: Set<string>;
  /** Shards of which a payload could not be read. Whoever looks through them takes them out. */
  readonly hurtPayloads: Set<string>;
  /** Those of them that wait for it with operations of others. */
  readonly payloadsNeeded: Set<string>;
  readonly newTableSeed: NewTableSeed;
  readonly droppedPayloads: DroppedPayloads;
  readonly watch: ReplicaWatch | undefined;
  /** The state of a shard is not known any more. */
  quarantine(id: string, reason: string, error: unknown): void;
  /** State for what a catalogue has and this replica has not. Throws `capacity`. */
  openAdded(after: CatalogueDocument): OpenedForCatalogue;
  /** Make the shards those of the catalogue; what a step did is in the journal before the next one. */
  followCatalogue(opened: OpenedForCatalogue, journal: Journal): FollowedCatalogue;
}

/** What is durable, and may be told. */
export interface Committed {
  readonly changes: readonly Change[];
  /** Own operations, to be sent. */
  readonly own: readonly OwnRows[];
}

/**
 * The one way in which state and log change together, whoever wrote an operation and whatever it is about: it is checked; it is applied, whole
 * or not at all; the rows that readers will see are prepared; everything is appended and committed in one transaction; the rows are
 * published; it is told. Nothing is visible before it is durable. Where the log refuses a group, its rows are taken back, and the group
 * itself when it is of own commands; any other waits. A shard of which something was done by half is quarantined.
 */
export class Commit {
  readonly #state: CommitState;

  constructor(state: CommitState) {
    this.#state = state;
  }

  /**
   * Check the next operation of its origin, and apply it. Throws for one that does not fit the state, or finds no room, and then has changed nothing;
   * `internal` when it was applied by half, and the shard is quarantined with it.
   */
  apply(group: CommitGroup, target: WritableShard, received: ReceivedOperation): void {
    const { shard } = target;
    const { operation } = received;
    const { kind, origin, sequence } = operation;
    this.#requirePayloads(group, shard, operation);
    this.#check(group, target, operation);
    const { ids } = this.whole(shard, `operation ${origin}:${sequence} (${kind}) was applied by half`, () =>
      shard.apply(operation, group.journal),
    );
    const isForgotten = isPlanted("projection-lost") && group.journal === undefined;
    group.applied(target, received, isForgotten ? [] : ids);
  }

  /** What an operation leaves of payloads can be had. Where it cannot, the shard is looked through, and the operation may come again. */
  #requirePayloads(group: CommitGroup, shard: Shard, operation: Operation): void {
    try {
      readKeptPayloads(shard.table, operation);
    } catch (error) {
      this.#state.hurtPayloads.add(shard.id);
      if (group.journal === undefined) this.#state.payloadsNeeded.add(shard.id);
      throw error;
    }
  }

  /** What was planned on this state fits it, and may find no room. */
  #check(group: CommitGroup, { shard, rows }: WritableShard, operation: Operation): void {
    try {
      shard.check(operation);
      rows.requireRoomFor(operation);
    } catch (error) {
      const isOwn = group.journal !== undefined;
      if (!isOwn || (error instanceof MurmurationError && error.code === "capacity")) throw error;
      throw new Error("an operation does not fit the state that it was planned on", { cause: error });
    }
  }

  /** Do something that must not be done by half. */
  whole<T>(shard: Shard, failure: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      this.#state.quarantine(shard.id, failure, error);
      throw new MurmurationError("internal", failure, undefined, error);
    }
  }

  /**
   * Put right what is not what its operations make of it: no operation says so, and what is right was checked before. Whole, or the shard is
   * quarantined. `mend` returns the points whose rows are others now, or `undefined` where there was nothing to mend. `write`: what the log has
   * to know of it. Returns whether something was mended.
   */
  mend(
    group: CommitGroup,
    target: WritableShard,
    failure: string,
    mend: () => readonly PointId[] | undefined,
    write?: (writer: LogWriter) => void,
  ): boolean {
    const ids = this.whole(target.shard, failure, mend);
    if (ids === undefined) return false;
    group.touch(target, ids);
    if (write !== undefined) group.write(target.shard.id, write, []);
    return true;
  }

  /**
   * The same for an operation of the catalogue. Throws as `CatalogueDocument.receive` does, and `capacity` when there is no memory for what is
   * new; then nothing has changed.
   */
  applyCatalogue(group: CommitGroup, { operation, bytes }: ReceivedOperation): void {
    const state = this.#state;
    if (operation.kind !== "catalogue") {
      throw new MurmurationError("corrupt", `an operation ${operation.kind} is not for the system shard`);
    }
    state.quarantines.refuse(SYSTEM_SHARD);
    const before = state.document;
    const after = before.receive(operation.change, dotOf(operation));
    const opened = state.openAdded(after);
    const journal: Journal = [
      () => {
        state.document = before;
      },
    ];
    let followed: FollowedCatalogue;
    try {
      state.document = after;
      followed = state.followCatalogue(opened, journal);
      state.system.advance(operation, journal);
    } catch (error) {
      takeBack(journal);
      throw error;
    }
    group.journal?.push(...journal);
    const { origin, sequence } = operation;
    const { dropped, described } = followed;
    const write = (writer: LogWriter) => {
      // first what goes: where the disk is full, it makes the room for the operation that drops it
      for (const id of dropped) dropStoredShard(writer, id);
      writer.append(SYSTEM_SHARD, origin, sequence, bytes);
      writer.putSetting(causalSetting(SYSTEM_SHARD), storedCausality(state.system));
    };
    group.write(SYSTEM_SHARD, write, dropped);
    for (const target of described) {
      group.touch(target, []);
      if (hasDropped(before, target) && storedCheckpoint(state.log, target.shard.id) !== undefined)
        state.checkpointsWanted.add(target.shard.id);
    }
    group.changed({
      kind: "catalogue",
      delta: catalogueDelta(before.read(), after.read()),
      frontier: new Map(state.system.frontier),
      collections: readableShards(opened.shards),
    });
  }

  /**
   * Make a group durable, and show it. `isLazy`: it can be had again from others, and need not wait for the disk. Throws what the log throws, and
   * `capacity` where a payload index has no room for its rows; then nobody has seen anything of it, and it is as it was. A group that cannot
   * be taken back gives such an index up instead.
   */
  commit(group: CommitGroup, { isLazy }: { readonly isLazy: boolean }): Committed {
    const { log, time, shards, snapshotsWanted, checkpointsWanted, droppedPayloads, watch } = this.#state;
    watch?.enter("publish");
    const rows = new PreparedRows(group.targets(shards), { givesUp: group.journal === undefined });
    try {
      watch?.enter("append");
      log.transaction(
        (writer) => {
          group.writeAll(writer, shards);
          putClock(writer, time);
        },
        { isLazy },
      );
    } catch (error) {
      rows.takeBack();
      droppedPayloads.wantRoom();
      throw error;
    }
    watch?.enter("publish");
    for (const { shard } of group.targets(shards)) shard.table.written();
    const published = rows.publish();
    for (const id of group.gone) {
      snapshotsWanted.delete(id);
      checkpointsWanted.delete(id);
    }
    const { changes, own } = group.told();
    return { changes: droppedPayloads.committed([...changes, ...published]), own };
  }

  /** Show readers what is of no operation: payload indexes that were built. Everything is durable. */
  showAgain(target: WritableShard): Change[] {
    return new PreparedRows([target], { givesUp: true }).publish();
  }

  /** Put another state of a shard in place of the one that it has, with what `write` writes; or, when the log refuses, not at all. */
  replace(target: WritableShard, write: (writer: LogWriter) => void): readonly Change[] {
    const { log, time, shards, quarantines, snapshotsWanted, droppedPayloads } = this.#state;
    const { shard } = target;
    // in a table of its own, which nobody knows yet
    target.rows.fill(this.#state.newTableSeed);
    log.transaction((writer) => {
      write(writer);
      putAllPoints(writer, shard);
      writer.putSetting(causalSetting(shard.id), storedCausality(shard.causality, shard.windows));
      putClock(writer, time);
    });
    shard.table.keepIn(new StoredStates(log, shard.id));
    shards.set(shard.id, target);
    if (quarantines.has(shard.id)) mark("quarantine ended");
    quarantines.delete(shard.id);
    snapshotsWanted.delete(shard.id);
    return droppedPayloads.committed([replacedBy(target)]);
  }
}

/** Was a vector of a shard dropped since? Its checkpoint is to be written without it. */
function hasDropped(before: CatalogueDocument, { shard }: WritableShard): boolean {
  const count = (one: Collection | undefined) =>
    (one?.deadVectors?.length ?? 0) + Object.keys(one?.graphs?.dead ?? {}).length;
  const isDropped = count(shard.collection) > count(before.read().collections[shard.id]);
  if (isDropped) mark("vector dropped");
  return isDropped;
}
