import type { Filter, Payload, PointId, Vector } from "@murmuration/index";
import type { CatalogueCommand } from "../catalogue/catalogue-command.js";

/** Vectors of one point by name; `""` is the unnamed vector. Values as the user gave them (cosine: not yet normalised). */
export type NamedVectors = { readonly [name: string]: Vector };

/** A whole point as it is to be written. */
export interface PointInput {
  readonly id: PointId;
  readonly vectors: NamedVectors;
  readonly payload: Payload;
}

/** The points a write is about: by id, or those that match a filter (resolved to ids where the command is executed). */
export type Target = { readonly ids: readonly PointId[] } | { readonly filter: Filter };

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

/** One write to the points of one collection. */
export type PointCommand =
  | UpsertPoints
  | DeletePoints
  | SetPayload
  | OverwritePayload
  | DeletePayload
  | ClearPayload
  | UpdateVectors
  | DeleteVectors;

/** What a filter selects, found before the command is executed. */
export interface FoundPoints {
  readonly ids: ReadonlySet<PointId>;
  /** Points that were written meanwhile: about these the filter is asked again. */
  readonly doubtful: ReadonlySet<PointId>;
}

/** Commands to the points of one collection, done in order, each on what those before it left: all of them or none. */
export interface PointBatch {
  readonly kind: "point-batch";
  readonly collection: string;
  /** All of them name the same collection. */
  readonly commands: readonly PointCommand[];
  /** By command, where its filter was evaluated already. */
  readonly found?: readonly (FoundPoints | undefined)[];
}

/** A write to the points of one collection. */
export type PointWrite = PointCommand | PointBatch;

/** A local write. It is executed whole or not at all. */
export type Command = CatalogueCommand | PointWrite;

/** What a durable, applied command answers. */
export interface Receipt {
  /** Grows with every command of a shard on this replica. Not comparable between replicas. */
  readonly operationId: number;
  /** false only where there was nothing to do: dropping a collection that does not exist. */
  readonly changed: boolean;
  /** Of a batch: `operationId` as it was after each of its commands. */
  readonly each?: readonly number[];
  /** Of a write to points: points that its operations name. */
  readonly points?: number;
}
