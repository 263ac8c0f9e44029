import type { ErrorCode } from "@murmuration/index";
import type { VersionVector } from "../causality/version-vector.js";
import type { ConsistencyLevel } from "./level.js";
import type { SessionToken } from "./token.js";

/** By shard: what is held. */
export type Frontiers = ReadonlyMap<string, VersionVector>;

/** Waits until enough members hold a write of this replica in their logs. */
export interface WriteWait {
  readonly kind: "write";
  readonly shard: string;
  /** The write's `Receipt.operationId`: everything that this replica wrote into the shard up to there. */
  readonly operationId: number;
  readonly level: ConsistencyLevel;
  readonly timeoutMs: number;
}

/**
 * Waits until this replica holds what enough members held when the wait began: any read of these shards after it, a search as well
 * as a look-up by id, sees every write that as many members had acknowledged by then that the two overlap.
 */
export interface ReadWait {
  readonly kind: "read";
  /** The catalogue is always among what is waited for: without shards, it alone is. */
  readonly shards: readonly string[];
  readonly level: ConsistencyLevel;
  readonly timeoutMs: number;
}

/** Waits until this replica holds what a session has written and seen. */
export interface SessionWait {
  readonly kind: "session";
  readonly token: SessionToken;
  readonly timeoutMs: number;
}

/** Waits until readers of this replica use a payload index that is being built. */
export interface IndexWait {
  readonly kind: "index";
  readonly shard: string;
  readonly path: string;
  readonly timeoutMs: number;
}

/** What a request can wait for: plain data, it crosses threads as it is. */
export type WaitRequest = WriteWait | ReadWait | SessionWait | IndexWait;

/** How a wait ended. */
export type SettledWait =
  /** This replica covers the token. */
  | { readonly id: number; readonly result: "covered" }
  /** It does not, and the time is over. */
  | { readonly id: number; readonly result: "not-covered" }
  /** Readers use the index, or it is not wanted any more; or it is still being built, and the time is over. */
  | { readonly id: number; readonly result: "index-shown" | "index-building" }
  /** The index was given up: there was no room for it (`capacity`), or a payload could not be read. */
  | { readonly id: number; readonly result: "index-given-up"; readonly code: ErrorCode; readonly reason: string }
  /**
   * `done`: enough members hold the write, or everything that so many held is here. `quorum-missed`: too few had said so in time; a
   * write is durable here all the same, stays, and goes on to the others.
   */
  | {
      readonly id: number;
      readonly result: "done" | "quorum-missed";
      /** Members that agreed, ascending, this replica included. */
      readonly agreed: readonly number[];
      readonly needed: number;
      /** All members, as this replica knew them. */
      readonly members: readonly number[];
    };
