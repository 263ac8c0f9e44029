import {
  type GraphReader,
  MurmurationError,
  type NodeDot,
  VectorIndex,
  type VectorIndexOptions,
} from "@murmuration/index";
import { deadShare } from "./canary-limits.js";

/** Slots that are looked at between two pauses, while nothing is found at them. */
const SLOTS_PER_PAUSE = 4_096;
/** What is kept of a slot of the first graph beside the graphs. */
const BYTES_PER_SLOT = 16;
const GROWTH = 1.5;

/**
 * A second graph over the vectors of a first one, which another thread writes: built of the nodes that live there, and brought after them pass by
 * pass. It reads the first graph as any thread beside its writer does, and changes nothing there. A node that is copied is one immutable version
 * of a vector under its dot: where the dot is the same before and after the copy, it is that vector, whatever was done meanwhile.
 */
export class CanaryGraph {
  readonly index: VectorIndex;
  readonly #first: GraphReader;
  // by slot of the first graph: the node that was taken over from there, and its slot here, plus one
  #origins = new Uint32Array(0);
  #sequences = new Float64Array(0);
  #places = new Uint32Array(0);
  #size = 0;
  #lastOwn = 0;

  /** Throws `capacity` where no memory is left. */
  constructor(first: GraphReader, options: VectorIndexOptions) {
    this.#first = first;
    this.index = new VectorIndex(options);
  }

  /** Vectors that were taken over. Both readers may return those and no others. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.index.reader.bytesInUse + this.#places.length * BYTES_PER_SLOT;
  }

  /** Look at every node of the first graph once, and do the same here. Returns how many changes that were. Throws `capacity`. */
  *follow(): Generator<void, number> {
    let changes = 0;
    const { slotCount } = this.#first;
    this.#grow(slotCount);
    for (let slot = 0; slot < slotCount; slot++) {
      if (this.#followSlot(slot)) {
        changes++;
        yield;
      } else if (slot % SLOTS_PER_PAUSE === 0) yield;
    }
    yield* this.#takeOut();
    return changes;
  }

  #followSlot(slot: number): boolean {
    const { linked, dead } = this.#first.nodeAt(slot);
    const lives = linked && !dead;
    const place = this.#places[slot] as number;
    if (place === 0 && !lives) return false;
    const dot = this.#first.dotAt(slot);
    const isKnown = place !== 0 && this.#origins[slot] === dot.origin && this.#sequences[slot] === dot.sequence;
    if (isKnown && lives) return false;
    if (place !== 0) this.#remove(slot, place - 1);
    if (lives) this.#take(slot, dot);
    return true;
  }

  #take(slot: number, dot: NodeDot): void {
    let vector: Float32Array;
    try {
      vector = this.#first.vectorAt(slot);
    } catch (error) {
      // a row in a file that is being given to another node: the next pass sees which
      if (error instanceof MurmurationError && (error.code === "corrupt" || error.code === "storage")) return;
      throw error;
    }
    const now = this.#first.dotAt(slot);
    if (now.origin !== dot.origin || now.sequence !== dot.sequence || !this.#first.nodeAt(slot).linked) return;
    const known = this.index.slotOf(dot);
    if (known === undefined) {
      this.index.requireRoomFor(1);
      const place = this.index.apply(dot, vector, this.index.plan(dot, vector));
      this.#put(slot, dot, place);
    } else if (!this.index.isCondemned(known)) {
      // it was dead, and a point shows it again
      this.index.markDead(known, false);
      this.#put(slot, dot, known);
    }
  }

  #put(slot: number, dot: NodeDot, place: number): void {
    this.index.reader.show(place);
    this.#first.show(slot);
    this.#origins[slot] = dot.origin;
    this.#sequences[slot] = dot.sequence;
    this.#places[slot] = place + 1;
    this.#size++;
  }

  #remove(slot: number, place: number): void {
    this.index.reader.hide(place);
    this.index.markDead(place, true);
    this.#first.hide(slot);
    this.#places[slot] = 0;
    this.#size--;
  }

  /** Where many have died: repair the links to them and take them out, as upkeep does it in the first graph. */
  *#takeOut(): Generator<void, void> {
    const { index } = this;
    const { reader } = index;
    if (reader.deadCount <= deadShare * reader.linkedCount) return;
    const origins = new Set<number>();
    for (let slot = 0; slot < reader.slotCount; slot++) {
      const { linked, dead } = reader.nodeAt(slot);
      if (!linked) continue;
      const { origin } = reader.dotAt(slot);
      origins.add(origin);
      if (dead && !index.isCondemned(slot)) index.condemn(slot);
      if (slot % SLOTS_PER_PAUSE === 0) yield;
    }
    const [origin = 1] = origins;
    for (let from = 0; from < reader.slotCount; ) {
      const { nodes, nextSlot } = index.nodesToRepair(origins, from, 16);
      for (const node of nodes) {
        const delta = index.planRepair(node);
        // one writer: a tag says only that the link was not made by an insert, and is forgotten at once
        const tag = { origin, sequence: ++this.#lastOwn };
        if (delta !== undefined) index.applyEdges(tag, delta, new Map([[origin, tag.sequence]]));
        index.settleTags(new Map([[origin, tag.sequence]]));
      }
      from = nextSlot;
      yield;
    }
    for (let gone = 1; gone > 0; ) {
      gone = index.purge(index.purgeable(origins, 256)).purged;
      yield;
    }
  }

  #grow(slots: number): void {
    if (slots <= this.#places.length) return;
    const length = Math.ceil(slots * GROWTH);
    const grown = <A extends Uint32Array | Float64Array>(array: A, made: A): A => {
      made.set(array);
      return made;
    };
    this.#origins = grown(this.#origins, new Uint32Array(length));
    this.#sequences = grown(this.#sequences, new Float64Array(length));
    this.#places = grown(this.#places, new Uint32Array(length));
  }
}
