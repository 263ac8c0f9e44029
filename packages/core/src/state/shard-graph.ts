import {
  assert,
  attachReader,
  type GraphDelta,
  type GraphHandle,
  type GraphReader,
  type VectorIndex,
} from "@murmuration/index";
import type { Dot } from "../causality/dot.js";

/** A graph as a shard's `apply` needs it: the same steps for the replica that writes it and for a view that only follows. */
export interface ShardGraph {
  readonly reader: GraphReader;
  /** The node of an operation, with its edges; returns its slot. */
  insert(dot: Dot, vector: Float32Array, delta: GraphDelta): number;
  /** Take back the newest insert. */
  revert(slot: number, delta: GraphDelta): void;
  slotOf(dot: Dot): number | undefined;
  markDead(slot: number, dead: boolean): void;
}

/** The graph of the replica that writes it. */
export function writableGraph(index: VectorIndex): ShardGraph {
  return {
    reader: index.reader,
    insert: (dot, vector, delta) => index.apply(dot, vector, delta),
    revert: (slot, delta) => index.revert(slot, delta),
    slotOf: (dot) => index.slotOf(dot),
    markDead: (slot, dead) => index.markDead(slot, dead),
  };
}

/**
 * A graph that another thread writes, followed: it was inserted there already, so that inserting here is taking note of the slot
 * it was given (`tell`), in the order of the operations.
 */
export class FollowedGraph implements ShardGraph {
  readonly reader: GraphReader;
  readonly #told: number[] = [];
  readonly #slots = new Map<number, Map<number, number>>();

  constructor(handle: GraphHandle, thread: number) {
    this.reader = attachReader(handle, thread);
    for (let slot = 0, end = this.reader.slotCount; slot < end; slot++) {
      if (this.reader.nodeAt(slot).linked) this.#remember(this.reader.dotAt(slot), slot);
    }
  }

  /** The slot of the next insert. */
  tell(slot: number): void {
    this.#told.push(slot);
  }

  insert(dot: Dot): number {
    const slot = this.#told.shift();
    assert(slot !== undefined, "the writer tells every slot before its operation");
    this.#remember(dot, slot);
    return slot;
  }

  revert(): void {
    assert(false, "only what is durable is followed");
  }

  slotOf(dot: Dot): number | undefined {
    return this.#slots.get(dot.origin)?.get(dot.sequence);
  }

  markDead(): void {
    // the writer has done it
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
