import {
  createSpace,
  type Metric,
  type RowKeeping,
  type Space,
  type SpaceOptions,
  type VectorIndexOptions,
} from "@murmuration/index";
import {
  type Collection,
  type DenseVectorSpace,
  type Distance,
  isDenseSpace,
  type VectorSpace,
} from "../catalogue/collection.js";
import type { StitchWindows } from "../gossip/windows.js";
import type { CausalState } from "./causal-state.js";
import type { PayloadKeys } from "./payload-keys.js";
import { type ReadableShard, ReadModel } from "./read-model.js";
import { Shard } from "./shard.js";
import type { WritableShard } from "./writable-shard.js";

const metrics: Record<Distance, Metric> = {
  Cosine: "cosine",
  Dot: "dot",
  Euclid: "euclid",
  Manhattan: "manhattan",
};

/** How the vectors of a space are compared. */
export function metricOf(space: VectorSpace): Metric {
  return space.kind === "sparse" ? "dot" : metrics[space.distance];
}

/** What a vector space means to the index. */
export function spaceOptions(space: VectorSpace): SpaceOptions {
  if (isDenseSpace(space)) return { kind: "dense", ...graphOptions(space) };
  if (space.kind === "sparse") return space;
  return { kind: "multi", dimensions: space.size, metric: space.distance === "Cosine" ? "cosine" : "dot" };
}

/** What a dense one means. */
export function graphOptions(space: DenseVectorSpace): VectorIndexOptions {
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
  indexes: ReadonlyMap<string, Space>,
  payloadKeys: PayloadKeys,
  causality?: CausalState,
  windows?: StitchWindows,
): WritableShard {
  const shard = new Shard(collection, indexes, causality, windows, payloadKeys);
  return { shard, indexes, rows: new ReadModel(shard, indexes) };
}

/** Empty graphs for the vectors of a collection, which are kept where `keepingOf` says. Throws `capacity` when no memory is left. */
export function newIndexes(
  { vectors }: Collection,
  keepingOf?: (vector: string) => RowKeeping | undefined,
): Map<string, Space> {
  return new Map(Object.entries(vectors).map(([name, space]) => [name, newIndex(space, keepingOf?.(name))]));
}

/** An empty space. */
export function newIndex(space: VectorSpace, keeping?: RowKeeping): Space {
  return createSpace(spaceOptions(space), keeping);
}

/** Shards as readers in other threads read them now. */
export function readableShards(shards: ReadonlyMap<string, WritableShard>): Map<string, ReadableShard> {
  return new Map(Array.from(shards, ([id, { rows }]) => [id, rows.readable()]));
}
