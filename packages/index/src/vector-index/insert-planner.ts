import { assert } from "../errors.js";
import { attachEngine, type Engine, header } from "./engine.js";
import { checkDimensions } from "./engine-input.js";
import type { GraphHandle } from "./graph-handle.js";
import type { GraphDelta, InsertCandidates } from "./graph-types.js";
import { type VectorIndexOptions, vectorIndexLimits } from "./options.js";
import type { NodeDot } from "./search-types.js";

/** Nodes that can have been inserted since candidates were found: one group's. */
export const insertedSinceMax = 4096;

/** A view on shared memory as a plain, unshared array. */
function copied({ u8 }: Engine, at: number, bytes: number): Uint8Array {
  return new Uint8Array(u8.subarray(at, at + bytes));
}

/**
 * Walks the graph for the candidates of an insert: nine tenths of planning, and no more than reading. In any thread: beside the writer
 * what is found is not to be used, but does no harm.
 */
export class CandidateFinder {
  readonly #engine: Engine;
  readonly #options: VectorIndexOptions;

  constructor(engine: Engine, options: VectorIndexOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  get dimensions(): number {
    return this.#options.dimensions;
  }

  /**
   * Candidates for the insert of f32[dimensions] (cosine: normalised) under a dot, as of now. `undefined`: they are too many to be handed
   * on (the dead crowd them).
   */
  find(dot: NodeDot, vector: Float32Array): InsertCandidates | undefined {
    checkDimensions(this.#options, vector);
    const { f32, at, find } = this.#engine;
    f32.set(vector, at.query >> 2);
    const bytes = find(dot.origin, dot.sequence);
    return bytes === 0 ? undefined : copied(this.#engine, at.results, bytes);
  }
}

/** A finder in another thread than the writer's, in a place of its own (see `attachReader`). What the place's last holder left is wiped. */
export function attachFinder(handle: GraphHandle, thread: number): CandidateFinder {
  assert(thread >= 1 && thread < vectorIndexLimits.threadsMax, "thread 0 is the writer's");
  return new CandidateFinder(attachEngine(handle.memory, handle.options, thread), handle.options);
}

/** Decides the edges of new nodes: the writer's part of planning an insert. Changes nothing. */
export class InsertPlanner {
  readonly #engine: Engine;
  readonly #options: VectorIndexOptions;
  readonly #finder: CandidateFinder;

  constructor(engine: Engine, options: VectorIndexOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#finder = new CandidateFinder(engine, options);
  }

  /** Decide the edges of a new node: f32[dimensions] (cosine: normalised) under a dot that is not in the graph. */
  plan(dot: NodeDot, vector: Float32Array): GraphDelta {
    this.#putVector(vector);
    const { plan, at } = this.#engine;
    return copied(this.#engine, at.delta, plan(dot.origin, dot.sequence));
  }

  /** As `CandidateFinder.find`. */
  candidates(dot: NodeDot, vector: Float32Array): InsertCandidates | undefined {
    return this.#finder.find(dot, vector);
  }

  /**
   * Decide the edges among candidates that were found earlier for this dot and vector, and the nodes at the slots `since`, which are all
   * that were inserted since (at most `insertedSinceMax`). No slot may have been given back in between. With nothing inserted and nothing
   * died since, it is what `plan` decides.
   */
  planAmong(dot: NodeDot, vector: Float32Array, candidates: InsertCandidates, since: readonly number[]): GraphDelta {
    assert(since.length <= insertedSinceMax, "a group's members have room");
    this.#putVector(vector);
    const { u8, u32, at, decide } = this.#engine;
    u8.set(candidates, at.results);
    u32.set(since, at.blockResults >> 2);
    const bytes = decide(dot.origin, dot.sequence, since.length);
    return bytes === 0 ? this.plan(dot, vector) : copied(this.#engine, at.delta, bytes);
  }

  /** The finder in another thread's place is no more, perhaps in the middle of a walk: nothing waits for its end. */
  release(thread: number): void {
    Atomics.store(this.#engine.u32, (header.readers + thread * 64) >> 2, 0);
  }

  #putVector(vector: Float32Array): void {
    checkDimensions(this.#options, vector);
    this.#engine.f32.set(vector, this.#engine.at.query >> 2);
  }
}
