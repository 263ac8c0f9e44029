import {
  assert,
  attachReader,
  type CausalPast,
  type EdgeDelta,
  type EdgeList,
  encodeEdgeDelta,
  type GraphDelta,
  type GraphHandle,
  type GraphReader,
  type VectorIndex,
} from "@murmuration/index";
import type { Dot } from "../causality/dot.js";
import type { Journal } from "./journal.js";

/** A graph as a shard's `apply` needs it: the same steps for the replica that writes it and for a view that only follows. */
export interface ShardGraph {
  readonly reader: GraphReader;
  /** The node of an operation with this causal past, with its edges; returns its slot. With a journal it can be taken back. */
  insert(dot: Dot, vector: Float32Array, delta: GraphDelta, past: CausalPast, journal?: Journal): number;
  /** Throws what `insert` would throw, `corrupt` or `capacity`, and changes nothing. */
  checkInsert(dot: Dot, vector: Float32Array, delta: GraphDelta, past: CausalPast): void;
  /** The same for these changes of lists, one after the other. */
  checkEdges(deltas: readonly EdgeDelta[], past: CausalPast): void;
  /** Throws `capacity` when a purge may not find the room that it needs. */
  checkPurge(): void;
  /** Changes of lists by an operation that inserts nothing. They cannot be taken back. */
  applyEdges(dot: Dot, delta: EdgeDelta, past: CausalPast): void;
  /** Put links back that a node has lost, without a tag: as everybody knows them. No tag may be stored in the graph. */
  restoreLinks(dot: Dot, lists: readonly EdgeList[]): void;
  /** Forget nodes for good. Returns how many links of live nodes had to go: 0 unless a rule of the graph was broken. */
  purge(dots: readonly Dot[]): number;
  slotOf(dot: Dot): number | undefined;
  markDead(slot: number, dead: boolean): void;
  /** Takes the nodes that were marked dead since the last call, none at the first; some may live again, or be gone. */
  takeDeaths(): Dot[];
}

/** Origin, sequence and slot of every node, in turn. */
export function nodesOf(reader: GraphReader): Float64Array {
  const nodes: number[] = [];
  for (let slot = 0, end = reader.slotCount; slot < end; slot++) {
    if (!reader.nodeAt(slot).linked) continue;
    const { origin, sequence } = reader.dotAt(slot);
    nodes.push(origin, sequence, slot);
  }
  return Float64Array.from(nodes);
}

/** The graph of the replica that writes it. */
export function writableGraph(index: VectorIndex): ShardGraph {
  // nobody asks a replica that has no upkeep
  let deaths: Dot[] | undefined;
  return {
    reader: index.reader,
    insert: (dot, vector, delta, past, journal) => {
      const slot = index.apply(dot, vector, delta, past);
      if (journal !== undefined) {
        const undo = index.takeUndo();
        journal.push(() => index.revert(slot, delta, undo));
      }
      return slot;
    },
    checkInsert: (dot, vector, delta, past) => index.checkInsert(dot, vector, delta, past),
    checkEdges: (deltas, past) => index.checkEdges(deltas, past),
    checkPurge: () => index.checkPurge(),
    applyEdges: (dot, delta, past) => index.applyEdges(dot, delta, past),
    restoreLinks: (dot, lists) => {
      assert(index.counters().storedTags === 0, "the tags that the restored links get are the only ones");
      const { origin, sequence } = dot;
      index.applyEdges(dot, encodeEdgeDelta(lists), new Map());
      index.settleTags(new Map([[origin, sequence]]));
    },
    purge: (dots) => index.purge(dots).liveInEdges,
    slotOf: (dot) => index.slotOf(dot),
    markDead: (slot, dead) => {
      index.markDead(slot, dead);
      if (dead) deaths?.push(index.reader.dotAt(slot));
    },
    takeDeaths: () => {
      const taken = deaths ?? [];
      deaths = [];
      return taken;
    },
  };
}

/**
 * A graph that another thread writes, followed: it was changed there already, so that inserting here is taking note of the slot
 * it was given (`tell`), in the order of the operations.
 */
export class FollowedGraph implements ShardGraph {
  readonly reader: GraphReader;
  readonly #told: number[] = [];
  readonly #slots = new Map<number, Map<number, number>>();

  /**
   * `isStill`: the writer does nothing meanwhile. Else it has pinned its graph for this thread when it made it. `nodes`: those that it
   * begins with, as origin, sequence and slot in turn; without them, those that are in the graph.
   */
  constructor(handle: GraphHandle, thread: number, isStill: boolean, nodes?: Float64Array) {
    this.reader = attachReader(handle, thread);
    if (isStill) this.reader.pinNow();
    if (nodes !== undefined) {
      for (let at = 0; at < nodes.length; at += 3) {
        const [origin, sequence, slot] = nodes.subarray(at, at + 3) as unknown as [number, number, number];
        this.#remember({ origin, sequence }, slot);
      }
      return;
    }
    for (let slot = 0, end = this.reader.slotCount; slot < end; slot++) {
      if (this.reader.nodeAt(slot).linked) this.#remember(this.reader.dotAt(slot), slot);
    }
  }

  /** The slot of the next insert. */
  tell(slot: number): void {
    this.#told.push(slot);
  }

  /** Everything that the writer had done at this epoch is followed: slots that were retired before may be used again. */
  followedTo(epoch: number): void {
    this.reader.pin(epoch);
  }

  insert(dot: Dot): number {
    const slot = this.#told.shift();
    assert(slot !== undefined, "the writer tells every slot before its operation");
    this.#remember(dot, slot);
    return slot;
  }

  checkInsert(): void {
    // the writer has done it
  }

  checkEdges(): void {
    // the writer has done it
  }

  checkPurge(): void {
    // the writer has done it
  }

  applyEdges(): void {
    // the writer has done it
  }

  restoreLinks(): void {
    // the writer has done it
  }

  purge(dots: readonly Dot[]): number {
    for (const dot of dots) this.#slots.get(dot.origin)?.delete(dot.sequence);
    return 0;
  }

  slotOf(dot: Dot): number | undefined {
    return this.#slots.get(dot.origin)?.get(dot.sequence);
  }

  markDead(): void {
    // the writer has done it
  }

  takeDeaths(): Dot[] {
    return [];
  }

  #remember(dot: Dot, slot: number): void {
    let ofOrigin = this.#slots.get(dot.origin);
    if (ofOrigin === undefined) {
      ofOrigin = new Map();
      this.#slots.set(dot.origin, ofOrigin);
    }
    ofOrigin.set(dot.sequence, slot);
  }
}
