import { createSpace, type GraphHandle, type Metric, type Space, type SpaceOptions } from "@murmuration/index";
import type { Collection, Distance, VectorSpace } from "../catalogue/collection.js";
import type { StitchWindows } from "../gossip/windows.js";
import { planted } from "../planted.js";
import type { CausalState } from "./causal-state.js";
import type { PayloadKeys } from "./payload-keys.js";
import { type ReadableShard, ReadModel } from "./read-model.js";
import { Shard } from "./shard.js";
import type { WritableShard } from "./writable-shard.js";

/** Graphs for readers in other threads: shard id → vector name → graph. */
export type GraphHandles = ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;

const metrics: Record<Distance, Metric> = {
  Cosine: "cosine",
  Dot: "dot",
  Euclid: "euclid",
  Manhattan: "manhattan",
};

/** What a vector space means to the index. */
export function spaceOptions(space: VectorSpace): SpaceOptions {
  return {
    kind: "dense",
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
  indexes: ReadonlyMap<string, Space>,
  payloadKeys: PayloadKeys,
  causality?: CausalState,
  windows?: StitchWindows,
): WritableShard {
  const shard = new Shard(collection, indexes, causality, windows, payloadKeys);
  return { shard, indexes, rows: new ReadModel(shard, indexes) };
}

/**
 * Empty graphs for the vectors of a collection. Throws `capacity` when no memory is left. `viewThread`: place of the view that will
 * follow; it may come when slots have been used, freed and are wanted again.
 */
export function newIndexes(collection: Collection, viewThread?: number): Map<string, Space> {
  return new Map(
    Object.entries(collection.vectors).map(([name, space]) => {
      const index = newIndex(space);
      if (viewThread !== undefined) index.reader.pinFor(viewThread);
      return [name, index];
    }),
  );
}

/** The epochs of graphs as they are, for a view that has followed everything so far. */
export function epochsOf(indexes: ReadonlyMap<string, Space>): Map<string, number> {
  return new Map([...indexes].map(([name, index]) => [name, index.epoch()]));
}

/** An empty space. */
export function newIndex(space: VectorSpace): Space {
  const bugs = (["index-lowest-slots", "index-remove-wins", "index-purge-forgets-dead"] as const)
    .map((bug, bit) => (planted.has(bug) ? 1 << bit : 0))
    .reduce((bits, bit) => bits | bit);
  return createSpace(spaceOptions(space), bugs);
}

export function handlesOf(indexes: ReadonlyMap<string, Space>): Map<string, GraphHandle> {
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
