import type { Filter, Payload, PayloadIndexSchema, PointId } from "@murmuration/index";
import type { Settings, VectorSpace } from "../catalogue/collection.js";

/** Vectors of one point by name; `""` is the unnamed vector. Values as the user gave them (cosine: not yet normalised). */
export type NamedVectors = { readonly [name: string]: Float32Array };

/** A whole point as it is to be written. */
export interface PointInput {
  readonly id: PointId;
  readonly vectors: NamedVectors;
  readonly payload: Payload;
}

/** The points a write is about: by id, or those that match a filter (resolved to ids where the command is executed). */
export type Target = { readonly ids: readonly PointId[] } | { readonly filter: Filter };

/** Makes an empty collection. Refused when the name is taken by a collection or an alias. */
export interface CreateCollection {
  readonly kind: "create-collection";
  readonly name: string;
  readonly vectors: { readonly [name: string]: VectorSpace };
  readonly settings: Settings;
}

/** Each given setting replaces the stored one of the same name. */
export interface UpdateCollection {
  readonly kind: "update-collection";
  readonly collection: string;
  readonly settings: Settings;
}

/** Drops a collection with all its points and aliases; an unknown name changes nothing. */
export interface DeleteCollection {
  readonly kind: "delete-collection";
  readonly name: string;
}

/** One change of the aliases. Creating an alias that exists points it elsewhere. */
export type AliasAction =
  | { readonly kind: "create-alias"; readonly collection: string; readonly alias: string }
  | { readonly kind: "delete-alias"; readonly alias: string }
  | { readonly kind: "rename-alias"; readonly from: string; readonly to: string };

/** All actions or none. */
export interface ChangeAliases {
  readonly kind: "change-aliases";
  readonly actions: readonly AliasAction[];
}

/** Builds an index over one payload path; one that exists is replaced. */
export interface CreatePayloadIndex {
  readonly kind: "create-payload-index";
  readonly collection: string;
  readonly path: string;
  readonly schema: PayloadIndexSchema;
}

/** Drops the index of a payload path; an unknown path changes nothing. */
export interface DeletePayloadIndex {
  readonly kind: "delete-payload-index";
  readonly collection: string;
  readonly path: string;
}

/** Replaces whole points. Of several points with one id the last wins. */
export interface UpsertPoints {
  readonly kind: "upsert-points";
  readonly collection: string;
  readonly points: readonly PointInput[];
  /** `insert-only` leaves existing points alone, `update-only` ignores new ids. */
  readonly mode: "upsert" | "insert-only" | "update-only";
  /** An existing point is replaced only if it matches. */
  readonly updateFilter?: Filter;
}

/** Deletes points; unknown ids are passed over. */
export interface DeletePoints {
  readonly kind: "delete-points";
  readonly collection: string;
  readonly target: Target;
}

/** Merges `payload` into each point's payload, or into the object at `key`. */
export interface SetPayload {
  readonly kind: "set-payload";
  readonly collection: string;
  readonly target: Target;
  readonly payload: Payload;
  readonly key?: string;
}

/** Replaces each point's payload, or the object at `key`. */
export interface OverwritePayload {
  readonly kind: "overwrite-payload";
  readonly collection: string;
  readonly target: Target;
  readonly payload: Payload;
  readonly key?: string;
}

/** Removes what stands at these paths from each point's payload. */
export interface DeletePayload {
  readonly kind: "delete-payload";
  readonly collection: string;
  readonly target: Target;
  /** Paths. */
  readonly keys: readonly string[];
}

/** Removes the whole payload of each point. */
export interface ClearPayload {
  readonly kind: "clear-payload";
  readonly collection: string;
  readonly target: Target;
}

/** Sets the given vectors of existing points and keeps their others. An unknown id is `not-found`. */
export interface UpdateVectors {
  readonly kind: "update-vectors";
  readonly collection: string;
  readonly points: readonly { readonly id: PointId; readonly vectors: NamedVectors }[];
  readonly updateFilter?: Filter;
}

/** Removes the named vectors of each point; the points stay. */
export interface DeleteVectors {
  readonly kind: "delete-vectors";
  readonly collection: string;
  readonly target: Target;
  readonly vectors: readonly string[];
}

/** A write to the points of one collection. */
export type PointCommand =
  | UpsertPoints
  | DeletePoints
  | SetPayload
  | OverwritePayload
  | DeletePayload
  | ClearPayload
  | UpdateVectors
  | DeleteVectors;

/** A replica becomes a member of the cluster; one that is a member changes its address, or nothing. Refused for an evicted id. */
export interface JoinMember {
  readonly kind: "join-member";
  readonly id: number;
  readonly region: string;
  readonly url?: string;
}

/**
 * A replica is waited for no more: not by causal stability, not by quorums. What it wrote and nobody holds yet is refused from then
 * on. There is no way back under the same id.
 */
export interface EvictMember {
  readonly kind: "evict-member";
  readonly id: number;
}

/** A write to the catalogue. */
export type CatalogueCommand =
  | JoinMember
  | EvictMember
  | CreateCollection
  | UpdateCollection
  | DeleteCollection
  | ChangeAliases
  | CreatePayloadIndex
  | DeletePayloadIndex;

/** A local write. It is executed whole or not at all. */
export type Command = CatalogueCommand | PointCommand;

/** What a durable, applied command answers. */
export interface Receipt {
  /** Grows with every command of a shard on this replica. Not comparable between replicas. */
  readonly operationId: number;
  /** false only where there was nothing to do: dropping a collection that does not exist. */
  readonly changed: boolean;
}
