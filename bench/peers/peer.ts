/** How the graph is built; the same for every engine that is compared. */
export interface GraphParameters {
  /** Links per node on the upper layers; twice as many on the lowest. */
  readonly M: number;
  readonly efConstruction: number;
}

/** An index that was built and answers. One thread. */
export interface BuiltIndex {
  /** Rows of the k nearest base vectors, nearest first. `ef`: how many candidates the search keeps. */
  search(query: Float32Array, k: number, ef: number): ArrayLike<number>;
  /** Writes the index where `Peer.load` reads it. */
  save?(path: string): void;
}

/**
 * An engine that the benchmarks compare. `vectors` are count × dimensions, of length 1; row i has key i. The metric is
 * the inner product, which is then the cosine.
 */
export interface Peer {
  /** Part of ratio names: `int8_vs_usearch`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** Indexes that another version saved are not read. */
  readonly version?: string;
  /** Inserts the vectors in order, in one thread. */
  build(vectors: Float32Array, dimensions: number, parameters: GraphParameters): BuiltIndex;
  /** Reads what `BuiltIndex.save` wrote. Without it the index is built for each run. */
  load?(path: string, dimensions: number, parameters: GraphParameters): BuiltIndex;
}

/** An engine that compares a query with every vector. */
export interface ExactPeer {
  readonly id: string;
  readonly name: string;
  /** Takes the vectors in (not timed); the result answers queries (count × dimensions) with count × k rows (timed). */
  open(vectors: Float32Array, dimensions: number): (queries: Float32Array, k: number) => ArrayLike<number>;
}
