import { assert, type EdgeList, MurmurationError, type PointId } from "@murmuration/index";
import type { Collection } from "../catalogue/collection.js";
import { graphsOfVector, isBuilding } from "../catalogue/vector-graphs.js";
import { keyOfVector, servingKey } from "../catalogue/vector-incarnation.js";
import type { Dot } from "../causality/dot.js";
import type { VersionVector } from "../causality/version-vector.js";
import { StitchWindows } from "../gossip/windows.js";
import { dotOf, type Operation } from "../operation/operation.js";
import type { VectorVersion } from "../operation/vector-version.js";
import { isPlanted } from "../planted.js";
import { applyToPoints } from "./apply-to-points.js";
import { CausalState } from "./causal-state.js";
import { checkOnGraphs, checkOperation, deltaFor } from "./check-operation.js";
import type { Journal } from "./journal.js";
import { countedPayloadKeys, type PayloadKeys } from "./payload-keys.js";
import { type PointState, visibleDot, type Write } from "./point-state.js";
import { PointTable } from "./point-table.js";
import type { ShardGraph } from "./shard-graph.js";

export type { Journal } from "./journal.js";

/** What applying one operation did. */
export interface Applied {
  /** Points whose state may have changed. */
  readonly ids: readonly PointId[];
  /** Slots of the inserted nodes, in the order of the operation's vectors; none in a space that was dropped. */
  readonly slots: readonly (number | undefined)[];
}

/**
 * The state of one collection: points, payload indexes and graphs. `apply` is the only thing that changes it, for an operation
 * made here, received, replayed or followed from another thread.
 */
export class Shard {
  readonly id: string;
  readonly table: PointTable;
  /** By the keys of vectors (`vector-incarnation.ts`): those that live. */
  readonly graphs: ReadonlyMap<string, ShardGraph>;
  /** Log position of the shard's last operation, as far as its host keeps it. */
  position = 0;
  #collection: Collection;
  /** Who has seen what. */
  readonly causality: CausalState;
  /** Which nodes of which origins were inserted without knowing of each other and are not linked yet. */
  readonly windows: StitchWindows;
  /** Links of live nodes that a purge had to cut: 0 unless a rule of the graph was broken. */
  purgedLiveLinks = 0;
  /** Points of which a tombstone was made since `takeDeleted`. */
  #deleted: PointId[] | undefined;
  readonly #watchers = new Set<(id: PointId) => void>();
  #repairs = 0;

  constructor(
    collection: Collection,
    graphs: ReadonlyMap<string, ShardGraph>,
    causality = new CausalState(),
    windows = new StitchWindows(),
    payloadKeys: PayloadKeys = countedPayloadKeys(),
  ) {
    this.id = collection.id;
    this.#collection = collection;
    this.graphs = graphs;
    this.causality = causality;
    this.windows = windows;
    this.table = new PointTable({
      newPayloadKey: () => payloadKeys.newPayloadKey(collection.id),
    });
    this.table.changeIndexes(Object.entries(collection.payloadIndexes), []);
  }

  get collection(): Collection {
    return this.#collection;
  }

  /** Origin → highest contiguous sequence applied. */
  get frontier(): VersionVector {
    return this.causality.frontier;
  }

  /** The graph of a vector, by its key. Throws `wrong-input` for one that is not here. */
  graph(vector: string): ShardGraph {
    return this.graphs.get(vector) ?? noSuchVector(vector);
  }

  /** The graph that serves a vector by the key of its registers (`visibleVectorNames`); `undefined`: the vector does not live. */
  shownGraph(vector: string): ShardGraph | undefined {
    return this.graphs.get(servingKey(this.#collection, vector));
  }

  /** What the shard calls the vector of this name. Throws `wrong-input` for an unknown one. */
  keyOf(name: string): string {
    return keyOfVector(this.#collection, name) ?? noSuchVector(name);
  }

  /** Takes the ids of points that were deleted since the last call, none at the first; some may exist again. */
  takeDeleted(): PointId[] {
    const deleted = this.#deleted ?? [];
    this.#deleted = [];
    return deleted;
  }

  /** Repairs by `reconcilePoints` and `reconcileLinks` since it was opened. */
  get repairs(): number {
    return this.#repairs;
  }

  /** Be told of every point whose state, or the place of a vector, changes, until the returned function is called. */
  watchPoints(watcher: (id: PointId) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Take over a changed description, whole: payload indexes that are new are built, those gone are dropped. Throws `format` for a bad path. */
  describe(collection: Collection): void {
    const wanted = collection.payloadIndexes;
    const had = this.#collection.payloadIndexes;
    const paths = new Set(this.table.indexPaths());
    const isAsWanted = (path: string) => paths.has(path) && JSON.stringify(had[path]) === JSON.stringify(wanted[path]);
    const created = Object.entries(wanted).filter(([path]) => !isAsWanted(path));
    const dropped = this.table.indexPaths().filter((path) => !Object.hasOwn(wanted, path));
    if (isPlanted("describes-by-half")) this.#collection = collection;
    if (created.length > 0 || dropped.length > 0) this.table.changeIndexes(created, dropped);
    this.#collection = collection;
  }

  /** Throws when `apply` could not apply the next operation of its origin whole: `checkOperation`. Reads only. */
  check(operation: Operation): void {
    if (isPlanted("unchecked-operations")) return;
    checkOperation(this, operation);
  }

  /** `check` for `applyToGraph`. */
  checkOnGraph(operation: Operation, past: VersionVector, lags: (vector: string) => boolean): void {
    checkOnGraphs(this, operation, past, lags);
  }

  /**
   * Apply the next operation of its origin, which `check` has passed: then this fails for a broken invariant alone. With a journal, every
   * change can be taken back but those of edges and purges. The frontier moves last.
   */
  apply(operation: Operation, journal?: Journal): Applied {
    const write: Write = { stamp: { time: operation.time, origin: operation.origin }, sequence: operation.sequence };
    const past = this.causality.pastOf(operation);
    const slots = this.#applyToGraphs(operation, past, () => true, journal);
    if (operation.kind === "edges" && operation.closes !== undefined) {
      const undo = this.windows.close(operation.closes);
      journal?.push(undo);
    }
    const ids = applyToPoints(isPlanted("registers-of-dead-lost") ? this.#ofLiving(operation) : operation, write, {
      state: (id) => this.table.state(id),
      put: (id, next) => this.#put(id, next, journal),
    });
    // a node that is no point's visible version (its write lost) is dead from the start
    if ("vectors" in operation) {
      if (operation.vectors.length > 0) {
        const undo = this.windows.applyInsert(operation.origin, operation.sequence, past);
        journal?.push(undo);
      }
      for (const [i, vector] of operation.vectors.entries()) {
        for (const graph of this.#graphsOf(vector.name)) {
          const slot = this.collection.graphs === undefined ? slots[i] : graph.slotOf(dotOf(operation));
          if (slot !== undefined && !graph.reader.isVisible(slot)) graph.markDead(slot, true);
        }
      }
    }
    this.causality.advance(operation, journal);
    return { ids, slots };
  }

  /** Apply an operation with this causal past to those graphs that lag behind the stored points, and touch no point. */
  applyToGraph(operation: Operation, past: VersionVector, lags: (vector: string) => boolean): void {
    const before = this.purgedLiveLinks;
    this.#applyToGraphs(operation, past, lags, undefined);
    // which nodes are dead is known when the points are there
    this.purgedLiveLinks = before;
  }

  /**
   * Take over a stored point, whose nodes are in the graphs already. Throws `corrupt` when one is not. `payloadKey`: of its payload, where it has
   * one already.
   */
  restorePoint(state: PointState, payloadKey?: number): void {
    if (this.#nodesOf(state).some(({ slot }) => slot === undefined))
      throw new MurmurationError("corrupt", `shard ${this.id}: the vector of point ${state.id} is not in the log`);
    this.#putPoint(state.id, state, payloadKey);
  }

  /** The same of a point that stays in the log (`PointTable.keepIn`), whose nodes alone are taken over. */
  showPoint(state: PointState): void {
    for (const { graph, slot } of this.#nodesOf(state)) {
      if (slot === undefined)
        throw new MurmurationError("corrupt", `shard ${this.id}: the vector of point ${state.id} is not in the log`);
      graph.markDead(slot, false);
      graph.reader.show(slot);
    }
  }

  /** Is every visible vector of a state in the graphs, and its node not known to be dead for good? */
  holdsVectorsOf(state: PointState): boolean {
    return this.#nodesOf(state).every(({ graph, slot }) => slot !== undefined && !graph.reader.isCondemned(slot));
  }

  /** Where the vectors stand that a state shows; no slot: not here. */
  #nodesOf(state: PointState): { readonly graph: ShardGraph; readonly slot: number | undefined }[] {
    const nodes: { readonly graph: ShardGraph; readonly slot: number | undefined }[] = [];
    for (const [name, graph] of this.graphs) {
      const dot = visibleDot(state, name);
      if (dot !== undefined) nodes.push({ graph, slot: graph.slotOf(dot) });
    }
    return nodes;
  }

  /**
   * Put states in place of damaged ones: what reconciliation at equal frontiers found to be right. No operation says so, so that the
   * frontier stays. The vectors of each must be here (`holdsVectorsOf`). `payloadKeys`: of payloads that keep theirs.
   */
  reconcilePoints(states: readonly PointState[], payloadKeys: ReadonlyMap<PointId, number> = new Map()): void {
    for (const state of states) this.#putPoint(state.id, state, payloadKeys.get(state.id));
    this.#repairs += states.length;
  }

  /** Put links back that a node has lost. No tag may be stored in its graph; every node named must be there. */
  reconcileLinks(vector: string, dot: Dot, lists: readonly EdgeList[]): void {
    const graph = this.graph(vector);
    const isThere = (one: Dot) => graph.slotOf(one) !== undefined;
    assert(isThere(dot) && lists.every(({ added }) => added.every(isThere)), "links join nodes that are there");
    graph.restoreLinks(dot, lists);
    this.#repairs++;
  }

  /** Make a node's mark of death what the points say. Returns whether it was another. */
  reconcileDeath(vector: string, dot: Dot): boolean {
    const graph = this.graph(vector);
    const slot = graph.slotOf(dot);
    assert(slot !== undefined, "the node is there");
    const shouldBe = !graph.reader.isVisible(slot);
    if (graph.reader.nodeAt(slot).dead === shouldBe) return false;
    graph.markDead(slot, shouldBe);
    this.#repairs++;
    return true;
  }

  /** What an operation does to the graphs for which `wanted` holds. Returns the slots of its nodes. */
  #applyToGraphs(
    operation: Operation,
    past: VersionVector,
    wanted: (vector: string) => boolean,
    journal: Journal | undefined,
  ): (number | undefined)[] {
    if ("vectors" in operation) {
      return this.#insertNodes(operation, operation.vectors, wanted, past, journal);
    }
    // of a vector that was dropped, nothing is known any more
    if (operation.kind === "edges" && this.graphs.has(operation.vector) && wanted(operation.vector)) {
      const graph = this.graph(operation.vector);
      for (const delta of operation.deltas) graph.applyEdges(dotOf(operation), delta, past);
    }
    if (operation.kind === "purge") {
      for (const key of graphsOfVector(this.#collection, this.graphs, operation.vector)) {
        if (!wanted(key)) continue;
        this.#hideLost(key, operation.dots);
        this.purgedLiveLinks += this.graph(key).purge(operation.dots);
      }
    }
    return [];
  }

  /**
   * Where a point shows a node that everybody else knows to be dead, what had made it so was lost here. The node goes all the same, so that
   * graphs stay equal; the point is without its vector until reconciliation brings what was lost.
   */
  #hideLost(vector: string, dots: readonly Dot[]): void {
    const graph = this.graph(vector);
    for (const dot of dots) {
      const slot = graph.slotOf(dot);
      if (slot === undefined || !graph.reader.isVisible(slot)) continue;
      const id = this.#pointThatShows(vector, dot);
      if (id === undefined) continue;
      this.#tell(id);
      graph.reader.hide(slot);
      graph.markDead(slot, true);
    }
  }

  /** The point whose visible version a node is. Looks at all of them: what it is asked for is the consequence of a damage. */
  #pointThatShows(vector: string, dot: Dot): PointId | undefined {
    for (const state of this.table.states()) {
      const shown = visibleDot(state, vector);
      if (shown?.origin === dot.origin && shown.sequence === dot.sequence) return state.id;
    }
    return undefined;
  }

  #insertNodes(
    operation: Operation,
    vectors: readonly VectorVersion[],
    wanted: (vector: string) => boolean,
    past: VersionVector,
    journal: Journal | undefined,
  ): (number | undefined)[] {
    return vectors.map((vector) => {
      const { name, values } = vector;
      let shown: number | undefined;
      for (const key of graphsOfVector(this.#collection, this.graphs, name)) {
        if (!wanted(key)) continue;
        const graph = this.graph(key);
        const slot = graph.insert(dotOf(operation), values, deltaFor(graph, key, vector, operation), past, journal);
        if (!isBuilding(this.#collection, key)) shown = slot;
      }
      return shown;
    });
  }

  /** Of a vector, by the key of any of its graphs. */
  #graphsOf(named: string): ShardGraph[] {
    return graphsOfVector(this.#collection, this.graphs, named).map((key) => this.graph(key));
  }

  /** With the bug planted: without the vectors that were dropped. */
  #ofLiving(operation: Operation): Operation {
    if (!("vectors" in operation)) return operation;
    return { ...operation, vectors: operation.vectors.filter(({ name }) => this.graphs.has(name)) };
  }

  #tell(id: PointId): void {
    for (const watcher of this.#watchers) watcher(id);
  }

  #put(id: PointId, next: PointState | undefined, journal: Journal | undefined): void {
    const previous = this.table.state(id);
    if (next === previous) return;
    const payloadKey = this.table.payloadKeyOf(id);
    this.#putPoint(id, next);
    journal?.push(() => this.#putPoint(id, previous, payloadKey));
  }

  /** Put a state in the table and make the graphs show its vectors. */
  #putPoint(id: PointId, next: PointState | undefined, payloadKey?: number): void {
    const previous = this.table.state(id);
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
      if (before !== undefined) {
        const slot = graph.slotOf(before);
        // purged while it was shown: see #hideLost
        if (slot !== undefined) {
          graph.reader.hide(slot);
          graph.markDead(slot, true);
        }
      }
      if (after !== undefined) {
        const slot = graph.slotOf(after);
        assert(slot !== undefined, "a winning version is in the graph");
        shown.push([name, slot]);
      }
    }
    this.table.put(id, next, payloadKey);
    this.#tell(id);
    if (next?.exists === false) this.#deleted?.push(id);
    for (const [name, slot] of shown) {
      const graph = this.graphs.get(name) as ShardGraph;
      graph.markDead(slot, false);
      graph.reader.show(slot);
    }
  }
}

function noSuchVector(name: string): never {
  throw new MurmurationError("wrong-input", `Not existing vector name error: ${name}`, "vector");
}
