import type { CatalogueDelta } from "../../catalogue/catalogue-delta.js";
import type { VersionVector } from "../../causality/version-vector.js";
import type { ReadableShard } from "../../state/read-model.js";

/** What has changed in the catalogue; shards that are gone from it are dropped. */
export interface CatalogueChanged {
  readonly kind: "catalogue";
  /** Over the catalogue after the change of it before this one, or the one that whoever follows began with. */
  readonly delta: CatalogueDelta;
  /** What it is made of: the frontier of the system shard. */
  readonly frontier: VersionVector;
  /** The collections that are new, by shard id. */
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

/** A shard was put in place of the one before, by a snapshot or from the log. */
export interface ShardReplaced {
  readonly kind: "replaced";
  readonly shard: string;
  /** The shard as it is read from here on. */
  readonly readable: ReadableShard;
}

/** A shard is not served from here on: its state is not known. */
export interface ShardQuarantined {
  readonly kind: "quarantined";
  readonly shard: string;
  /** Why reads and writes of it are refused, for people. */
  readonly refusal: string;
}

/** What whoever reads in other threads has to know of what is durable; in order. Can be posted to another thread. */
export type Change = CatalogueChanged | ShardReplaced | ShardQuarantined | RowsPublished;
