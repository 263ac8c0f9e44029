import { assert, MurmurationError, type PointId } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { advance, type MutableVersionVector, type VersionVector } from "../causality/version-vector.js";
import { dotOf, type Operation } from "../operation/operation.js";
import type { VectorVersion } from "../operation/vector-version.js";
import {
  deletePoint,
  deletePointFields,
  deletePointVectors,
  type PointState,
  replacePointPayload,
  setPointFields,
  updatePointVectors,
  upsertPoint,
  visibleDot,
  type Write,
} from "./point-state.js";
import { PointTable } from "./point-table.js";
import type { ShardGraph } from "./shard-graph.js";

/** Steps that take changes back, in the order in which they were made. */
export type Journal = (() => void)[];

/** What applying one operation did. */
export interface Applied {
  /** Points whose state may have changed. */
  readonly ids: readonly PointId[];
  /** Slots of the inserted nodes, in the order of the operation's vectors. */
  readonly slots: readonly number[];
}

/**
 * The state of one collection: points, payload indexes and graphs. `apply` is the only thing that changes it, for an operation
 * made here, received, replayed or followed from another thread.
 */
export class Shard {
  readonly id: string;
  readonly table: PointTable;
  readonly graphs: ReadonlyMap<string, ShardGraph>;
  /** Log position of the shard's last operation, as far as its host keeps it. */
  position = 0;
  #collection: Collection;
  readonly #frontier: MutableVersionVector;

  constructor(collection: Collection, graphs: ReadonlyMap<string, ShardGraph>, frontier: VersionVector = new Map()) {
    this.id = collection.id;
    this.#collection = collection;
    this.graphs = graphs;
    this.#frontier = new Map(frontier);
    this.table = new PointTable(Object.keys(collection.vectors));
    for (const [path, schema] of Object.entries(collection.payloadIndexes)) this.table.createIndex(path, schema);
  }

  get collection(): Collection {
    return this.#collection;
  }

  /** Origin → highest contiguous sequence applied. */
  get frontier(): VersionVector {
    return this.#frontier;
  }

  /** The graph of a vector. Throws `wrong-input` for an unknown name. */
  graph(vector: string): ShardGraph {
    const graph = this.graphs.get(vector);
    if (graph === undefined) {
      throw new MurmurationError("wrong-input", `Not existing vector name error: ${vector}`, "vector");
    }
    return graph;
  }

  /** Take over a changed description: payload indexes that are new are built, those gone are dropped. */
  describe(collection: Collection): void {
    const wanted = collection.payloadIndexes;
    const had = this.#collection.payloadIndexes;
    this.#collection = collection;
    for (const path of this.table.indexPaths()) {
      if (!Object.hasOwn(wanted, path) || JSON.stringify(had[path]) !== JSON.stringify(wanted[path]))
        this.table.dropIndex(path);
    }
    const present = new Set(this.table.indexPaths());
    for (const [path, schema] of Object.entries(wanted)) if (!present.has(path)) this.table.createIndex(path, schema);
  }

  /** Apply the next operation of its origin. With a journal, every change can be taken back. */
  apply(operation: Operation, journal?: Journal): Applied {
    const write: Write = { stamp: { time: operation.time, origin: operation.origin }, sequence: operation.sequence };
    const slots = "vectors" in operation ? this.#insertNodes(operation, operation.vectors, journal) : [];
    const ids = this.#applyToPoints(operation, write, journal);
    // a node that is no point's visible version (its write lost) is dead from the start
    if ("vectors" in operation) {
      for (const [i, vector] of operation.vectors.entries()) {
        const slot = slots[i] as number;
        const graph = this.graphs.get(vector.name);
        if (graph !== undefined && !graph.reader.isVisible(slot)) graph.markDead(slot, true);
      }
    }
    const before = this.#frontier.get(operation.origin);
    advance(this.#frontier, dotOf(operation));
    journal?.push(() => {
      if (before === undefined) this.#frontier.delete(operation.origin);
      else this.#frontier.set(operation.origin, before);
    });
    return { ids, slots };
  }

  /** Insert an operation's nodes into those graphs that lag behind the stored points, and touch no point. */
  applyToGraph(operation: Operation, lags: (vector: string) => boolean): void {
    if (!("vectors" in operation)) return;
    this.#insertNodes(
      operation,
      operation.vectors.filter((vector) => lags(vector.name)),
      undefined,
    );
  }

  /** Take over a stored point, whose nodes are in the graphs already. */
  restorePoint(state: PointState): void {
    this.#putPoint(state.id, state);
  }

  /** After stored points and graphs were put together: whatever is no visible version is dead. */
  settleDeadNodes(): void {
    for (const graph of this.graphs.values()) {
      for (let slot = 0, end = graph.reader.slotCount; slot < end; slot++) {
        if (graph.reader.nodeAt(slot).linked) graph.markDead(slot, !graph.reader.isVisible(slot));
      }
    }
  }

  #insertNodes(operation: Operation, vectors: readonly VectorVersion[], journal: Journal | undefined): number[] {
    const slots: number[] = [];
    for (const vector of vectors) {
      const graph = this.graph(vector.name);
      const slot = graph.insert(dotOf(operation), vector.values, vector.delta);
      journal?.push(() => graph.revert(slot, vector.delta));
      slots.push(slot);
    }
    return slots;
  }

  #applyToPoints(operation: Operation, write: Write, journal: Journal | undefined): readonly PointId[] {
    const change = (id: PointId, next: (state: PointState) => PointState) => {
      const state = this.table.state(id);
      // causal order: whoever wrote this had seen the point, so that only a purged tombstone can be missing
      if (state !== undefined) this.#put(id, next(state), journal);
    };
    switch (operation.kind) {
      case "upsert": {
        const vectors = operation.vectors.map((vector) => vector.name);
        const { id, kept, payload } = operation;
        this.#put(id, upsertPoint(this.table.state(id), write, { id, vectors, kept, payload }), journal);
        return [id];
      }
      case "delete":
        for (const id of operation.ids) this.#put(id, deletePoint(this.table.state(id), write, id), journal);
        return operation.ids;
      case "update-vectors": {
        const names = operation.vectors.map((vector) => vector.name);
        change(operation.id, (state) => updatePointVectors(state, write, names, operation.kept));
        return [operation.id];
      }
      case "delete-vectors":
        for (const id of operation.ids) change(id, (state) => deletePointVectors(state, write, operation.names));
        return operation.ids;
      case "set-payload":
        for (const id of operation.ids) change(id, (state) => setPointFields(state, write, operation.fields));
        return operation.ids;
      case "overwrite-payload":
        for (const id of operation.ids) change(id, (state) => replacePointPayload(state, write, operation.payload));
        return operation.ids;
      case "delete-payload":
        for (const id of operation.ids) change(id, (state) => deletePointFields(state, write, operation.fields));
        return operation.ids;
      case "clear-payload":
        for (const id of operation.ids) change(id, (state) => replacePointPayload(state, write, {}));
        return operation.ids;
      case "catalogue":
        return assert(false, "the catalogue is the system shard's") as never;
    }
  }

  #put(id: PointId, next: PointState, journal: Journal | undefined): void {
    const previous = this.table.state(id);
    if (next === previous) return;
    this.#putPoint(id, next);
    journal?.push(() => this.#putPoint(id, previous));
  }

  /** Put a state in the table and make the graphs show its vectors. */
  #putPoint(id: PointId, next: PointState | undefined): void {
    const previous = this.table.state(id);
    const rowBefore = this.table.rowOf(id);
    const shown: (readonly [string, number])[] = [];
    for (const [name, graph] of this.graphs) {
      const before = visibleDot(previous, name);
      const after = visibleDot(next, name);
      const rowStays = previous?.exists === true && next?.exists === true;
      const same =
        before !== undefined &&
        after !== undefined &&
        before.origin === after.origin &&
        before.sequence === after.sequence;
      if (same && rowStays) continue;
      if (before !== undefined && rowBefore !== undefined) {
        const slot = graph.slotOf(before);
        assert(slot !== undefined, "a visible version is in the graph");
        graph.reader.hide(slot);
        graph.markDead(slot, true);
        this.table.slotMap(name)?.unlink(rowBefore, slot);
      }
      if (after !== undefined) {
        const slot = graph.slotOf(after);
        assert(slot !== undefined, "a winning version is in the graph");
        shown.push([name, slot]);
      }
    }
    const row = this.table.put(id, next);
    for (const [name, slot] of shown) {
      const graph = this.graphs.get(name) as ShardGraph;
      assert(row !== undefined, "a point with visible vectors is live");
      this.table.slotMap(name)?.link(row, slot);
      graph.markDead(slot, false);
      graph.reader.show(slot);
    }
  }
}
