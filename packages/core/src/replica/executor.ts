import { assert, type ErrorCode, MurmurationError, type PointId } from "@murmuration/index";
import type { CatalogueCommand } from "../catalogue/catalogue-command.js";
import { catalogueDelta } from "../catalogue/catalogue-delta.js";
import { collectionIdOf } from "../catalogue/collection-id.js";
import { hasCollection, resolveCollection } from "../catalogue/resolve.js";
import { sequenceOf } from "../causality/version-vector.js";
import type { Command, PointCommand, Receipt } from "../command/command.js";
import type { LogWriter } from "../log/op-log.js";
import type { Operation } from "../operation/operation.js";
import { planted } from "../planted.js";
import { type Journal, takeBack } from "../state/journal.js";
import { epochsOf, handlesOfShards, readableShards } from "../state/open-shard.js";
import type { Shard } from "../state/shard.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { AppliedOperation, Change } from "./change.js";
import type { OwnRows } from "./own-rows.js";
import type { Peering } from "./peering.js";
import { type BodyPlanner, isPointCommand, planPointCommand } from "./plan-points.js";
import type { Planner } from "./planner.js";
import { PreparedRows } from "./prepared-rows.js";
import type { Clock } from "./replica-options.js";
import type { ReplicaStore } from "./store.js";
import { causalSetting, SYSTEM_SHARD, storedCausality } from "./stored-causality.js";
import { dropStoredShard, putClock } from "./write-shard.js";

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
  /** Shards of which readers are shown more once it is durable. */
  readonly shown: Set<WritableShard>;
  /** Their rows, once these are prepared. */
  rows: PreparedRows | undefined;
  /** Operations appended so far. */
  appended: number;
  /** Is the log being written? What is thrown then is no command's fault. */
  isLogging: boolean;
  /** A command that was refused when it had appended operations already. */
  refusedMidway: { readonly command: number; readonly error: MurmurationError } | undefined;
}

/** Errors for which the command is not to blame. */
const logFailures: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["storage", "unavailable"]);

/** The shard of the collection of this name or alias. Throws `not-found`, or `unavailable` for one that is quarantined. */
export function writableShardOf(store: ReplicaStore, name: string): WritableShard {
  const { id } = resolveCollection(store.catalogue, name);
  store.quarantines.refuse(id);
  const shard = store.shards.get(id);
  assert(shard !== undefined, "every collection has a shard");
  return shard;
}

/** Plans, logs and applies the commands of clients, within one transaction; takes back what the log refuses. */
export class Executor {
  readonly #store: ReplicaStore;
  readonly #clock: Clock;
  readonly #peering: Peering | undefined;
  readonly #planner: Planner;

  constructor(store: ReplicaStore, clock: Clock, peering: Peering | undefined, planner: Planner) {
    this.#store = store;
    this.#clock = clock;
    this.#peering = peering;
    this.#planner = planner;
  }

  /**
   * Execute commands as one group: one transaction, one flush. Each command by itself is executed whole or refused, and then has no
   * effect; when the log fails, none of the group has.
   */
  execute(commands: readonly Command[]): Execution {
    try {
      this.#store.flush();
    } catch (error) {
      const failure = asFailure(error);
      return { outcomes: commands.map(() => failure), changes: [] };
    }
    const refused = new Map<number, MurmurationError>();
    for (const [i, command] of commands.entries()) {
      const why = this.#peering?.refusesCommand(command);
      if (why !== undefined) refused.set(i, new MurmurationError("unavailable", why));
    }
    // each round ends, or refuses one command more
    for (;;) {
      const run: Run = {
        journal: [],
        changes: [],
        own: [],
        shown: new Set(),
        rows: undefined,
        appended: 0,
        isLogging: false,
        refusedMidway: undefined,
      };
      try {
        if (refused.size === commands.length) {
          return { outcomes: commands.map((_, i) => refused.get(i) as MurmurationError), changes: [] };
        }
        const outcomes = this.#store.log.transaction((writer) => this.#executeAll(commands, refused, run, writer));
        const changes = this.#store.droppedPayloads.committed([...run.changes, ...(run.rows?.publish() ?? [])]);
        if (this.#peering !== undefined) this.#store.publishOwn(run.own);
        return { outcomes, changes };
      } catch (error) {
        run.rows?.takeBack();
        if (!planted.has("undo-forgotten")) this.#takeBack(run.journal, commands);
        for (const { rows } of run.shown) rows.forget();
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
    if (run.appended > 0) putClock(writer, this.#store.time);
    const { shards } = this.#store;
    const shown = [...run.shown].filter((target) => shards.get(target.shard.id) === target);
    run.rows = new PreparedRows(shown, { givesUp: false });
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
      if (run.isLogging) throw error;
      if (error instanceof MurmurationError && run.appended === appended) return error;
      if (error instanceof MurmurationError && logFailures.has(error.code)) throw error;
      if (!(error instanceof MurmurationError)) this.#store.noteFault("a write failed", error);
      run.refusedMidway = { command: at, error: asFailure(error) };
      throw error;
    }
  }

  /** Write to the log. */
  #inLog<T>(run: Run, write: () => T): T {
    run.isLogging = true;
    const result = write();
    run.isLogging = false;
    return result;
  }

  /** Take back what a group did. Where that fails, the state of the shards that it wrote to is not known. */
  #takeBack(journal: Journal, commands: readonly Command[]): void {
    const [failure] = takeBack(journal);
    if (failure === undefined) return;
    const { catalogue } = this.#store;
    for (const command of commands) {
      if (!("collection" in command) || !hasCollection(catalogue, command.collection)) continue;
      const { id } = resolveCollection(catalogue, command.collection);
      this.#store.quarantine(id, "a write could not be taken back", failure);
    }
  }

  #executeOnPoints(command: PointCommand, run: Run, writer: LogWriter): Receipt {
    const target = writableShardOf(this.#store, command.collection);
    const { shard } = target;
    const planners = planPointCommand(target, command, this.#planner);
    const operations: AppliedOperation[] = [];
    const touched = new Set<PointId>();
    for (const planner of planners) operations.push(this.#write(target, planner, run, writer, touched));
    const first = operations[0];
    if (first !== undefined) {
      this.#inLog(run, () => this.#store.putProjection(writer, shard, touched));
      run.changes.push({ kind: "operations", shard: shard.id, operations, epochs: epochsOf(target.indexes) });
      run.own.push({ shard: shard.id, firstSequence: first.sequence, rows: operations.map(({ bytes }) => bytes) });
    }
    return { operationId: sequenceOf(shard.frontier, this.#store.id), changed: operations.length > 0 };
  }

  /** Plan, append and apply one operation. */
  #write(
    target: WritableShard,
    planner: BodyPlanner,
    run: Run,
    writer: LogWriter,
    touched: Set<PointId>,
  ): AppliedOperation {
    const { shard } = target;
    run.shown.add(target);
    const dot = { origin: this.#store.id, sequence: sequenceOf(shard.frontier, this.#store.id) + 1 };
    const nowMs = this.#clock.now();
    const { operation, bytes } = this.#store.nextOperation(shard.id, shard.causality, planner(dot), nowMs);
    this.#checkOwn(shard, operation);
    run.appended++;
    const position = this.#inLog(run, () => writer.append(shard.id, dot.origin, dot.sequence, bytes));
    const { ids, slots } = this.#store.applyChecked(shard, operation, run.journal);
    const positionBefore = shard.position;
    shard.position = position;
    run.journal.push(() => {
      shard.position = positionBefore;
    });
    for (const id of ids) touched.add(id);
    return { origin: dot.origin, sequence: dot.sequence, bytes, slots };
  }

  /** What was planned on this state fits it, and may find no room. */
  #checkOwn(shard: Shard, operation: Operation): void {
    try {
      shard.check(operation);
    } catch (error) {
      if (error instanceof MurmurationError && error.code === "capacity") throw error;
      throw new Error("an operation does not fit the state that it was planned on", { cause: error });
    }
  }

  #executeOnCatalogue(command: CatalogueCommand, run: Run, writer: LogWriter): Receipt {
    const store = this.#store;
    store.quarantines.refuse(SYSTEM_SHARD);
    const { system } = store;
    const sequence = sequenceOf(system.frontier, this.#store.id) + 1;
    const before = store.document;
    const dot = { origin: this.#store.id, sequence };
    const change = before.plan(command, collectionIdOf(dot));
    if (change === undefined) return { operationId: sequence - 1, changed: false };
    const after = before.receive(change, dot);
    // new graphs may be refused for want of memory: before anything is written
    const opened = store.openAdded(after);
    const body = { kind: "catalogue", change } as const;
    const { operation, bytes } = store.nextOperation(SYSTEM_SHARD, system, body, this.#clock.now());
    run.appended++;
    run.journal.push(() => {
      store.document = before;
    });
    store.document = after;
    const { dropped, described } = store.followCatalogue(opened, run.journal);
    for (const target of described) run.shown.add(target);
    this.#inLog(run, () => {
      // first what goes: where the disk is full, it makes the room for the operation that drops it
      for (const id of dropped) dropStoredShard(writer, id);
      writer.append(SYSTEM_SHARD, this.#store.id, sequence, bytes);
    });
    system.advance(operation, run.journal);
    this.#inLog(run, () => writer.putSetting(causalSetting(SYSTEM_SHARD), storedCausality(system)));
    const frontier = new Map(system.frontier);
    const delta = catalogueDelta(before.read(), after.read());
    run.changes.push({
      kind: "catalogue",
      delta,
      frontier,
      opened: handlesOfShards(opened),
      collections: readableShards(opened),
    });
    run.own.push({ shard: SYSTEM_SHARD, firstSequence: sequence, rows: [bytes] });
    return { operationId: sequence, changed: true };
  }
}

/** An error as its client is told of it. What is no typed error is a fault of the program. */
function asFailure(error: unknown): MurmurationError {
  if (error instanceof MurmurationError) return error;
  return new MurmurationError("internal", "the operation could not be executed", undefined, error);
}
