import {
  assert,
  type GraphReport,
  MurmurationError,
  type PayloadReader,
  type PointId,
  type RowFileReader,
  type Sliced,
} from "@murmuration/index";
import type { Catalogue } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { HybridClock } from "../causality/hybrid-clock.js";
import type { Command, PointWrite } from "../command/command.js";
import type { SessionToken } from "../consistency/token.js";
import type { Arrived, Outgoing } from "../gossip/transport.js";
import type { OpLog } from "../log/op-log.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { readableShards } from "../state/open-shard.js";
import { encodeStoredPayload } from "../state/point-state-codec.js";
import type { ReadableShard } from "../state/read-model.js";
import type { Shard } from "../state/shard.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { Change, RowsPublished } from "./commit/change.js";
import type { Fault } from "./commit/faults.js";
import { REPLICA_SETTING, replicaIdOf } from "./commit/identity.js";
import { MendedPayloads } from "./commit/mended-payloads.js";
import { MendedVectors } from "./commit/mended-vectors.js";
import { probeLog } from "./commit/probe-log.js";
import { type Quarantine, refusalOf } from "./commit/quarantines.js";
import { tableNote } from "./commit/recover-table.js";
import { ReplicaStore } from "./commit/store.js";
import { SYSTEM_SHARD } from "./commit/stored-causality.js";
import { clockOf } from "./commit/write-shard.js";
import { type ConflictsTold, conflictsOf } from "./conflict-list.js";
import { writeAlone } from "./exchange/format-exchange.js";
import { frontiersOf, type RequestWaits, Waits } from "./exchange/waits.js";
import { type Execution, Executor, writableShardOf } from "./executor.js";
import { IndexBuilds } from "./index-builds.js";
import { type CollectionDigest, digestOf, type LevelLinks, linksOf, validateGraphs } from "./inspect.js";
import { type LeftOut, leftOut } from "./left-out.js";
import type { Joining } from "./peering/joining.js";
import { Peering } from "./peering/peering.js";
import { type Standing, standsAlone } from "./peering/standing.js";
import type { ReplicationStatus } from "./peering/status.js";
import { isPointWrite } from "./plan/plan-points.js";
import { oneAfterAnother } from "./plan/planner.js";
import { resolveFilter } from "./plan/resolve-filter.js";
import { recoverReplica } from "./recovery/recovery.js";
import { type LoggedOperation, replayOperations } from "./recovery/replay-operations.js";
import type { Clock, ReplicaOptions } from "./recovery/replica-options.js";
import { Compactor } from "./upkeep/compactor.js";
import { Eraser } from "./upkeep/eraser.js";
import { Upkeep, type UpkeepBudget } from "./upkeep/upkeep.js";

const DEFAULT_INDEX_STEPS = 2;

/**
 * One copy of the data: a synchronous state machine over its log. Commands are planned, appended and applied within one transaction;
 * what they did is published (answers, changes for views) only when the transaction is durable, and taken back when it fails.
 */
export class Replica {
  /** Its id among the replicas: the origin of its operations. */
  readonly id: number;
  /** What requests wait for: quorums and session tokens. */
  readonly waits: RequestWaits;
  /** What is being erased, and its own part in it. */
  readonly erasures: Eraser;
  readonly #waits: Waits;
  readonly #log: OpLog;
  readonly #clock: Clock;
  readonly #store: ReplicaStore;
  readonly #upkeep: Upkeep;
  readonly #peering: Peering | undefined;
  readonly #compactor: Compactor;
  readonly #mendedPayloads: MendedPayloads;
  readonly #mendedVectors: MendedVectors;
  readonly #executor: Executor;
  readonly #builds: IndexBuilds;

  private constructor(options: ReplicaOptions, store: ReplicaStore) {
    this.id = store.id;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#store = store;
    this.#waits = new Waits(store, options.clock);
    this.waits = this.#waits;
    this.#peering = options.cluster === undefined ? undefined : new Peering(store, options.cluster, this.#waits);
    if (options.cluster === undefined) writeAlone(store);
    this.#upkeep = new Upkeep(store, this.#peering);
    this.#mendedPayloads = new MendedPayloads(store);
    this.#mendedVectors = new MendedVectors(store);
    this.#compactor = new Compactor(store, this.#peering, options.compaction ?? {});
    this.erasures = new Eraser(store, this.#peering, this.#compactor);
    this.#builds = new IndexBuilds(store);
    const planner = options.planner ?? oneAfterAnother;
    this.#executor = new Executor(store, options.clock, this.#peering, planner, this.erasures);
  }

  /** The replica of a log: a new one where the log is empty. Throws `corrupt` for a log that cannot be read. */
  static open(options: ReplicaOptions): Replica {
    const { log } = options;
    const known = replicaIdOf(log);
    const id = known ?? options.newReplicaId();
    if (known === undefined) log.transaction((writer) => writer.putSetting(REPLICA_SETTING, String(id)));
    const last = clockOf(log);
    const time = new HybridClock(last === undefined ? {} : { last });
    const state = recoverReplica(log, id, options);
    const store = new ReplicaStore(id, log, time, state, options);
    return new Replica(options, store);
  }

  get catalogue(): Catalogue {
    return this.#store.catalogue;
  }

  /** Sorted heads of the catalogue's document: equal sets of changes, equal heads. */
  catalogueHeads(): string[] {
    return this.#store.document.heads();
  }

  /** The state of the collection of this name or alias. Throws `not-found`. */
  shard(name: string): Shard {
    return writableShardOf(this.#store, name).shard;
  }

  /** The token of an answer given now from these shards: what is held of them and of the catalogue. Default: all that are here. */
  frontiers(shards: Iterable<string> = this.#store.shards.keys()): SessionToken {
    return frontiersOf(this.#store, [SYSTEM_SHARD, ...shards]);
  }

  /**
   * Ids of other replicas that are heard and have said that they hold all of this, the one heard last first: who can answer what this
   * replica cannot yet.
   */
  holders(token: SessionToken): number[] {
    return this.#peering?.holders(token, this.#clock.now()) ?? [];
  }

  /** Id of the shard that a command writes to. Throws `not-found` for a collection that is not here. */
  shardOf(command: Command): string {
    return isPointWrite(command) ? resolveCollection(this.catalogue, command.collection).id : SYSTEM_SHARD;
  }

  /** Collections as readers in other threads read them now, by shard id. */
  readable(): ReadonlyMap<string, ReadableShard> {
    return readableShards(this.#store.shards);
  }

  /** The payloads of a shard, for whoever reads its rows in this thread. */
  payloads(shard: string): PayloadReader {
    return { bytesOf: (key) => this.#log.payload(shard, key) ?? this.#unwrittenPayload(shard, key) };
  }

  /** A file of vectors that are off memory, for whoever reads them in this thread. Throws `storage`: it is gone. */
  vectorFile(name: string): RowFileReader {
    const file = this.#store.vectorFiles?.open(name);
    if (file === undefined) throw new MurmurationError("storage", `the file of vectors ${name} is gone`);
    return file;
  }

  /** Of a replica that was recovered from operations alone: its points are in no log. */
  #unwrittenPayload(id: string, key: number): Uint8Array {
    const table = this.#store.shards.get(id)?.shard.table;
    for (const state of table?.states() ?? []) {
      if (table?.payloadKeyOf(state.id) === key) return encodeStoredPayload(state.payload);
    }
    return refuseMessage(`a payload of shard ${id} is lost`);
  }

  /** Shards with their graphs by vector name, for images. */
  writableShards(): Iterable<WritableShard> {
    return this.#store.shards.values();
  }

  /**
   * The image of a shard's rows as pieces to be written one after the other: views, valid until the replica does something. `graphs`: tokens of
   * the images of its graphs, in which nodes have the slots that they have now, by vector name. Everything is durable.
   */
  tableImage({ shard, rows }: WritableShard, position: number, graphs: ReadonlyMap<string, string>): Uint8Array[] {
    return rows.image(tableNote(this.#log, shard.id, position, graphs));
  }

  /** Log position up to which everything is applied. */
  position(): number {
    return this.#log.lastPosition();
  }

  /**
   * Execute commands as one group: one transaction, one flush. Each by itself is executed whole or has no effect; when the log fails, none has.
   */
  execute(commands: readonly Command[]): Execution {
    return this.#executor.execute(commands);
  }

  /**
   * The command with the points that its filter selects named instead, to be executed at once. The filter may cost much, so that this is
   * work in slices; in between, others may be executed.
   */
  resolveFilter(command: PointWrite): Sliced<PointWrite> {
    return resolveFilter(command, () => writableShardOf(this.#store, command.collection));
  }

  /**
   * Take a message of another replica. What is malformed, forged or too early is refused, counted (`status`) and leaves the state as it
   * is. `sender`: who has sent it, as the transport knows; what another one claims to have sent is refused. Without it the message is taken at
   * its word. Throws `storage` when the log does not take what was received: it is kept and tried again with the next call.
   */
  receive(bytes: Uint8Array, sender?: number): void {
    this.receiveAll([{ bytes, sender }]);
  }

  /** Take several messages, in order, with one transaction of the log for all of them: how a replica catches up fast. */
  receiveAll(messages: readonly Arrived[]): void {
    assert(this.#peering !== undefined, "a replica that is alone receives nothing");
    this.#store.flush();
    const nowMs = this.#clock.now();
    for (const message of messages) this.#peering.receive(message, nowMs);
    this.#peering.settle();
    this.#store.flush();
  }

  /** Takes operations of others from a log (`replayOperations`). */
  replay(operations: Iterable<LoggedOperation>): number {
    assert(this.#peering === undefined, "a member gets operations from the others");
    return replayOperations(this.#store, operations);
  }

  /** Who is let into the cluster. Throws `bad-request` for a replica that is alone. */
  get joining(): Joining {
    if (this.#peering !== undefined) return this.#peering.joining;
    throw new MurmurationError("bad-request", "this replica is in no cluster");
  }

  /** Is a replica a member of the cluster, as is known here? */
  isMember(replica: number): boolean {
    return this.#peering?.isMember(replica) === true;
  }

  /**
   * What time brings: heartbeats, requests for what is missing, linking of nodes that were inserted concurrently, repair and purge of
   * dead ones. Each call does bounded work, but for compaction: `beforeCompaction` is the moment to tell readers of `changes`. Throws `storage` as
   * `receive` does.
   */
  tick(budget: UpkeepBudget = {}, beforeCompaction: () => void = () => undefined): void {
    this.#store.flush();
    const nowMs = this.#clock.now();
    const commands = this.#upkeep.takeCommands(this.#peering?.catalogueCommands(nowMs));
    if (commands.length > 0) {
      const { outcomes, changes } = this.execute(commands);
      this.#upkeep.hear(commands, outcomes, nowMs);
      this.#store.publish(changes);
    }
    this.#peering?.tick(nowMs);
    this.#store.flush();
    const mayMaintain = budget.isPaused !== true && this.#peering?.mayMaintain() !== false;
    if (mayMaintain) this.#upkeep.tick(nowMs, budget);
    this.#store.flush();
    this.#store.droppedPayloads.sweep(nowMs);
    this.#mendedPayloads.tick();
    this.#mendedVectors.tick();
    if (mayMaintain) {
      beforeCompaction();
      this.#compactor.tick(nowMs);
      this.erasures.tick(nowMs);
    }
    this.buildIndexes(budget.indexSteps ?? DEFAULT_INDEX_STEPS);
  }

  /** A payload of this shard was found damaged or lost, or a vector off memory: the ticks that follow look through all, and write those anew. */
  mendPayloads(shard: string): void {
    this.#mendedPayloads.lookThrough(shard);
    this.#mendedVectors.lookThrough(shard);
  }

  /**
   * Go on with payload indexes that are being built over the points there are, for at most so many steps of some milliseconds. A tick does so too;
   * who calls this in between is done sooner. Returns whether there may be more to do at once.
   */
  buildIndexes(steps: number): boolean {
    return this.#builds.step(steps);
  }

  /**
   * Is all that was applied in the log? Not while the log refuses writes: then the state is ahead of its frontier's name, and a
   * crash may give the name to another operation. Answers are compared between replicas only when this holds.
   */
  isDurable(): boolean {
    return this.#store.isDurable();
  }

  /** Wait for the disk to have all that was applied, also what could be had again. Throws `storage` as `receive` does. */
  sync(): void {
    this.#store.sync();
  }

  /** What is not served here, and why. */
  standing(): Standing {
    const standing = this.#peering?.standing() ?? standsAlone;
    const quarantined = this.#store.quarantines.list().map(refusalOf);
    return { ...standing, reasons: [...standing.reasons, ...quarantined] };
  }

  /** What came or is in the log and is not part of the state. */
  leftOut(): LeftOut {
    const { problems, unread } = this.#store.document;
    return leftOut(this.#peering?.setAside() ?? [], [...problems, ...unread]);
  }

  /** Shards that are not served, because their state is not known. */
  quarantined(): Quarantine[] {
    return this.#store.quarantines.list();
  }

  /** Takes what happened that the program itself excludes. */
  takeFaults(): Fault[] {
    return this.#store.takeFaults();
  }

  /** Has upkeep nothing left to do until something changes? */
  isAtRest(): boolean {
    return this.#upkeep.status().atRest;
  }

  /**
   * Takes the messages that are to be sent. `leavesOwn`: own operations stay for a later call, which packs them together with those that
   * come until then.
   */
  outbox({ leavesOwn = false }: { readonly leavesOwn?: boolean } = {}): Outgoing[] {
    return this.#peering?.outbox(leavesOwn) ?? [];
  }

  /** Takes what `receive` and `tick` have changed, durable, in order, for views. */
  changes(): Change[] {
    return this.#store.takeChanges();
  }

  /** Takes epochs of rows that came without a change, where a group was taken back: whoever reads may be at them. After a failure. */
  passedEpochs(): RowsPublished[] {
    return [...this.#store.shards.values()].flatMap(({ shard, rows }) => {
      const passed = rows.takePassed();
      return passed === undefined ? [] : [{ kind: "published" as const, shard: shard.id, ...passed }];
    });
  }

  /** What is known of the others, and what waits. */
  status(): ReplicationStatus {
    return {
      replica: this.id,
      applied: this.#store.applied,
      quarantined: this.#store.quarantines.list(),
      indexesWithoutRoom: this.#builds.withoutRoom(),
      ...(this.#peering === undefined ? {} : { peering: this.#peering.status(this.#clock.now()) }),
      upkeep: this.#upkeep.status(),
      waits: this.#waits.status(),
      compaction: this.#compactor.status(),
    };
  }

  /** Digests of points and graphs, and counts. */
  digest(name: string): CollectionDigest {
    return digestOf(writableShardOf(this.#store, name));
  }

  /** Every rule of every graph of a collection, checked. */
  validate(name: string): { readonly [vector: string]: GraphReport } {
    return validateGraphs(writableShardOf(this.#store, name));
  }

  /** Neighbours of a point's node per level, nearest first. */
  links(name: string, id: PointId, vector: string): readonly LevelLinks[] {
    return linksOf(writableShardOf(this.#store, name), id, vector);
  }

  /** `conflictsOf` a collection. */
  conflicts(name: string, limit: number): ConflictsTold {
    return conflictsOf(this.#store, name, limit);
  }

  /** `probeLog`. */
  probeLog(): void {
    probeLog(this.#log);
  }
}
