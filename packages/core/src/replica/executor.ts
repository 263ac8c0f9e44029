import { assert, MurmurationError } from "@murmuration/index";
import type { CatalogueCommand } from "../catalogue/catalogue-command.js";
import { collectionIdOf } from "../catalogue/collection-id.js";
import { formatOfIndex } from "../catalogue/index-schema.js";
import { hasCollection, resolveCollection } from "../catalogue/resolve.js";
import { formatOfSpaces } from "../catalogue/vector-space.js";
import { sequenceOf, sortedEntries } from "../causality/version-vector.js";
import type { Command, FoundPoints, PointCommand, PointWrite, Receipt } from "../command/command.js";
import { laterGraphsFormat } from "../operation/operation-format.js";
import { pointsOf } from "../operation/points-of.js";
import { laterKindsFormat } from "../operation/vector-kind.js";
import { isPlanted } from "../planted.js";
import { requireRoomForCopy } from "../state/copy-nodes.js";
import type { WritableShard } from "../state/writable-shard.js";
import type { Change } from "./commit/change.js";
import { CommitGroup, theBeginning } from "./commit/commit-group.js";
import type { OwnRows } from "./commit/own-rows.js";
import type { ReplicaStore } from "./commit/store.js";
import { SYSTEM_SHARD } from "./commit/stored-causality.js";
import type { Peering } from "./peering/peering.js";
import { isPointWrite, planPointCommand } from "./plan/plan-points.js";
import type { Planner } from "./plan/planner.js";
import type { Clock } from "./recovery/replica-options.js";
import type { Eraser } from "./upkeep/eraser.js";

/** What executing a group of commands came to. */
export interface Execution {
  /** By command, in order. */
  readonly outcomes: readonly (Receipt | MurmurationError)[];
  /** What readers have to follow, in order. */
  readonly changes: readonly Change[];
  /** The operations that they came to, in order. */
  readonly own: readonly OwnRows[];
}

/** The shard of the collection of this name or alias. Throws `not-found`, or `unavailable` for one that is quarantined. */
export function writableShardOf(store: ReplicaStore, name: string): WritableShard {
  const { id } = resolveCollection(store.catalogue, name);
  store.quarantines.refuse(id);
  const shard = store.shards.get(id);
  assert(shard !== undefined, "every collection has a shard");
  return shard;
}

/** Plans and applies the commands of clients, each whole or not at all, and commits them as one group; takes it back when the log refuses it. */
export class Executor {
  readonly #store: ReplicaStore;
  readonly #clock: Clock;
  readonly #peering: Peering | undefined;
  readonly #planner: Planner;
  readonly #eraser: Pick<Eraser, "requireReady">;

  constructor(
    store: ReplicaStore,
    clock: Clock,
    peering: Peering | undefined,
    planner: Planner,
    eraser: Pick<Eraser, "requireReady">,
  ) {
    this.#eraser = eraser;
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
      return { outcomes: commands.map(() => failure), changes: [], own: [] };
    }
    this.#store.watch?.enter("plan");
    const refused = new Map<number, MurmurationError>();
    for (const [i, command] of commands.entries()) {
      const why = this.#peering?.refusesCommand(command);
      if (why !== undefined) refused.set(i, new MurmurationError("unavailable", why));
    }
    return this.#executeGroup(commands, refused);
  }

  #executeGroup(commands: readonly Command[], refused: Map<number, MurmurationError>): Execution {
    // each round ends, or refuses one command more
    for (;;) {
      const group = new CommitGroup([]);
      const outcomes: (Receipt | MurmurationError)[] = [];
      for (const [i, command] of commands.entries()) {
        const outcome = refused.get(i) ?? this.#tryApply(command, group);
        outcomes.push(outcome);
        if (!group.isBroken) continue;
        // a shard is quarantined: nothing of it is acknowledged
        refused.set(i, outcome as MurmurationError);
        break;
      }
      if (group.isBroken) {
        this.#takeBack(group, commands);
        continue;
      }
      if (group.isEmpty) return { outcomes, changes: [], own: [] };
      try {
        const { changes, own } = this.#store.commit.commit(group, { isLazy: false });
        if (this.#peering !== undefined) this.#store.publishOwn(own);
        return { outcomes, changes, own };
      } catch (error) {
        if (!isPlanted("undo-forgotten")) this.#takeBack(group, commands);
        if (isPlanted("acknowledge-before-durable")) {
          return { outcomes: commands.map(() => ({ operationId: 0, changed: true })), changes: [], own: [] };
        }
        const failure = asFailure(error);
        const isFull = failure.code === "capacity" && commands.length > 1;
        return isFull
          ? this.#oneByOne(commands, refused)
          : { outcomes: commands.map(() => failure), changes: [], own: [] };
      }
    }
  }

  /** Together they found no room: those do that find it by themselves. */
  #oneByOne(commands: readonly Command[], refused: ReadonlyMap<number, MurmurationError>): Execution {
    const executions = commands.map((command, i) => {
      const why = refused.get(i);
      return why === undefined ? this.#executeGroup([command], new Map()) : { outcomes: [why], changes: [], own: [] };
    });
    return {
      outcomes: executions.flatMap(({ outcomes }) => outcomes),
      changes: executions.flatMap(({ changes }) => changes),
      own: executions.flatMap(({ own }) => own),
    };
  }

  /** A command that is refused is taken back by itself. */
  #tryApply(command: Command, group: CommitGroup): Receipt | MurmurationError {
    const mark = group.mark();
    const quarantines = this.#store.quarantines.list().length;
    try {
      return isPointWrite(command) ? this.#applyToPoints(command, group) : this.#applyToCatalogue(command, group);
    } catch (error) {
      if (!(error instanceof MurmurationError)) this.#store.noteFault("a write failed", error);
      this.#quarantineIfNot(group.takeBackTo(mark), [command]);
      if (this.#store.quarantines.list().length > quarantines) group.isBroken = true;
      return asFailure(error);
    }
  }

  /** Take back all that a group did. */
  #takeBack(group: CommitGroup, commands: readonly Command[]): void {
    this.#quarantineIfNot(group.takeBackTo(theBeginning), commands);
  }

  /** Where something could not be taken back, the state of the shards that commands wrote to is not known. */
  #quarantineIfNot([failure]: readonly unknown[], commands: readonly Command[]): void {
    if (failure === undefined) return;
    const { catalogue } = this.#store;
    for (const command of commands) {
      if (!("collection" in command) || !hasCollection(catalogue, command.collection)) continue;
      const { id } = resolveCollection(catalogue, command.collection);
      this.#store.quarantine(id, "a write could not be taken back", failure);
    }
  }

  #applyToPoints(write: PointWrite, group: CommitGroup): Receipt {
    const target = writableShardOf(this.#store, write.collection);
    if (write.kind !== "point-batch") return this.#applyCommand(target, write, group);
    const receipts = write.commands.map((command, i) => this.#applyCommand(target, command, group, write.found?.[i]));
    const each = receipts.map(({ operationId }) => operationId);
    const operationId = each.at(-1) ?? sequenceOf(target.shard.frontier, this.#store.id);
    return { operationId, changed: receipts.some(({ changed }) => changed), each };
  }

  #applyCommand(target: WritableShard, command: PointCommand, group: CommitGroup, found?: FoundPoints): Receipt {
    const store = this.#store;
    const { shard } = target;
    let changed = false;
    let points = 0;
    for (const planner of planPointCommand(target, command, this.#planner, found)) {
      const dot = { origin: store.id, sequence: sequenceOf(shard.frontier, store.id) + 1 };
      const nowMs = this.#clock.now();
      const encoded = store.nextOperation(shard.id, shard.causality, planner(dot), nowMs);
      store.commit.apply(group, target, encoded);
      group.own({ shard: shard.id, firstSequence: dot.sequence, rows: [encoded.bytes] });
      changed = true;
      points += pointsOf(encoded.operation).length;
    }
    return { operationId: sequenceOf(shard.frontier, store.id), changed, points };
  }

  /** The command with what is known where it is executed alone. */
  #asItIsHere(command: CatalogueCommand): CatalogueCommand {
    if (command.kind === "begin-erasure") {
      const { frontier } = writableShardOf(this.#store, command.collection).shard;
      return { ...command, through: sortedEntries(frontier), askedMs: this.#clock.now() };
    }
    if (command.kind === "begin-graph" || command.kind === "give-up-graph") return { ...command, by: this.#store.id };
    if (command.kind !== "confirm-erasures") return command;
    this.#eraser.requireReady(command.erasures);
    return { ...command, replica: this.#store.id, atMs: this.#clock.now() };
  }

  #applyToCatalogue(command: CatalogueCommand, group: CommitGroup): Receipt {
    const store = this.#store;
    store.quarantines.refuse(SYSTEM_SHARD);
    const { system } = store;
    if (command.kind === "create-payload-index" && formatOfIndex(command.schema) > store.formatOfAll()) {
      const message = `not every member knows payload indexes of type ${command.schema.kind} yet: bring all of them to this version first`;
      throw new MurmurationError("unavailable", message, "field_schema");
    }
    if (command.kind === "create-collection" && formatOfSpaces(command.vectors) > store.formatOfAll()) {
      const message = "not every member knows vectors of these kinds yet: bring all of them to this version first";
      const ofDense = Object.entries(command.vectors).filter(([, space]) => space.kind !== "sparse");
      const isDenseNewer = formatOfSpaces(Object.fromEntries(ofDense)) > store.formatOfAll();
      throw new MurmurationError("unavailable", message, isDenseNewer ? "vectors" : "sparse_vectors");
    }
    if (command.kind === "add-vector" || command.kind === "drop-vector") {
      if (store.formatOfAll() < laterKindsFormat) {
        const message = "not every member knows vectors that come and go yet: bring all of them to this version first";
        throw new MurmurationError("unavailable", message, "vector_name");
      }
    }
    if (command.kind === "begin-graph" && store.formatOfAll() < laterGraphsFormat) {
      const message =
        "not every member knows graphs that take another's place yet: bring all of them to this version first";
      throw new MurmurationError("unavailable", message, "vector");
    }
    const sequence = sequenceOf(system.frontier, store.id) + 1;
    const change = store.document.plan(this.#asItIsHere(command), collectionIdOf({ origin: store.id, sequence }));
    if (change === undefined) return { operationId: sequence - 1, changed: false };
    if (command.kind === "begin-graph") {
      const { shard, indexes } = writableShardOf(store, command.collection);
      const from = indexes.get(shard.keyOf(command.vector));
      if (from !== undefined) requireRoomForCopy(from, command.links, { isFirst: true });
    }
    const body = { kind: "catalogue", change } as const;
    const encoded = store.nextOperation(SYSTEM_SHARD, system, body, this.#clock.now());
    store.commit.applyCatalogue(group, encoded);
    group.own({ shard: SYSTEM_SHARD, firstSequence: sequence, rows: [encoded.bytes] });
    return { operationId: sequence, changed: true };
  }
}

/** An error as its client is told of it. What is no typed error is a fault of the program. */
function asFailure(error: unknown): MurmurationError {
  if (error instanceof MurmurationError) return error;
  return new MurmurationError("internal", "the operation could not be executed", undefined, error);
}
