import { assert, type ErrorCode, MurmurationError, type PointId } from "@murmuration/index";
import { resolveCollection } from "../catalogue/resolve.js";
import { sequenceOf } from "../causality/version-vector.js";
import type { CatalogueCommand, Command, PointCommand, Receipt } from "../command/command.js";
import type { LogWriter } from "../log/op-log.js";
import { planted } from "../planted.js";
import { type Journal, takeBack } from "../state/journal.js";
import type { Shard } from "../state/shard.js";
import type { AppliedOperation, Change } from "./change.js";
import { epochsOf } from "./open-shard.js";
import type { OwnRows } from "./own-rows.js";
import type { Peering } from "./peering.js";
import { type BodyPlanner, isPointCommand, planPointCommand, type WritableShard } from "./plan-points.js";
import { causalSetting, SYSTEM_SHARD, storedCausality } from "./recovery.js";
import type { Clock } from "./replica.js";
import { handlesOfOpened, type ReplicaStore } from "./store.js";

/** What executing a group of commands came to. */
export interface Execution {
  /** By command, in order. */
  readonly outcomes: readonly (Receipt | MurmurationError)[];
  /** What a view has to follow, in order. */
  readonly changes: readonly Change[];
}

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

/** The shard of the collection of this name or alias. Throws `not-found`. */
export function writableShardOf(store: ReplicaStore, name: string): WritableShard {
  const shard = store.shards.get(resolveCollection(store.catalogue, name).id);
  assert(shard !== undefined, "every collection has a shard");
  return shard;
}

/** Plans, logs and applies the commands of clients, within one transaction; takes back what the log refuses. */
export class Executor {
  readonly #store: ReplicaStore;
  readonly #clock: Clock;
  readonly #peering: Peering | undefined;

  constructor(store: ReplicaStore, clock: Clock, peering: Peering | undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#peering = peering;
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
        const outcomes = this.#store.log.transaction((writer) => this.#executeAll(commands, refused, run, writer));
        if (this.#peering !== undefined) this.#store.publishOwn(run.own);
        return { outcomes, changes: run.changes };
      } catch (error) {
        if (!planted.has("undo-forgotten")) takeBack(run.journal);
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
    const target = writableShardOf(this.#store, command.collection);
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
    return { operationId: sequenceOf(shard.frontier, this.#store.id), changed: operations.length > 0 };
  }

  /** Plan, append and apply one operation. */
  #write(shard: Shard, planner: BodyPlanner, run: Run, writer: LogWriter, touched: Set<PointId>): AppliedOperation {
    const dot = { origin: this.#store.id, sequence: sequenceOf(shard.frontier, this.#store.id) + 1 };
    const nowMs = this.#clock.now();
    const { operation, bytes } = this.#store.nextOperation(shard.id, shard.causality, planner(dot), nowMs);
    shard.check(operation);
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
    const sequence = sequenceOf(system.frontier, this.#store.id) + 1;
    const before = store.document;
    const change = before.plan(command, `${this.#store.id}-${sequence}`);
    if (change === undefined) return { operationId: sequence - 1, changed: false };
    const after = before.apply(change);
    // new graphs may be refused for want of memory: before anything is written
    const opened = store.openAdded(after);
    const body = { kind: "catalogue", change } as const;
    const { operation, bytes } = store.nextOperation(SYSTEM_SHARD, system, body, this.#clock.now());
    run.appended++;
    writer.append(SYSTEM_SHARD, this.#store.id, sequence, bytes);
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
