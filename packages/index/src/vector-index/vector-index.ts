import { assert, MurmurationError } from "../errors.js";
import { attachEngine, createEngine, type Engine, type GraphMemory, header, NO_SLOT } from "./engine.js";
import { GraphReader, type NodeDot } from "./graph-reader.js";
import { checkVectorIndexOptions, type VectorIndexOptions, vectorIndexLimits } from "./options.js";

/** Answers of the engine's applyInsert that are no slot (assembly/apply.ts). */
const FULL = NO_SLOT;
const MALFORMED = NO_SLOT - 1;
const DUPLICATE = NO_SLOT - 2;

/** End of the memory that upper lists may fill, and most of them per node (assembly/slots.ts, assembly/limits.ts). */
const ADDRESS_END = 0xffff0000;
const UPPER_LEVELS_MAX = 7;

/**
 * A packed graph delta: the edges that an insert adds and removes, by dots (format: docs/graph-delta.md). It means the same on
 * every replica.
 */
export type GraphDelta = Uint8Array;

/** What another thread needs to read this graph. Can be posted to it. */
export interface GraphHandle {
  readonly memory: GraphMemory;
  readonly options: VectorIndexOptions;
}

/**
 * An HNSW graph in one WASM memory (Malkov and Yashunin, 2018), with insertion split in two: `plan` reads the graph and
 * returns the change as a delta, `apply` makes the change without searching. The one writer of its memory.
 */
export class VectorIndex {
  readonly options: VectorIndexOptions;
  readonly reader: GraphReader;
  /** Most vectors that fit the memory. */
  readonly capacity: number;
  readonly #engine: Engine;

  /** An empty index. Throws `validation` for options out of range, `capacity` when no memory is left. */
  constructor(options: VectorIndexOptions) {
    checkVectorIndexOptions(options);
    const engine = createEngine(options);
    this.options = options;
    this.capacity = engine.capacity;
    this.#engine = engine;
    this.reader = new GraphReader(engine, options);
  }

  /** A handle for a reader in another thread. */
  handle(): GraphHandle {
    return { memory: this.#engine.memory, options: this.options };
  }

  /** Throws `capacity` when fewer than `count` more vectors are sure to fit, whatever their levels. */
  requireRoomFor(count: number): void {
    const { u32 } = this.#engine;
    const { links } = this.options;
    const upperLeft = ADDRESS_END - (u32[header.upperNext >> 2] as number);
    const upperNeeded = count * UPPER_LEVELS_MAX * (links + 1) * 4;
    if (this.reader.slotCount + count <= this.capacity && upperNeeded <= upperLeft) return;
    throw new MurmurationError(
      "capacity",
      `the shard's memory is full: it holds at most ${this.capacity} vectors of this size`,
    );
  }

  /**
   * Decide the edges of a new node: f32[dimensions] (cosine: normalised) under a dot that is not in the graph. Changes nothing.
   */
  plan(dot: NodeDot, vector: Float32Array): GraphDelta {
    this.#putVector(vector);
    const { plan, u8, at } = this.#engine;
    const bytes = plan(dot.origin, dot.sequence);
    // a view on shared memory: the copy below is a plain, unshared array
    return new Uint8Array(u8.subarray(at.delta, at.delta + bytes));
  }

  /**
   * Insert a vector by the delta that a planner made, here or on another replica. Dots that are not in this graph are passed over.
   * Returns the slot. Throws `capacity` when the memory is full, `corrupt` for a delta that is malformed or does not fit the
   * graph, or a dot that is present; then nothing has changed.
   */
  apply(dot: NodeDot, vector: Float32Array, delta: GraphDelta): number {
    this.#putVector(vector);
    this.#putDelta(delta);
    const slot = this.#engine.applyInsert(dot.origin, dot.sequence, delta.length) >>> 0;
    if (slot === FULL) {
      throw new MurmurationError(
        "capacity",
        `the shard's memory is full: it holds at most ${this.capacity} vectors of this size`,
      );
    }
    if (slot === MALFORMED)
      throw new MurmurationError("corrupt", "the graph delta is malformed or does not fit the graph");
    if (slot === DUPLICATE)
      throw new MurmurationError("corrupt", `the graph already holds ${dot.origin}:${dot.sequence}`);
    return slot;
  }

  /** Take back the newest insert, made by `apply` with this delta, where its operation could not be logged. */
  revert(slot: number, delta: GraphDelta): void {
    this.#putDelta(delta);
    assert(this.#engine.revertInsert(slot, delta.length) !== 0, "a delta is reverted only where it was applied");
    this.reader.hide(slot);
  }

  /** Dead nodes route but get no new links, and are no answers once hidden. */
  markDead(slot: number, dead: boolean): void {
    this.#engine.markDead(slot, dead ? 1 : 0);
  }

  slotOf(dot: NodeDot): number | undefined {
    const slot = this.#engine.slotOfDot((BigInt(dot.origin) << 40n) | BigInt(dot.sequence)) >>> 0;
    return slot === NO_SLOT ? undefined : slot;
  }

  /** Highest level of the node that is inserted under this dot: a hash of the dot alone, the same on every replica. */
  levelOf(dot: NodeDot): number {
    return this.#engine.levelOfDot((BigInt(dot.origin) << 40n) | BigInt(dot.sequence));
  }

  /** Digest of the graph as a set (nodes, dead marks, links, all by dots), 32 hex digits. Equal graphs have equal digests. */
  digest(): string {
    this.#engine.digest();
    const start = this.#engine.at.results >> 2;
    return Array.from(this.#engine.u32.subarray(start, start + 4), (word) => word.toString(16).padStart(8, "0")).join(
      "",
    );
  }

  /** The regions of the memory that an image holds, as views on it, in a fixed order. Sizes follow from the two counters. */
  imageRegions(slotCount: number, upperEnd: number): Uint8Array[] {
    const { u8, at, listOf, codeOf, vectorOf, metaOf } = this.#engine;
    const region = (from: number, to: number) => u8.subarray(from >>> 0, to >>> 0);
    return [
      region(header.start, header.end),
      region(listOf(0, 0), listOf(slotCount, 0)),
      region(codeOf(0), codeOf(slotCount)),
      region(vectorOf(0), vectorOf(slotCount)),
      region(metaOf(0), metaOf(slotCount)),
      region(at.upperLists, upperEnd),
    ];
  }

  /** The two counters that size the regions. */
  imageCounters(): { readonly slotCount: number; readonly upperEnd: number } {
    return { slotCount: this.reader.slotCount, upperEnd: this.#engine.u32[header.upperNext >> 2] as number };
  }

  /** After an image's regions were read into this memory: rebuild what the image leaves out. */
  restore(): void {
    this.#engine.restore();
  }

  #putVector(vector: Float32Array): void {
    const { dimensions } = this.options;
    if (vector.length !== dimensions) {
      throw new MurmurationError(
        "wrong-input",
        `Vector dimension error: expected dim: ${dimensions}, got ${vector.length}`,
        "vector",
      );
    }
    this.#engine.f32.set(vector, this.#engine.at.query >> 2);
  }

  #putDelta(delta: GraphDelta): void {
    // longer than any delta of these options can be: nothing to decode, and no room to put it
    const { links } = this.options;
    const most = 16_384 + 8 * (links + 1) * (48 + (2 * links + 1) * 16);
    if (delta.length > most) throw new MurmurationError("corrupt", "the graph delta is longer than any delta can be");
    this.#engine.u8.set(delta, this.#engine.at.delta);
  }
}

/** A reader in another thread than the writer's; `thread` from 1 to `vectorIndexLimits.threadsMax` − 1, one per reader. */
export function attachReader(handle: GraphHandle, thread: number): GraphReader {
  assert(thread >= 1 && thread < vectorIndexLimits.threadsMax, "thread 0 is the writer's");
  return new GraphReader(attachEngine(handle.memory, handle.options, thread), handle.options);
}

/** f32 copy of unit length, computed in f64 and rounded once; the zero vector stays as it is. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const x of vector) squares += x * x;
  if (squares === 0) return vector.slice();
  const length = Math.sqrt(squares);
  return vector.map((x) => x / length);
}
