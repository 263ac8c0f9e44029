import { assert, type EdgeList, MurmurationError, type Space } from "@murmuration/index";
import type { CatalogueDocument } from "../../catalogue/catalogue-document.js";
import { type Catalogue, type Collection, isDenseSpace } from "../../catalogue/collection.js";
import { graphKeysOf, spaceOfKey } from "../../catalogue/vector-incarnation.js";
import type { Dot } from "../../causality/dot.js";
import type { HybridClock } from "../../causality/hybrid-clock.js";
import { emptyVersionVector } from "../../causality/version-vector.js";
import { storedCheckpoint } from "../../checkpoint/stored-checkpoint.js";
import type { ReceivedOperation } from "../../gossip/inbox.js";
import type { LogWriter, OpLog } from "../../log/op-log.js";
import { mark } from "../../marks.js";
import { encodeOperation } from "../../operation/codec.js";
import { vectorOfGraph } from "../../operation/graph-key.js";
import type { Operation, OperationBody } from "../../operation/operation.js";
import { newestOperationFormat, type OperationFormat } from "../../operation/operation-format.js";
import { isPlanted } from "../../planted.js";
import type { CausalState } from "../../state/causal-state.js";
import { copyNodes, requireRoomForCopy } from "../../state/copy-nodes.js";
import type { Journal } from "../../state/journal.js";
import { newIndexes, newIndexesOf, openShard } from "../../state/open-shard.js";
import type { PointState } from "../../state/point-state.js";
import type { NewTableSeed } from "../../state/read-model.js";
import { StoredStates } from "../../state/stored-states.js";
import { type VectorFiles, vectorKeeping } from "../../state/vector-files.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Change } from "./change.js";
import { Commit } from "./commit.js";
import { CommitGroup } from "./commit-group.js";
import { Conflicts } from "./conflicts.js";
import { DroppedPayloads } from "./dropped-payloads.js";
import { type Fault, Faults } from "./faults.js";
import { lostPayloads } from "./lost-payloads.js";
import { joined, type OwnRows } from "./own-rows.js";
import type { ReplicaWatch } from "./phases.js";
import { Quarantines, refusalOf } from "./quarantines.js";
import { noteMended } from "./recover-table.js";
import type { ReplicaState } from "./replica-state.js";
import { type FollowedCatalogue, makeShardsThoseOf, type OpenedForCatalogue } from "./shards-of-catalogue.js";
import { SYSTEM_SHARD } from "./stored-causality.js";

/** What a store works with. */
export interface StorePorts {
  readonly newTableSeed: NewTableSeed;
  readonly vectorFiles?: VectorFiles;
  readonly watch?: ReplicaWatch | undefined;
}

/**
 * State and log of a replica, which change together by `Commit`. Own commands are a group of their own, taken back when it fails (the client is told).
 * Operations of others and of the replica's own upkeep are applied to `#pending`; while the log refuses them they wait there, nothing new is
 * accepted, and nothing is published: memory runs ahead of the disk by one step at most, and a crash only forgets what nobody was promised.
 */
export class ReplicaStore {
  readonly id: number;
  readonly log: OpLog;
  readonly time: HybridClock;
  readonly shards: Map<string, WritableShard>;
  readonly system: CausalState;
  document: CatalogueDocument;
  /** Is there anybody to send operations to? */
  isClustered = false;
  /** Has this replica planned operations of its own since it opened? */
  hasWritten = false;
  /** Operations of others and of the own upkeep that were applied since it was opened. */
  applied = 0;
  /** Own ones made since then, also those that came to nothing. */
  made = 0;
  /** An own operation in a format that members read. */
  encode: (operation: Operation) => Uint8Array = encodeOperation;
  /** The newest format that all members read, and with it whatever came with that format. */
  formatOfAll: () => OperationFormat = () => newestOperationFormat;
  /** Shards that cannot be mended here: a peer's snapshot is wanted. Whoever installs one takes the shard out. */
  readonly snapshotsWanted = new Set<string>();
  /** Shards whose graphs are not what their log would make of them: a checkpoint is wanted. Whoever writes one takes the shard out. */
  readonly checkpointsWanted = new Set<string>();
  /** Shards of which a payload could not be read. Whoever looks through them takes them out. */
  readonly hurtPayloads = new Set<string>();
  /** Those of them that wait for it with operations of others. */
  readonly payloadsNeeded = new Set<string>();
  /** Shards that are not served: in the catalogue, and in `shards` no more. */
  readonly quarantines: Quarantines;
  readonly newTableSeed: NewTableSeed;
  readonly vectorFiles: VectorFiles | undefined;
  readonly watch: ReplicaWatch | undefined;
  readonly droppedPayloads: DroppedPayloads;
  readonly conflicts = new Conflicts();
  readonly #faults = new Faults();
  readonly commit: Commit = new Commit(this);
  #pending = new CommitGroup();
  #changes: Change[] = [];
  #own: OwnRows[] = [];

  constructor(
    id: number,
    log: OpLog,
    time: HybridClock,
    state: ReplicaState,
    { newTableSeed, vectorFiles, watch }: StorePorts,
  ) {
    this.id = id;
    this.vectorFiles = vectorFiles;
    this.newTableSeed = newTableSeed;
    this.watch = watch;
    this.log = log;
    this.droppedPayloads = new DroppedPayloads(log, state.shards);
    this.time = time;
    this.shards = state.shards;
    this.system = state.system;
    this.document = state.document;
    this.quarantines = new Quarantines(state.quarantined);
    for (const { shard } of state.quarantined) if (shard !== SYSTEM_SHARD) this.snapshotsWanted.add(shard);
    this.#changes.push(...state.changes);
  }

  get catalogue(): Catalogue {
    return this.document.read();
  }

  /** Causality of a shard, the system's too; `undefined`: not here. */
  causality(shard: string): CausalState | undefined {
    return shard === SYSTEM_SHARD ? this.system : this.shards.get(shard)?.shard.causality;
  }

  /** Changes by operations of others and of the own upkeep since the last call, durable, in order. */
  takeChanges(): Change[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Have `takeChanges` give what is durable already. */
  publish(changes: readonly Change[]): void {
    this.#changes.push(...changes);
  }

  /** Note a fault of the program. */
  noteFault(what: string, error: unknown): void {
    this.#faults.note(what, error);
  }

  /** Faults of the program since the last call. */
  takeFaults(): Fault[] {
    return this.#faults.take();
  }

  /**
   * The state of a shard is not known any more: it is not served from here on, and nothing more of it is written. The next start makes it
   * again from its log; in a cluster a snapshot does before.
   */
  quarantine(id: string, reason: string, error: unknown): void {
    this.noteFault(`shard ${id} is quarantined: ${reason}`, error);
    const target = this.shards.get(id);
    if (target === undefined || isPlanted("quarantine-forgotten")) return;
    mark("quarantined");
    const { name } = target.shard.collection;
    const quarantine = { shard: id, collection: name, reason, position: target.shard.position };
    this.shards.delete(id);
    this.quarantines.add(quarantine);
    this.snapshotsWanted.add(id);
    this.checkpointsWanted.delete(id);
    this.#pending.forget(id);
    this.#changes.push({ kind: "quarantined", shard: id, refusal: refusalOf(quarantine) });
  }

  /** Durable own operations since the last call, in order; those that follow each other in one piece. */
  takeOwn(): OwnRows[] {
    const own = joined(this.#own);
    this.#own = [];
    return own;
  }

  /** Rows written within a transaction are durable now. */
  publishOwn(rows: readonly OwnRows[]): void {
    this.#own.push(...rows);
  }

  /** The next operation of this replica in a shard, with what it depends on. */
  nextOperation(shard: string, causality: CausalState, body: OperationBody, nowMs: number): ReceivedOperation {
    this.hasWritten = true;
    this.made++;
    const sequence = (causality.frontier.get(this.id) ?? 0) + 1;
    const time = this.time.next(nowMs);
    const dependencies = isPlanted("no-dependencies") ? emptyVersionVector : causality.dependenciesOf(this.id);
    const operation: Operation = { shard, origin: this.id, sequence, time, dependencies, ...body };
    return { operation, bytes: this.encode(operation) };
  }

  /** Apply an operation of the replica's own upkeep; `flush` makes it durable and sends it. */
  maintain(target: WritableShard, body: OperationBody, nowMs: number): void {
    const { shard } = target;
    const encoded = this.nextOperation(shard.id, shard.causality, body, nowMs);
    this.commit.apply(this.#pending, target, encoded);
    this.applied++;
    const { sequence } = encoded.operation;
    if (this.isClustered) this.#pending.own({ shard: shard.id, firstSequence: sequence, rows: [encoded.bytes] });
  }

  /**
   * Apply the next operation of its origin, received from elsewhere. Throws `corrupt` and the like for one that does not fit the state,
   * which is then as it was; `internal` when the shard is quarantined with it.
   */
  applyForeign(encoded: ReceivedOperation): void {
    const { shard } = encoded.operation;
    this.watch?.enter("apply");
    if (shard === SYSTEM_SHARD) {
      this.commit.applyCatalogue(this.#pending, encoded);
      return;
    }
    const target = this.shards.get(shard);
    assert(target !== undefined, "operations are received for shards that are here");
    const noteConflicts = this.conflicts.look(target.shard, encoded.operation);
    this.commit.apply(this.#pending, target, encoded);
    noteConflicts?.();
    this.applied++;
  }

  /**
   * Put states in place of damaged ones, found at equal frontiers on another replica; `flush` makes them durable. The vectors of each are
   * here (`Shard.holdsVectorsOf`).
   */
  reconcilePoints(target: WritableShard, states: readonly PointState[]): void {
    const { shard } = target;
    const lost = lostPayloads(this.log, shard, states);
    const keys = new Map(lost.map(({ id, key }) => [id, key]));
    const mend = () => {
      shard.reconcilePoints(states, keys);
      return isPlanted("repairs-lost") ? [] : states.map(({ id }) => id);
    };
    const write = (writer: LogWriter) => {
      noteMended(writer, this.log, shard.id);
      for (const { key, bytes } of lost) writer.mendPayload(shard.id, { key, bytes });
    };
    this.commit.mend(this.#pending, target, "points could not be mended", mend, write);
    if (lost.length > 0) target.rows.payloadsMended();
    this.applied++;
    if (isPlanted("reconciled-unseen")) target.rows.noteOnly([]);
    // one that was written meanwhile lacks what was lost
    if (storedCheckpoint(this.log, shard.id) !== undefined) this.checkpointsWanted.add(shard.id);
  }

  /**
   * Put links back that a node has lost, and make its mark of death what the points say. The log knows nothing of it: the shard wants a
   * checkpoint. Returns whether the mark was another.
   */
  reconcileNode(target: WritableShard, vector: string, dot: Dot, lists: readonly EdgeList[]): boolean {
    const { shard } = target;
    let wasOther = false;
    const isMended = this.commit.mend(this.#pending, target, "links could not be mended", () => {
      wasOther = shard.reconcileDeath(vector, dot);
      if (lists.length > 0) shard.reconcileLinks(vector, dot, lists);
      return wasOther || lists.length > 0 ? [] : undefined;
    });
    if (!isMended) return false;
    this.applied++;
    this.checkpointsWanted.add(shard.id);
    return wasOther;
  }

  /** Is everything that was applied in the log? Operations of others may still be forgotten by a machine that dies: see `sync`. */
  isDurable(): boolean {
    return this.#pending.isEmpty;
  }

  /**
   * Write to the log what was applied since: durably where own operations are in it, whose names must never be given again. Those of
   * others can be had again, and wait for the disk only before somebody is told that they are here. Throws what the log throws; then
   * it waits, and nothing else may be applied before.
   */
  flush(): void {
    if (this.isDurable()) return;
    try {
      const { changes, own } = this.commit.commit(this.#pending, { isLazy: !this.#pending.hasOwn });
      this.#pending = new CommitGroup();
      this.#changes.push(...changes);
      this.#own.push(...own);
    } catch (error) {
      mark("waited for the log");
      throw error;
    }
  }

  /** Show readers payload indexes that were built, and have a new epoch begin. Everything is durable. */
  showAgain(target: WritableShard): void {
    this.#changes.push(...this.droppedPayloads.committed(this.commit.showAgain(target)));
  }

  /** Put another state of a shard in place of the one that it has: `Commit.replace`. */
  replaceShard(target: WritableShard, write: (writer: LogWriter) => void): void {
    assert(this.isDurable(), "nothing waits for the log");
    this.#changes.push(...this.commit.replace(target, write));
    this.applied++;
  }

  /** `flush`, and wait for the disk: before others count on it. Throws as that does. */
  sync(): void {
    this.flush();
    this.log.sync();
  }

  /** False when the log refuses. */
  trySync(): boolean {
    try {
      this.sync();
      return true;
    } catch (error) {
      if (error instanceof MurmurationError) return false;
      throw error;
    }
  }

  /** State for the collections, and for vectors of others, that a catalogue has and this replica has not. Throws `capacity`: before anything is written. */
  openAdded(after: CatalogueDocument): OpenedForCatalogue {
    const isKnown = (id: string) => this.shards.has(id) || this.quarantines.has(id);
    const added = Object.values(after.read().collections).filter(({ id }) => !isKnown(id));
    const keepingOf = (one: Collection) => (vector: string) => vectorKeeping(this.log, this.vectorFiles, one, vector);
    const indexesOf = (one: Collection) => newIndexes(one, keepingOf(one));
    const spaces = new Map<string, ReadonlyMap<string, Space>>();
    for (const [id, { shard, indexes }] of this.shards) {
      const one = after.read().collections[id];
      if (one === undefined || one === shard.collection) continue;
      const keys = graphKeysOf(one).filter((key) => !indexes.has(key));
      if (keys.length === 0) continue;
      // another graph of a vector that is here has the nodes of the one that is
      const beside = (key: string) => [...indexes].find(([known]) => vectorOfGraph(known) === vectorOfGraph(key))?.[1];
      for (const key of keys) {
        const [from, to] = [beside(key), spaceOfKey(one, key)];
        // before memory and files are made, which would be for nothing each time that it comes
        if (from !== undefined && to !== undefined && isDenseSpace(to))
          requireRoomForCopy(from, to.links, { isFirst: false });
      }
      const made = newIndexesOf(one, keys, keepingOf(one));
      spaces.set(id, made);
      for (const [key, space] of made) {
        const before = beside(key);
        if (before !== undefined) copyNodes(before, space);
      }
    }
    const opened = new Map(added.map((one) => [one.id, openShard(one, indexesOf(one), this.log)]));
    for (const [id, { shard, rows }] of opened) {
      shard.table.keepIn(new StoredStates(this.log, id));
      rows.fill(this.newTableSeed);
    }
    return { shards: opened, spaces };
  }

  /** Make the shards those of the catalogue. */
  followCatalogue(opened: OpenedForCatalogue, journal: Journal): FollowedCatalogue {
    return makeShardsThoseOf(this.catalogue, this.shards, this.quarantines, opened, journal);
  }
}
