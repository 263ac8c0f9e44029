import type { JsonObject, PayloadIndexSchema } from "@murmuration/index";
import type { Settings, VectorSpace } from "./collection.js";

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

/** Adds a vector to a collection that stands. Refused when it has one of this name with other parameters. */
export interface AddVector {
  readonly kind: "add-vector";
  readonly collection: string;
  readonly name: string;
  readonly space: VectorSpace;
  /** What was given for it beside that, to be shown again. */
  readonly given: JsonObject;
}

/** Drops a vector of all points of a collection. Refused when it has none of this name. */
export interface DropVector {
  readonly kind: "drop-vector";
  readonly collection: string;
  readonly name: string;
}

/**
 * Has a vector linked anew, by other parameters: a graph is made beside the one that serves, by the replica that this is executed at, and takes its
 * place everywhere when it is whole. Refused while one is being made.
 */
export interface BeginGraph {
  readonly kind: "begin-graph";
  readonly collection: string;
  /** Name of the vector. */
  readonly vector: string;
  readonly links: number;
  readonly efConstruction: number;
  /** Which replica: put in where it is executed. */
  readonly by: number;
}

/** The graph that is being made takes the place of the one that serves. Written by the replica that makes it, when it is whole. */
export interface SwitchGraph {
  readonly kind: "switch-graph";
  /** Id of the collection. */
  readonly id: string;
  /** Key of the graph. */
  readonly graph: string;
}

/** The graph that is being made never will serve. Only the replica that makes it may say so. */
export interface GiveUpGraph {
  readonly kind: "give-up-graph";
  readonly collection: string;
  /** Name of the vector. */
  readonly vector: string;
  /** Which replica: put in where it is executed. */
  readonly by: number;
}

/** A replica becomes a member of the cluster; one that is a member changes its address, or nothing. Refused for an evicted id. */
export interface JoinMember {
  readonly kind: "join-member";
  readonly id: number;
  readonly region: string;
  readonly url?: string;
  /** Its public keys, newest first. */
  readonly keys?: readonly string[];
}

/** A member tells its public keys, newest first: one, or two while it changes from the one to the other. */
export interface SetMemberKeys {
  readonly kind: "set-member-keys";
  readonly id: number;
  readonly keys: readonly string[];
}

/**
 * A replica is waited for no more: not by causal stability, not by quorums. What it wrote and nobody holds yet is refused from then
 * on. There is no way back under the same id.
 */
export interface EvictMember {
  readonly kind: "evict-member";
  readonly id: number;
}

/**
 * All that a collection had, and does not have any more as it stands here now, is to be erased everywhere. Deleting what is to go comes before, in
 * the same group or an earlier one.
 */
export interface BeginErasure {
  readonly kind: "begin-erasure";
  readonly collection: string;
  /** Points that were deleted for it. */
  readonly points: number;
  /** Who asks, for people. */
  readonly by: string;
  /** The frontier of the collection, and the time: put in where it is executed. */
  readonly through: readonly (readonly [origin: number, sequence: number])[];
  readonly askedMs: number;
}

/** This replica has nothing of these any more. Refused unless that is so. */
export interface ConfirmErasures {
  readonly kind: "confirm-erasures";
  readonly erasures: readonly string[];
  /** What was done beside what the replica does itself, for people. */
  readonly done: JsonObject;
  /** Which replica, and when: put in where it is executed. */
  readonly replica: number;
  readonly atMs: number;
}

/** A write to the catalogue. */
export type CatalogueCommand =
  | BeginErasure
  | ConfirmErasures
  | JoinMember
  | EvictMember
  | SetMemberKeys
  | CreateCollection
  | UpdateCollection
  | DeleteCollection
  | ChangeAliases
  | CreatePayloadIndex
  | DeletePayloadIndex
  | AddVector
  | DropVector
  | BeginGraph
  | SwitchGraph
  | GiveUpGraph;
