import {
  assert,
  type ErrorCode,
  type GraphHandle,
  type GraphReport,
  MurmurationError,
  type PointId,
  VectorIndex,
  type VectorIndexOptions,
} from "@murmuration/index";
import type { CatalogueDocument } from "../catalogue/catalogue-document.js";
import type { Catalogue, Collection, Distance, VectorSpace } from "../catalogue/collection.js";
import { resolveCollection } from "../catalogue/resolve.js";
import { HybridClock, type HybridTime } from "../causality/hybrid-clock.js";
import { emptyVersionVector, sequenceOf } from "../causality/version-vector.js";
import type { CatalogueCommand, Command, PointCommand, Receipt } from "../command/command.js";
import type { LogWriter, OpLog } from "../log/op-log.js";
import { encodeOperation } from "../operation/codec.js";
import type { Operation, OperationBody } from "../operation/operation.js";
import { encodePointState } from "../state/point-state-codec.js";
import { type Journal, Shard } from "../state/shard.js";
import { writableGraph } from "../state/shard-graph.js";
import type { AppliedOperation, Change } from "./change.js";
import { type CollectionDigest, digestOf, type LevelLinks, linksOf, validateGraphs } from "./inspect.js";
import { type BodyPlanner, isPointCommand, planPointCommand, type WritableShard } from "./plan-points.js";
import { type ImageSource, recoverReplica, SYSTEM_SHARD } from "./recovery.js";

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
}

/** Graphs for readers in other threads: shard id → vector name → graph. */
export type GraphHandles = ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;

/** What executing a group of commands came to. */
export interface Execution {
  /** By command, in order. */
  readonly outcomes: readonly (Receipt | MurmurationError)[];
  /** What a view has to follow, in order. */
  readonly changes: readonly Change[];
}

/** Settings in the log. */
const REPLICA_SETTING = "replica.id";
const CLOCK_SETTING = "replica.clock";
const PROBE_SETTING = "replica.probe";
const PROBE_CHARACTERS = 1024 * 1024;

/** What a command does while it runs: all of it ends with the transaction. */
interface Run {
  readonly journal: Journal;
  readonly changes: Change[];
  /** Operations appended so far. */
  appended: number;
  /** A command that was refused when it had appended operations already. */
  refusedMidway: { readonly command: number; readonly error: MurmurationError } | undefined;
}

/** Errors for which the command is not to blame. */
const logFailures: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["storage", "corrupt", "unavailable"]);

/** State of a replica as recovery hands it over. */
export interface ReplicaState {
  readonly document: CatalogueDocument;
  readonly shards: Map<string, WritableShard>;
  readonly systemSequence: number;
}

const metrics: Record<Distance, VectorIndexOptions["metric"]> = {
  Cosine: "cosine",
  Dot: "dot",
  Euclid: "euclid",
  Manhattan: "manhattan",
};

/** What a vector space means to the index. */
export function indexOptions(space: VectorSpace): VectorIndexOptions {
  return {
    dimensions: space.size,
    metric: metrics[space.distance],
    links: space.links,
    efConstruction: space.efConstruction,
    quantization: space.quantization,
  };
}

/** The state of a new, empty collection. */
export function openShard(
  collection: Collection,
  indexes: ReadonlyMap<string, VectorIndex>,
  frontier = emptyVersionVector,
): WritableShard {
  const graphs = new Map([...indexes].map(([name, index]) => [name, writableGraph(index)]));
  return { shard: new Shard(collection, graphs, frontier), indexes };
}

export function newIndexes(collection: Collection): Map<string, VectorIndex> {
  return new Map(
    Object.entries(collection.vectors).map(([name, space]) => [name, new VectorIndex(indexOptions(space))]),
  );
}

/**
 * One copy of the data: a synchronous state machine over its log. Commands are planned, appended and applied within one transaction;
 * what they did is published (answers, changes for views) only when the transaction is durable, and taken back when it fails.
 */
export class Replica {
  /** Its id among the replicas: the origin of its operations. */
  readonly id: number;
  readonly #log: OpLog;
  readonly #clock: Clock;
  readonly #time: HybridClock;
  readonly #shards: Map<string, WritableShard>;
  #document: CatalogueDocument;
  #systemSequence: number;

  private constructor(options: ReplicaOptions, id: number, time: HybridClock, state: ReplicaState) {
    this.id = id;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#time = time;
    this.#shards = state.shards;
    this.#document = state.document;
    this.#systemSequence = state.systemSequence;
  }

  /** The replica of a log: a new one where the log is empty. Throws `corrupt` for a log that cannot be read. */
  static open(options: ReplicaOptions): Replica {
    const { log } = options;
    let id = Number(log.setting(REPLICA_SETTING) ?? 0);
    if (id === 0) {
      id = options.newReplicaId();
      log.transaction((writer) => writer.putSetting(REPLICA_SETTING, String(id)));
    }
    const last = parseTime(log.setting(CLOCK_SETTING));
    const time = new HybridClock(last === undefined ? {} : { last });
    return new Replica(
      options,
      id,
      time,
      recoverReplica(log, id, options.images, options.recoverFrom ?? "projection", options.onGraphs),
    );
  }

  get catalogue(): Catalogue {
    return this.#document.read();
  }

  /** The state of the collection of this name or alias. Throws `not-found`. */
  shard(name: string): Shard {
    return this.#writable(name).shard;
  }

  /** Graphs for readers in other threads: shard id → vector name → graph. */
  handles(): GraphHandles {
    return handlesOfShards(this.#shards);
  }

  /** Shards with their graphs by vector name, for images. */
  writableShards(): Iterable<WritableShard> {
    return this.#shards.values();
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
    const refused = new Map<number, MurmurationError>();
    for (;;) {
      const run: Run = { journal: [], changes: [], appended: 0, refusedMidway: undefined };
      try {
        const outcomes = this.#log.transaction((writer) => this.#executeAll(commands, refused, run, writer));
        return { outcomes, changes: run.changes };
      } catch (error) {
        for (const undo of run.journal.reverse()) undo();
        if (run.refusedMidway !== undefined) {
          // what it had done is taken back with the whole group, which is then executed without it
          refused.set(run.refusedMidway.command, run.refusedMidway.error);
          continue;
        }
        const failure =
          error instanceof MurmurationError
            ? error
            : new MurmurationError("storage", "the operation could not be executed", undefined, error);
        return { outcomes: commands.map(() => failure), changes: [] };
      }
    }
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
    const shard = this.#shards.get(resolveCollection(this.catalogue, name).id);
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
    const { wallMs, counter } = this.#time.last;
    if (run.appended > 0) writer.putSetting(CLOCK_SETTING, `${wallMs}:${counter}`);
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
    for (const planner of planners) operations.push(this.#write(shard, planner, run, writer));
    if (operations.length > 0) run.changes.push({ kind: "operations", shard: shard.id, operations });
    return { operationId: sequenceOf(shard.frontier, this.id), changed: operations.length > 0 };
  }

  /** Plan, append and apply one operation. */
  #write(shard: Shard, planner: BodyPlanner, run: Run, writer: LogWriter): AppliedOperation {
    const dot = { origin: this.id, sequence: sequenceOf(shard.frontier, this.id) + 1 };
    const operation = this.#operation(shard.id, dot.sequence, planner(dot));
    const bytes = encodeOperation(operation);
    run.appended++;
    const position = writer.append(shard.id, dot.origin, dot.sequence, bytes);
    const { ids, slots } = shard.apply(operation, run.journal);
    const positionBefore = shard.position;
    shard.position = position;
    run.journal.push(() => {
      shard.position = positionBefore;
    });
    for (const id of ids) {
      const state = shard.table.state(id);
      if (state !== undefined) writer.putPoint(shard.id, id, encodePointState(state));
    }
    return { origin: dot.origin, sequence: dot.sequence, bytes, slots };
  }

  #operation(shard: string, sequence: number, body: OperationBody): Operation {
    const time = this.#time.next(this.#clock.now());
    return { shard, origin: this.id, sequence, time, dependencies: emptyVersionVector, ...body };
  }

  #executeOnCatalogue(command: CatalogueCommand, run: Run, writer: LogWriter): Receipt {
    const sequence = this.#systemSequence + 1;
    const change = this.#document.plan(command, `${this.id}-${sequence}`);
    if (change === undefined) return { operationId: this.#systemSequence, changed: false };
    const before = this.#document;
    const after = before.apply(change);
    // new graphs may be refused for want of memory: before anything is written
    const added = Object.values(after.read().collections).filter((collection) => !this.#shards.has(collection.id));
    const opened = new Map(added.map((collection) => [collection.id, openShard(collection, newIndexes(collection))]));
    const operation = this.#operation(SYSTEM_SHARD, sequence, { kind: "catalogue", change });
    run.appended++;
    writer.append(SYSTEM_SHARD, this.id, sequence, encodeOperation(operation));
    run.journal.push(() => {
      this.#document = before;
      this.#systemSequence = sequence - 1;
    });
    this.#document = after;
    this.#systemSequence = sequence;
    this.#followCatalogue(opened, run, writer);
    const graphs = new Map([...opened].map(([id, { indexes }]) => [id, handlesOf(indexes)]));
    run.changes.push({ kind: "catalogue", catalogue: after.read(), opened: graphs });
    return { operationId: sequence, changed: true };
  }

  /** Make the shards those of the catalogue. */
  #followCatalogue(opened: ReadonlyMap<string, WritableShard>, run: Run, writer: LogWriter): void {
    const { collections } = this.catalogue;
    for (const [id, shard] of opened) {
      this.#shards.set(id, shard);
      run.journal.push(() => this.#shards.delete(id));
    }
    for (const [id, writable] of this.#shards) {
      const collection = collections[id];
      if (collection === undefined) {
        this.#shards.delete(id);
        run.journal.push(() => this.#shards.set(id, writable));
        writer.dropShard(id);
        continue;
      }
      const described = writable.shard.collection;
      if (described === collection) continue;
      writable.shard.describe(collection);
      run.journal.push(() => writable.shard.describe(described));
    }
  }
}

export function handlesOfShards(shards: ReadonlyMap<string, WritableShard>): GraphHandles {
  return new Map([...shards].map(([id, { indexes }]) => [id, handlesOf(indexes)]));
}

function handlesOf(indexes: ReadonlyMap<string, VectorIndex>): Map<string, GraphHandle> {
  return new Map([...indexes].map(([vector, index]) => [vector, index.handle()]));
}

function parseTime(text: string | undefined): HybridTime | undefined {
  if (text === undefined) return undefined;
  const [wallMs, counter] = text.split(":").map(Number);
  assert(wallMs !== undefined && counter !== undefined, "the clock setting is a time");
  return { wallMs, counter };
}
