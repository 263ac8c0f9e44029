import {
  assert,
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
import { graphKeysOf, spaceOfKey } from "../catalogue/vector-incarnation.js";
import type { StitchWindows } from "../gossip/windows.js";
import { isPlanted } from "../planted.js";
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
  return { kind: "multi", dimensions: space.size, metric: metrics[space.distance] };
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
  const graphs = new Map(indexes);
  const shard = new Shard(collection, graphs, causality, windows, payloadKeys);
  const describe: WritableShard["describe"] = (next, opened) => {
    const before = shard.collection;
    const had = [...graphs];
    shard.describe(next);
    graphs.clear();
    const known = new Map(had);
    for (const key of graphKeysOf(next)) {
      const space = known.get(key) ?? opened.get(key);
      assert(space !== undefined, "there is a space for every vector");
      graphs.set(key, space);
    }
    return () => {
      if (isPlanted("vectors-not-taken-back")) return;
      graphs.clear();
      for (const [key, space] of had) graphs.set(key, space);
      shard.describe(before);
    };
  };
  return { shard, indexes: graphs, rows: new ReadModel(shard, graphs), describe };
}

/** Empty graphs for the vectors of a collection, which are kept where `keepingOf` says. Throws `capacity` when no memory is left. */
export function newIndexes(
  collection: Collection,
  keepingOf?: (vector: string) => RowKeeping | undefined,
): Map<string, Space> {
  return newIndexesOf(collection, graphKeysOf(collection), keepingOf);
}

/** The same for some of its vectors, by their keys. */
export function newIndexesOf(
  collection: Collection,
  keys: readonly string[],
  keepingOf?: (vector: string) => RowKeeping | undefined,
): Map<string, Space> {
  return new Map(
    keys.map((key) => {
      const space = spaceOfKey(collection, key);
      assert(space !== undefined, "a vector that lives has a space");
      return [key, newIndex(space, keepingOf?.(key))];
    }),
  );
}

/** An empty space. */
export function newIndex(space: VectorSpace, keeping?: RowKeeping): Space {
  return createSpace(spaceOptions(space), keeping);
}

/** Shards as readers in other threads read them now. */
export function readableShards(shards: ReadonlyMap<string, WritableShard>): Map<string, ReadableShard> {
  return new Map(Array.from(shards, ([id, { rows }]) => [id, rows.readable()]));
}
