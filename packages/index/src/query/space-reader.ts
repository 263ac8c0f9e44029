import { assert } from "../errors.js";
import { MultiReader } from "../multi/multi-reader.js";
import type { SpaceReaderHandle } from "../space/space.js";
import { SparseReader } from "../sparse/sparse-reader.js";
import type { Vector, VectorKind } from "../vector/vector.js";
import { attachReader, type OpenRowFile } from "../vector-index/graph-handle.js";
import type { GraphReader } from "../vector-index/graph-reader.js";
import type { Metric } from "../vector-index/options.js";
import { type PublishedHold, PublishedPins } from "../vector-index/published-pins.js";
import type { SpaceHandle } from "./collection-handle.js";

/** What a thread has of a vector space. A thread has one at most, since it holds slots by one place in the space's memory. */
class AttachedSpace {
  readonly handle: SpaceReaderHandle;
  readonly pins: PublishedPins;
  readonly #thread: number;
  readonly #openRows: OpenRowFile | undefined;
  #graph: GraphReader | undefined;
  #sparse: SparseReader | undefined;
  #multi: MultiReader | undefined;

  constructor(handle: SpaceReaderHandle, thread: number, openRows: OpenRowFile | undefined) {
    this.handle = handle;
    this.#thread = thread;
    this.#openRows = openRows;
    this.pins = new PublishedPins(handle, thread);
  }

  get graph(): GraphReader {
    const { handle } = this;
    assert(!("kind" in handle), "the space has dense vectors");
    this.#graph ??= attachReader(handle, this.#thread, true, this.#openRows);
    return this.#graph;
  }

  get sparse(): SparseReader {
    const { handle } = this;
    assert("kind" in handle && handle.kind === "sparse", "the space has sparse vectors");
    this.#sparse ??= new SparseReader(handle);
    return this.#sparse;
  }

  get multi(): MultiReader {
    const { handle } = this;
    assert("kind" in handle && handle.kind === "multi", "the space has multivectors");
    this.#multi ??= new MultiReader(handle, this.#thread);
    return this.#multi;
  }
}

/**
 * The spaces that a thread is attached to, by their ids: one that it reads by a table that was given up, and by the one that took its place, holds slots
 * for the readings of both. Those that nothing reads any more are not kept.
 */
export class AttachedSpaces {
  readonly #known = new Map<string, WeakRef<AttachedSpace>>();
  /** Known ones at which those that nothing reads any more are looked for. */
  #looksAt = 16;

  attach({ graph, id }: SpaceHandle, thread: number, openRows?: OpenRowFile): AttachedSpace {
    const known = id === undefined ? undefined : this.#known.get(id)?.deref();
    if (known !== undefined) return known;
    const made = new AttachedSpace(graph, thread, openRows);
    if (id === undefined) return made;
    if (this.#known.size >= this.#looksAt) {
      for (const [other, ref] of this.#known) if (ref.deref() === undefined) this.#known.delete(other);
      this.#looksAt = 2 * Math.max(8, this.#known.size);
    }
    this.#known.set(id, new WeakRef(made));
    return made;
  }
}

/** One vector space of a collection, as one thread reads it. The graph is attached when it is used first. */
export class SpaceReader {
  readonly name: string;
  /** Its number in the table. */
  readonly number: number;
  readonly #space: AttachedSpace;

  /** `attached`: what else this thread is attached to. */
  constructor(
    handle: SpaceHandle,
    number: number,
    thread: number,
    openRows?: OpenRowFile,
    attached: AttachedSpaces = new AttachedSpaces(),
  ) {
    this.name = handle.name;
    this.number = number;
    this.#space = attached.attach(handle, thread, openRows);
  }

  /** Name of the file that its vectors are in; `undefined`: they are in memory. */
  get rowsName(): string | undefined {
    const { handle } = this.#space;
    return "kind" in handle ? undefined : handle.rows;
  }

  /** Keep the slots that rows name which are pinned after this. */
  enter(): PublishedHold {
    return this.#space.pins.enter();
  }

  /** What kind of vectors it has. */
  get kind(): VectorKind {
    const { handle } = this.#space;
    return "kind" in handle ? handle.kind : "dense";
  }

  /** Sparse ones are compared by their dot products. */
  get metric(): Metric {
    const { handle } = this.#space;
    if (!("kind" in handle)) return handle.options.metric;
    return handle.kind === "multi" ? handle.metric : "dot";
  }

  /** Of a vector, or of each part of a multivector; 0 of sparse ones. */
  get dimensions(): number {
    const { handle } = this.#space;
    if (!("kind" in handle)) return handle.options.dimensions;
    return handle.kind === "multi" ? handle.dimensions : 0;
  }

  /** Of a dense space. */
  get graph(): GraphReader {
    return this.#space.graph;
  }

  /** Of a sparse space. */
  get sparse(): SparseReader {
    return this.#space.sparse;
  }

  /** Of a space of multivectors. */
  get multi(): MultiReader {
    return this.#space.multi;
  }

  /** A copy of the vector at a slot that is held. */
  vectorAt(slot: number): Vector {
    if (this.kind === "dense") return this.graph.vectorAt(slot);
    return this.kind === "sparse" ? this.sparse.vectorAt(slot) : this.multi.vectorAt(slot);
  }
}
