import type { MessagePort } from "node:worker_threads";
import type { Catalogue, VersionVector } from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import type { EventShape } from "./event-text.js";

/** Where a stream begins. now: behind what was told of. after: behind what was seen already. start: with all that there was. snapshot: with the points as they are. */
export type From =
  | { readonly kind: "now" }
  | { readonly kind: "after"; readonly frontier: VersionVector }
  | { readonly kind: "start" }
  | { readonly kind: "snapshot" };

/** How operations are told: as events of this shape, or by their names and points alone. */
export type Told = EventShape | "names";

/** An operation by its name, its kind and its points. */
export interface NamedOperation {
  readonly origin: number;
  readonly sequence: number;
  readonly kind: string;
  readonly ids: readonly PointId[];
}

/** To whoever reads the log. */
export type ChangesRequest =
  | {
      readonly kind: "follow";
      readonly client: number;
      readonly shard: string;
      readonly from: From;
      readonly told: Told;
    }
  /** It has taken what it was sent. */
  | { readonly kind: "more"; readonly client: number }
  /** It was sent all points; it goes on behind what it was told with the word that it needs them. */
  | { readonly kind: "resume"; readonly client: number }
  | { readonly kind: "leave"; readonly client: number };

/** Why a stream ends, as its last event says it. */
export type EndReason = "dropped" | "moved" | "quarantined" | "forbidden" | "slow" | "stopping" | "failed" | "log";

/** From whoever reads the log, in order. */
export type ChangesReply =
  /** For one client. `group`: from here on it is told what that group is told. */
  | {
      readonly kind: "page";
      readonly client: number;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly events: number;
      readonly group?: number;
    }
  /** For all clients of a group. */
  | { readonly kind: "tail"; readonly group: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly events: number }
  /** For all clients of a group that is told names, or for one: what was done since, up to this frontier. */
  | {
      readonly kind: "names";
      readonly group: number;
      readonly client?: number;
      readonly operations: readonly NamedOperation[];
      readonly frontier: VersionVector;
      /** What was done before is not all told of, or means something else: the collection was changed. */
      readonly isReset?: true;
    }
  /** The log does not have all that this client lacks: it is to be sent the points, and asks to go on. */
  | { readonly kind: "snapshot"; readonly client: number; readonly token: string; readonly why: string }
  /** Something failed that should not; whoever follows hears of it by itself. */
  | { readonly kind: "fault"; readonly why: string }
  | { readonly kind: "end"; readonly client: number; readonly reason: EndReason; readonly message: string };

/** Where the log is. */
export interface ChangesLog {
  readonly file: string;
  readonly key?: Uint8Array | undefined;
}

/** What of a replica whoever reads its log begins with. */
export interface ChangesStart {
  readonly catalogue: Catalogue;
  /** By shard. */
  readonly frontiers: ReadonlyMap<string, VersionVector>;
}

/** What the thread is started with. */
export interface ChangesThreadStart extends ChangesStart {
  readonly log: ChangesLog;
  /** What is done comes here (`Database.followedAt`). */
  readonly followed: MessagePort;
}
