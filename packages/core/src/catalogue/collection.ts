import type { Json, JsonObject, PayloadIndexSchema } from "@murmuration/index";
import type { VectorEncoding } from "../operation/vector-encoding.js";
import type { Erasure, ErasureReceipt } from "./erasure.js";

/** Distance metrics, by the name of the REST dialect. */
export const distances = ["Cosine", "Euclid", "Dot", "Manhattan"] as const;
export type Distance = (typeof distances)[number];

/** One vector space of a collection. All fields are replicated state: every replica builds the same from them. */
export type VectorSpace = DenseVectorSpace | SparseVectorSpace | MultiVectorSpace;

/** Multivectors, compared by the sum of the largest similarity, or of the least distance, to each part of the query. */
export interface MultiVectorSpace {
  readonly kind: "multi";
  /** Dimensions of a part, 1 to 65,536. */
  readonly size: number;
  readonly distance: Distance;
}

/** Sparse vectors, compared by their dot products. */
export interface SparseVectorSpace {
  readonly kind: "sparse";
  readonly size?: never;
  readonly distance?: never;
  /** `idf`: the values of a query are weighted by how rare their indices are. */
  readonly modifier?: "idf";
}

/** Dense vectors, in a graph. */
export interface DenseVectorSpace {
  readonly kind?: never;
  /** Dimensions, 1 to 65,536. */
  readonly size: number;
  readonly distance: Distance;
  /** HNSW links per node and layer (layer 0 has twice as many). */
  readonly links: number;
  /** Candidates kept while a new node looks for its neighbours. */
  readonly efConstruction: number;
  /** What the graph is walked on: int8 codes with an f32 rerank, or the f32 vectors themselves. */
  readonly quantization: "int8" | "none";
  /** How vectors travel and are kept in the log; absent: f32. */
  readonly encoding?: Exclude<VectorEncoding, "f32">;
}

/** Are its vectors dense? */
export function isDenseSpace(space: VectorSpace): space is DenseVectorSpace {
  return space.kind === undefined;
}

/** Settings as the user wrote them, kept only to be shown again. */
export type Settings = { readonly [name: string]: Json };

/** A graph beside the one that serves, while it is being made. */
export interface BuildingGraph {
  readonly key: string;
  readonly space: DenseVectorSpace;
  readonly by: number;
}

/** What there is of graphs beside first ones. */
export interface CollectionGraphs {
  /** By the key of the vector: the graph that took the place of its first one. */
  readonly serving: { readonly [vector: string]: string };
  /** By the key of the vector. */
  readonly building: { readonly [vector: string]: BuildingGraph };
  /** Graphs that are no more and never come back, first ones too, and what they were. */
  readonly dead: { readonly [key: string]: DenseVectorSpace };
}

/** A collection in the catalogue. */
export interface Collection {
  /** Unique over time: a collection that is dropped and made again is another one. It is also the name of its shard. */
  readonly id: string;
  readonly name: string;
  /** By vector name; `""` is the unnamed vector. */
  readonly vectors: { readonly [name: string]: VectorSpace };
  /**
   * Of vectors that were added later, or whose first graph another one took the place of: what the shard calls them (`vector-incarnation.ts`,
   * `vector-graphs.ts`). It calls all others by their names.
   */
  readonly vectorKeys?: { readonly [name: string]: string };
  /** Of these: what was given for them, to be shown again. */
  readonly vectorsGiven?: { readonly [name: string]: JsonObject };
  /** Keys of vectors that are no more. They never come back. */
  readonly deadVectors?: readonly string[];
  /** Of vectors that were given other graphs than their first ones (`vector-graphs.ts`). */
  readonly graphs?: CollectionGraphs;
  readonly payloadIndexes: { readonly [path: string]: PayloadIndexSchema };
  readonly settings: Settings;
}

/** A replica that takes part in the cluster, or did. */
export interface Member {
  readonly id: number;
  /** Where it runs, for people. */
  readonly region: string;
  /** Where it answers HTTP, if it says so. */
  readonly url?: string;
  /** Its public keys, newest first: messages are signed with the last of them. Missing where it has told none yet. */
  readonly keys?: readonly string[];
  /** An evicted replica is waited for no more; it may come back only under a new id. */
  readonly state: "active" | "evicted";
}

/** The catalogue as plain data. */
export interface Catalogue {
  /** By collection id. */
  readonly collections: { readonly [id: string]: Collection };
  /** Alias name → collection id. */
  readonly aliases: { readonly [alias: string]: string };
  /** By replica id, ascending; empty for a replica that is alone. */
  readonly members: readonly Member[];
  /** What was asked to be erased, the first that was asked for first; absent: nothing. */
  readonly erasures?: readonly Erasure[];
  /** What replicas have said of these. */
  readonly receipts?: readonly ErasureReceipt[];
}
