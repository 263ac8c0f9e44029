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

/** One vector space of a collection, as one thread reads it. The graph is attached when it is used first. */
export class SpaceReader {
  readonly name: string;
  /** Its number in the table. */
  readonly number: number;
  readonly #handle: SpaceReaderHandle;
  readonly #thread: number;
  readonly #pins: PublishedPins;
  readonly #openRows: OpenRowFile | undefined;
  #graph: GraphReader | undefined;
  #sparse: SparseReader | undefined;
  #multi: MultiReader | undefined;

  constructor({ name, graph }: SpaceHandle, number: number, thread: number, openRows?: OpenRowFile) {
    this.name = name;
    this.number = number;
    this.#handle = graph;
    this.#thread = thread;
    this.#openRows = openRows;
    this.#pins = new PublishedPins(graph, thread);
  }

  /** Name of the file that its vectors are in; `undefined`: they are in memory. */
  get rowsName(): string | undefined {
    return "kind" in this.#handle ? undefined : this.#handle.rows;
  }

  /** Keep the slots that rows name which are pinned after this. */
  enter(): PublishedHold {
    return this.#pins.enter();
  }

  /** What kind of vectors it has. */
  get kind(): VectorKind {
    return "kind" in this.#handle ? this.#handle.kind : "dense";
  }

  /** Sparse ones are compared by their dot products. */
  get metric(): Metric {
    const handle = this.#handle;
    if (!("kind" in handle)) return handle.options.metric;
    return handle.kind === "multi" ? handle.metric : "dot";
  }

  /** Of a vector, or of each part of a multivector; 0 of sparse ones. */
  get dimensions(): number {
    const handle = this.#handle;
    if (!("kind" in handle)) return handle.options.dimensions;
    return handle.kind === "multi" ? handle.dimensions : 0;
  }

  /** Of a dense space. */
  get graph(): GraphReader {
    const handle = this.#handle;
    assert(!("kind" in handle), "the space has dense vectors");
    this.#graph ??= attachReader(handle, this.#thread, true, this.#openRows);
    return this.#graph;
  }

  /** Of a sparse space. */
  get sparse(): SparseReader {
    const handle = this.#handle;
    assert("kind" in handle && handle.kind === "sparse", "the space has sparse vectors");
    this.#sparse ??= new SparseReader(handle);
    return this.#sparse;
  }

  /** Of a space of multivectors. */
  get multi(): MultiReader {
    const handle = this.#handle;
    assert("kind" in handle && handle.kind === "multi", "the space has multivectors");
    this.#multi ??= new MultiReader(handle);
    return this.#multi;
  }

  /** A copy of the vector at a slot that is held. */
  vectorAt(slot: number): Vector {
    if (this.kind === "dense") return this.graph.vectorAt(slot);
    return this.kind === "sparse" ? this.sparse.vectorAt(slot) : this.multi.vectorAt(slot);
  }
}
