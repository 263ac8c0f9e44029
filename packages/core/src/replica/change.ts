import type { GraphHandle, PointId } from "@murmuration/index";
import type { CatalogueDelta } from "../catalogue/catalogue-delta.js";
import type { VersionVector } from "../causality/version-vector.js";
import type { StoredWindows } from "../gossip/stored-windows.js";
import type { StoredCausalState } from "../state/causal-state.js";
import type { ReadableShard } from "../state/read-model.js";

/** An applied operation, as a follower needs it. */
export interface AppliedOperation {
  readonly origin: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** Slots of its nodes, in the order of its vectors. */
  readonly slots: readonly number[];
}

/** What has changed in the catalogue; shards that are gone from it are dropped. */
export interface CatalogueChanged {
  readonly kind: "catalogue";
  /** Over the catalogue after the change of it before this one, or the one that the view began with. */
  readonly delta: CatalogueDelta;
  /** What it is made of: the frontier of the system shard. */
  readonly frontier: VersionVector;
  /** Graphs of the collections that are new: shard id → vector name → graph. */
  readonly opened: ReadonlyMap<string, ReadonlyMap<string, GraphHandle>>;
  /** The same collections as readers read them, by shard id. */
  readonly collections: ReadonlyMap<string, ReadableShard>;
}

/** Rows of a shard were published: what was changed up to this frontier is read from this epoch on. */
export interface RowsPublished {
  readonly kind: "published";
  readonly shard: string;
  readonly epoch: number;
  /** Entries of the shard's frontier that are higher than at the epoch that was told before. */
  readonly frontier: VersionVector;
}

/** Operations of one shard, in the order in which they were applied. */
export interface OperationsApplied {
  readonly kind: "operations";
  readonly shard: string;
  readonly operations: readonly AppliedOperation[];
  /** Epoch of the graph by vector name, after them: whoever has followed this far knows of every slot that was retired before. */
  readonly epochs: ReadonlyMap<string, number>;
}

/** A shard was put in place of the one before, by a snapshot: all of it, as it is now. */
export interface ShardReplaced {
  readonly kind: "replaced";
  readonly shard: string;
  /** By vector name. */
  readonly graphs: ReadonlyMap<string, GraphHandle>;
  /** By vector name: origin, sequence and slot of every node, in turn. The graph itself may have gone on when this is read. */
  readonly nodes: ReadonlyMap<string, Float64Array>;
  readonly causality: StoredCausalState;
  readonly windows: StoredWindows;
  /** Tombstones too, each made by `encodePointState`. */
  readonly states: readonly { readonly id: PointId; readonly state: Uint8Array }[];
  /** The shard as readers read it from here on. */
  readonly readable: ReadableShard;
}

/** Points that were found damaged and mended, as they are now. Mended links are in the graph that a view shares. */
export interface PointsReconciled {
  readonly kind: "reconciled";
  readonly shard: string;
  /** As made by `encodePointState`. */
  readonly states: readonly { readonly id: PointId; readonly bytes: Uint8Array }[];
}

/** A shard is not served from here on: its state is not known. */
export interface ShardQuarantined {
  readonly kind: "quarantined";
  readonly shard: string;
  /** Why reads and writes of it are refused, for people. */
  readonly refusal: string;
}

/** What a view needs to know of durable, applied commands; in order. Can be posted to another thread. */
export type Change =
  | CatalogueChanged
  | OperationsApplied
  | ShardReplaced
  | PointsReconciled
  | ShardQuarantined
  | RowsPublished;
