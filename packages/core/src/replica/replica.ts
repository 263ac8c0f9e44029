import { assert, type ErrorCode, type GraphReport, MurmurationError, type PointId } from "@murmuration/index";
import type { Catalogue } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { HybridClock, type HybridTime } from "../causality/hybrid-clock.js";
import { sequenceOf } from "../causality/version-vector.js";
import type { CatalogueCommand, Command, PointCommand, Receipt } from "../command/command.js";
import type { SessionToken } from "../consistency/token.js";
import type { LogWriter, OpLog } from "../log/op-log.js";
import { planted } from "../planted.js";
import type { Journal } from "../state/journal.js";
import type { Shard } from "../state/shard.js";
import type { AppliedOperation, Change } from "./change.js";
import type { ClusterOptions, Outgoing } from "./cluster-options.js";
import { type CompactionOptions, Compactor } from "./compactor.js";
import { REPLICA_SETTING, replicaIdOf } from "./identity.js";
import { type CollectionDigest, digestOf, type LevelLinks, linksOf, validateGraphs } from "./inspect.js";
import { epochsOf, type GraphHandles, handlesOfShards } from "./open-shard.js";
import { Peering } from "./peering.js";
import { type BodyPlanner, isPointCommand, planPointCommand, type WritableShard } from "./plan-points.js";
import { causalSetting, type ImageSource, recoverReplica, SYSTEM_SHARD, storedCausality } from "./recovery.js";
import type { ReplicationStatus } from "./status.js";
import { CLOCK_SETTING, handlesOfOpened, type OwnRows, ReplicaStore } from "./store.js";
import { Upkeep, type UpkeepBudget } from "./upkeep.js";
import { frontiersOf, type RequestWaits, Waits } from "./waits.js";

/** Port: the physical clock, in milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** What a replica is given: its ports, and how it recovers. */
export interface ReplicaOptions {
  readonly log: OpLog;
  readonly clock: Clock;
  /** Id of a replica that has none yet: an integer from 1 to 2^24 − 1, never used before in its cluster. */
  readonly newReplicaId: () => number;
  /** Newest graph images; without them graphs are made again from the deltas in the log. */
  readonly images?: ImageSource;
  /**
   * `projection` (default): points come from the log's projection, graphs from images and the log after them. `log`: everything is
   * applied again from the first operation on. Both end in the same state.
   */
  readonly recoverFrom?: "projection" | "log";
  /**
   * Called while the replica opens, when its graphs are complete and its points are not: a view in another thread can be made from
   * here on, meanwhile.
   */
  readonly onGraphs?: (replicaId: number, catalogue: Catalogue, handles: GraphHandles) => void;
  /**
   * Place on the graphs, from 1, of the thread whose view follows this replica, if one does: a slot is not used again before the view
   * knows that it was freed. The replica must do nothing after `onGraphs` until the view is made.
   */
  readonly viewThread?: number;
  /** When logs are compacted, where the bounds are not those of `limits`. */
  readonly compaction?: CompactionOptions;
  /** The cluster that it takes part in; without it the replica is alone. */
  readonly cluster?: ClusterOptions;
}

/** What executing a group of commands came to. */
export interface Execution {
  /** By command, in order. */
  readonly outcomes: readonly (Receipt | MurmurationError)[];
  /** What a view has to follow, in order. */
  readonly changes: readonly Change[];
}

/** Setting of the log. */
const PROBE_SETTING = "replica.probe";
const PROBE_CHARACTERS = 1024 * 1024;

/** What a command does while it runs: all of it ends with the transaction. */
interface Run {
  readonly journal: Journal;
  readonly changes: Change[];
  readonly own: OwnRows[];
  /** Operations appended so far. */
  appended: number;
  /** A command that was refused when it had appended operations already. */
  refusedMidway: { readonly command: number; readonly error: MurmurationError } | undefined;
}

/** Errors for which the command is not to blame. */
const logFailures: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["storage", "corrupt", "unavailable"]);

/**
 * One copy of the data: a synchronous state machine over its log. Commands are planned, appended and applied within one transaction;
 * what they did is published (answers, changes for views) only when the transaction is durable, and taken back when it fails.
 */
export class Replica {
  /** Its id among the replicas: the origin of its operations. */
  readonly id: number;
  /** What requests wait for: quorums and session tokens. */
  readonly waits: RequestWaits;
  readonly #waits: Waits;
  readonly #log: OpLog;
  readonly #clock: Clock;
  readonly #store: ReplicaStore;
  readonly #upkeep: Upkeep;
  readonly #peering: Peering | undefined;
  readonly #compactor: Compactor;

  private constructor(options: ReplicaOptions, store: ReplicaStore) {
    this.id = store.id;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#store = store;
    this.#waits = new Waits(store, options.clock);
    this.waits = this.#waits;
    this.#peering = options.cluster === undefined ? undefined : new Peering(store, options.cluster, this.#waits);
    this.#upkeep = new Upkeep(store, this.#peering);
    this.#compactor = new Compactor(store, this.#peering, options.compaction ?? {});
  }

  /** The replica of a log: a new one where the log is empty. Throws `corrupt` for a log that cannot be read. */
  static open(options: ReplicaOptions): Replica {
    const { log } = options;
    const known = replicaIdOf(log);
    const id = known ?? options.newReplicaId();
    if (known === undefined) log.transaction((writer) => writer.putSetting(REPLICA_SETTING, String(id)));
    const last = parseTime(log.setting(CLOCK_SETTING));
    const time = new HybridClock(last === undefined ? {} : { last });
    const state = recoverReplica(log, id, options.images, options.recoverFrom ?? "projection", options.onGraphs);
    const store = new ReplicaStore(id, log, time, state);
    store.viewThread = options.viewThread;
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
    return this.#writable(name).shard;
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
    return isPointCommand(command) ? resolveCollection(this.catalogue, command.collection).id : SYSTEM_SHARD;
  }

  /** Graphs for readers in other threads: shard id → vector name → graph. */
  handles(): GraphHandles {
    return handlesOfShards(this.#store.shards);
  }

  /** Shards with their graphs by vector name, for images. */
  writableShards(): Iterable<WritableShard> {
    return this.#store.shards.values();
  }

  /** Log position up to which everything is applied. */
  position(): number {
    return this.#log.lastPosition();
  }

  /**
   * Execute commands as one group: one transaction, one flush. Each command by itself is executed whole or refused, and then has no
   * effect; when the log fails, none of the group has.
   */
  execute(commands: readonly Command[]): Execution {
    try {
      this.#store.flush();
      for (const command of commands) this.#peering?.requireWritable(command);
    } catch (error) {
      const failure = asFailure(error);
      return { outcomes: commands.map(() => failure), changes: [] };
    }
    const refused = new Map<number, MurmurationError>();
    for (;;) {
      const run: Run = { journal: [], changes: [], own: [], appended: 0, refusedMidway: undefined };
      try {
        const outcomes = this.#log.transaction((writer) => this.#executeAll(commands, refused, run, writer));
        if (this.#peering !== undefined) this.#store.publishOwn(run.own);
        return { outcomes, changes: run.changes };
      } catch (error) {
        if (!planted.has("undo-forgotten")) for (const undo of run.journal.reverse()) undo();
        if (run.refusedMidway !== undefined) {
          // what it had done is taken back with the whole group, which is then executed without it
          refused.set(run.refusedMidway.command, run.refusedMidway.error);
          continue;
        }
        const failure = asFailure(error);
        if (planted.has("acknowledge-before-durable")) {
          return { outcomes: commands.map(() => ({ operationId: 0, changed: true })), changes: [] };
        }
        return { outcomes: commands.map(() => failure), changes: [] };
      }
    }
  }

  /**
   * Take a message of another replica. What is malformed, forged or too early is refused, counted (`status`) and leaves the state as it
   * is. Throws `storage` when the log does not take what was received: it is kept and tried again with the next call.
   */
  receive(bytes: Uint8Array): void {
    this.receiveAll([bytes]);
  }

  /** Take several messages, in order, with one flush of the log for all of them: how a replica catches up fast. */
  receiveAll(messages: readonly Uint8Array[]): void {
    assert(this.#peering !== undefined, "a replica that is alone receives nothing");
    this.#store.flush();
    const nowMs = this.#clock.now();
    for (const bytes of messages) this.#peering.receive(bytes, nowMs);
    this.#store.flush();
  }

  /**
   * What time brings: heartbeats, requests for what is missing, linking of nodes that were inserted concurrently, repair and purge of
   * dead ones. Each call does bounded work. Throws `storage` as `receive` does.
   */
  tick(budget: UpkeepBudget = {}): void {
    this.#store.flush();
    const nowMs = this.#clock.now();
    const joins = this.#peering?.joinsAs(nowMs);
    if (joins !== undefined) {
      const { changes } = this.execute([{ kind: "join-member", id: this.id, ...joins }]);
      this.#store.publish(changes);
    }
    this.#peering?.tick(nowMs);
    this.#store.flush();
    const mayMaintain = budget.isPaused !== true && this.#peering?.mayMaintain() !== false;
    if (mayMaintain) this.#upkeep.tick(nowMs, budget);
    this.#store.flush();
    if (mayMaintain) this.#compactor.tick(nowMs);
  }

  /**
   * Is everything that was applied in the log? Not while the log refuses writes: then the state is ahead of its frontier's name, and a
   * crash may give the name to another operation. Answers are compared between replicas only when this holds.
   */
  isDurable(): boolean {
    return this.#store.isDurable();
  }

  /** Why client writes are refused now; `undefined`: they are taken. */
  refusesWrites(): string | undefined {
    return this.#peering?.refusesWrites();
  }

  /** Has upkeep nothing left to do until something changes? */
  isAtRest(): boolean {
    return this.#upkeep.status().atRest;
  }

  /** Takes the messages that are to be sent. */
  outbox(): Outgoing[] {
    return this.#peering?.outbox() ?? [];
  }

  /** Takes what `receive` and `tick` have changed, durable, in order, for views. */
  changes(): Change[] {
    return this.#store.takeChanges();
  }

  /** What is known of the others, and what waits. */
  status(): ReplicationStatus {
    return {
      replica: this.id,
      applied: this.#store.applied,
      ...(this.#peering === undefined ? {} : { peering: this.#peering.status(this.#clock.now()) }),
      upkeep: this.#upkeep.status(),
      waits: this.#waits.status(),
      compaction: this.#compactor.status(),
    };
  }

  /** Digests of points and graphs, and counts. */
  digest(name: string): CollectionDigest {
    return digestOf(this.#writable(name));
  }

  /** Every rule of every graph of a collection, checked. */
  validate(name: string): { readonly [vector: string]: GraphReport } {
    return validateGraphs(this.#writable(name));
  }

  /** Neighbours of a point's node per level, nearest first. */
  links(name: string, id: PointId, vector: string): readonly LevelLinks[] {
    return linksOf(this.#writable(name).shard, id, vector);
  }

  /**
   * Does the log take writes of some size? Throws what it throws when not. After a failure: a few bytes fit even a disk that is full for
   * everything else.
   */
  probeLog(): void {
    for (const text of ["x".repeat(PROBE_CHARACTERS), ""]) {
      this.#log.transaction((writer) => writer.putSetting(PROBE_SETTING, text));
    }
  }

  #writable(name: string): WritableShard {
    const shard = this.#store.shards.get(resolveCollection(this.catalogue, name).id);
    assert(shard !== undefined, "every collection has a shard");
    return shard;
  }

  #executeAll(
    commands: readonly Command[],
    refused: ReadonlyMap<number, MurmurationError>,
    run: Run,
    writer: LogWriter,
  ): (Receipt | MurmurationError)[] {
    const outcomes = commands.map((command, i) => refused.get(i) ?? this.#tryExecute(command, i, run, writer));
    if (run.appended > 0) this.#store.putClock(writer);
    return outcomes;
  }

  /** A refused command is an outcome; anything else ends the group. */
  #tryExecute(command: Command, at: number, run: Run, writer: LogWriter): Receipt | MurmurationError {
    const appended = run.appended;
    try {
      return isPointCommand(command)
        ? this.#executeOnPoints(command, run, writer)
        : this.#executeOnCatalogue(command, run, writer);
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      if (run.appended === appended) return error;
      if (!logFailures.has(error.code)) run.refusedMidway = { command: at, error };
      throw error;
    }
  }

  #executeOnPoints(command: PointCommand, run: Run, writer: LogWriter): Receipt {
    const target = this.#writable(command.collection);
    const { shard } = target;
    const planners = planPointCommand(target, command);
    const operations: AppliedOperation[] = [];
    const touched = new Set<PointId>();
    for (const planner of planners) operations.push(this.#write(shard, planner, run, writer, touched));
    const first = operations[0];
    if (first !== undefined) {
      this.#store.putProjection(writer, shard, touched);
      run.changes.push({ kind: "operations", shard: shard.id, operations, epochs: epochsOf(target.indexes) });
      run.own.push({ shard: shard.id, firstSequence: first.sequence, rows: operations.map(({ bytes }) => bytes) });
    }
    return { operationId: sequenceOf(shard.frontier, this.id), changed: operations.length > 0 };
  }

  /** Plan, append and apply one operation. */
  #write(shard: Shard, planner: BodyPlanner, run: Run, writer: LogWriter, touched: Set<PointId>): AppliedOperation {
    const dot = { origin: this.id, sequence: sequenceOf(shard.frontier, this.id) + 1 };
    const nowMs = this.#clock.now();
    const { operation, bytes } = this.#store.nextOperation(shard.id, shard.causality, planner(dot), nowMs);
    run.appended++;
    const position = writer.append(shard.id, dot.origin, dot.sequence, bytes);
    const { ids, slots } = shard.apply(operation, run.journal);
    const positionBefore = shard.position;
    shard.position = position;
    run.journal.push(() => {
      shard.position = positionBefore;
    });
    for (const id of ids) touched.add(id);
    return { origin: dot.origin, sequence: dot.sequence, bytes, slots };
  }

  #executeOnCatalogue(command: CatalogueCommand, run: Run, writer: LogWriter): Receipt {
    const store = this.#store;
    const { system } = store;
    const sequence = sequenceOf(system.frontier, this.id) + 1;
    const before = store.document;
    const change = before.plan(command, `${this.id}-${sequence}`);
    if (change === undefined) return { operationId: sequence - 1, changed: false };
    const after = before.apply(change);
    // new graphs may be refused for want of memory: before anything is written
    const opened = store.openAdded(after);
    const body = { kind: "catalogue", change } as const;
    const { operation, bytes } = store.nextOperation(SYSTEM_SHARD, system, body, this.#clock.now());
    run.appended++;
    writer.append(SYSTEM_SHARD, this.id, sequence, bytes);
    system.advance(operation, run.journal);
    run.journal.push(() => {
      store.document = before;
    });
    store.document = after;
    writer.putSetting(causalSetting(SYSTEM_SHARD), storedCausality(system));
    for (const id of store.followCatalogue(opened, run.journal)) store.dropShard(writer, id);
    const frontier = new Map(system.frontier);
    run.changes.push({ kind: "catalogue", catalogue: after.read(), frontier, opened: handlesOfOpened(opened) });
    run.own.push({ shard: SYSTEM_SHARD, firstSequence: sequence, rows: [bytes] });
    return { operationId: sequence, changed: true };
  }
}

function asFailure(error: unknown): MurmurationError {
  return error instanceof MurmurationError
    ? error
    : new MurmurationError("storage", "the operation could not be executed", undefined, error);
}

function parseTime(text: string | undefined): HybridTime | undefined {
  if (text === undefined) return undefined;
  const [wallMs, counter] = text.split(":").map(Number);
  assert(wallMs !== undefined && counter !== undefined, "the clock setting is a time");
  return { wallMs, counter };
}
