import { type GraphHandle, VectorIndex, type VectorIndexOptions } from "@murmuration/index";
import type { Collection, Distance, VectorSpace } from "../catalogue/collection.js";
import type { StitchWindows } from "../gossip/windows.js";
import { planted } from "../planted.js";
import type { CausalState } from "./causal-state.js";
import type { PayloadKeys } from "./payload-keys.js";
import { type ReadableShard, ReadModel } from "./read-model.js";
import { Shard } from "./shard.js";
import { writableGraph } from "./shard-graph.js";
import type { WritableShard } from "./writable-shard.js";

/** Graphs for readers in other threads: shard id → vector name → graph. */
export type GraphHandles = ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;

const metrics: Record<Distance, VectorIndexOptions["metric"]> = {
  Cosine: "cosine",
  Dot: "dot",
  Euclid: "euclid",
  Manhattan: "manhattan",
};

/** What a vector space means to the index. */
export function indexOptions(space: VectorSpace): VectorIndexOptions {
  return {
    dimensions: space.size,
    metric: metrics[space.distance],
    links: space.links,
    efConstruction: space.efConstruction,
    quantization: space.quantization,
  };
}

/**
 * The state of a collection over its graphs, without points, and without a table for readers until one is opened. `payloadKeys`: the log that its
 * points are kept in.
 */
export function openShard(
  collection: Collection,
  indexes: ReadonlyMap<string, VectorIndex>,
  payloadKeys: PayloadKeys,
  causality?: CausalState,
  windows?: StitchWindows,
): WritableShard {
  const graphs = new Map([...indexes].map(([name, index]) => [name, writableGraph(index)]));
  const shard = new Shard(collection, graphs, causality, windows, payloadKeys);
  return { shard, indexes, rows: new ReadModel(shard, indexes) };
}

/**
 * Empty graphs for the vectors of a collection. Throws `capacity` when no memory is left. `viewThread`: place of the view that will
 * follow; it may come when slots have been used, freed and are wanted again.
 */
export function newIndexes(collection: Collection, viewThread?: number): Map<string, VectorIndex> {
  return new Map(
    Object.entries(collection.vectors).map(([name, space]) => {
      const index = newIndex(space);
      if (viewThread !== undefined) index.reader.pinFor(viewThread);
      return [name, index];
    }),
  );
}

/** The epochs of graphs as they are, for a view that has followed everything so far. */
export function epochsOf(indexes: ReadonlyMap<string, VectorIndex>): Map<string, number> {
  return new Map([...indexes].map(([name, index]) => [name, index.epoch()]));
}

/** An empty graph. */
export function newIndex(space: VectorSpace): VectorIndex {
  const index = new VectorIndex(indexOptions(space));
  const bugs = (["index-lowest-slots", "index-remove-wins", "index-purge-forgets-dead"] as const)
    .map((bug, bit) => (planted.has(bug) ? 1 << bit : 0))
    .reduce((bits, bit) => bits | bit);
  if (bugs !== 0) index.plant(bugs);
  return index;
}

export function handlesOf(indexes: ReadonlyMap<string, VectorIndex>): Map<string, GraphHandle> {
  return new Map([...indexes].map(([vector, index]) => [vector, index.handle()]));
}

/** The graphs of shards, for views. */
export function handlesOfShards(shards: ReadonlyMap<string, WritableShard>): Map<string, ReturnType<typeof handlesOf>> {
  return new Map([...shards].map(([id, { indexes }]) => [id, handlesOf(indexes)]));
}

/** Shards as readers in other threads read them now. */
export function readableShards(shards: ReadonlyMap<string, WritableShard>): Map<string, ReadableShard> {
  return new Map(Array.from(shards, ([id, { rows }]) => [id, rows.readable()]));
}
