import { exactSearch, Index, MetricKind, ScalarKind } from "usearch";
import type { BuiltIndex, ExactPeer, GraphParameters, Peer } from "./peer.js";

const THREADS = 1;
/** Each holds a copy of the index: a bound on memory. */
const OPEN_INDEXES_MAX = 12;

function construct(dimensions: number, { M, efConstruction }: GraphParameters, efSearch: number): Index {
  return new Index({
    dimensions,
    metric: MetricKind.IP,
    quantization: ScalarKind.F32,
    connectivity: M,
    expansion_add: efConstruction,
    expansion_search: efSearch,
    multi: false,
  });
}

/** usearch fixes the search width when an index is constructed: every width loads the saved file once more. */
function open(path: string, dimensions: number, parameters: GraphParameters): BuiltIndex {
  const byWidth = new Map<number, Index>();
  const indexFor = (ef: number): Index => {
    const existing = byWidth.get(ef);
    if (existing !== undefined) return existing;
    if (byWidth.size >= OPEN_INDEXES_MAX) byWidth.clear();
    const index = construct(dimensions, parameters, ef);
    index.load(path);
    byWidth.set(ef, index);
    return index;
  };
  return {
    search: (query, k, ef) => Uint32Array.from(indexFor(ef).search(query, k, THREADS).keys, Number),
  };
}

/** usearch with f32 vectors, one thread, one query a call. */
export const usearch: Peer = {
  id: "usearch",
  name: "usearch f32",
  build(vectors, dimensions, parameters) {
    const index = construct(dimensions, parameters, parameters.efConstruction);
    const keys = BigUint64Array.from({ length: vectors.length / dimensions }, (_, row) => BigInt(row));
    index.add(keys, vectors, THREADS);
    return {
      search: () => {
        throw new Error("usearch: save and load the index to search it with a width of choice");
      },
      save: (path) => index.save(path),
    };
  },
  load: open,
};

/** usearch's exact search, all queries in one call and one thread. */
export const usearchExact: ExactPeer = {
  id: "usearch",
  name: "usearch exactSearch",
  open: (vectors, dimensions) => (queries, k) => {
    // With one query the library answers in another shape; the benchmark asks more.
    const matches = exactSearch(vectors, queries, dimensions, k, MetricKind.IP, THREADS);
    return Uint32Array.from(matches.keys, Number);
  },
};
