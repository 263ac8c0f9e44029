import { type AppliedSpace, assert, attachReader, type GraphHandle, type GraphReader } from "@murmuration/index";
import type { Dot } from "../causality/dot.js";

/** A space as a shard's `apply` needs it, which is searched too while reads are answered from a shard. */
export interface ShardGraph extends AppliedSpace {
  readonly reader: GraphReader;
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
