import type { MessagePort } from "node:worker_threads";
import type {
  Change,
  Command,
  ConsistencyLevel,
  LeftOut,
  Receipt,
  SessionToken,
  Standing,
  WaitRequest,
} from "@murmuration/core";
import { type Json, MurmurationError, type PointId } from "@murmuration/index";
import type { Piece } from "../bodies/pieces.js";
import type { DataKeys } from "../encryption/data-keys.js";
import { type PlainError, toPlainError } from "../threads/plain-error.js";
import type { ClusterStart } from "./cluster-start.js";
import type { Digest, ReplicationReport } from "./database.js";
import type { ErasureQuestion, KnownErasures, LeftNothing } from "./erasure-questions.js";
import type { FollowedStart } from "./followed.js";
import type { FollowedVersion } from "./follower.js";
import type { SettledRequest } from "./hosted-waits.js";
import type { AppliedTrace } from "./traced-operations.js";
import type { PhaseReport, WatchedWrite } from "./watched-replica.js";

/** How the engine runs. */
export interface EngineStart {
  /** An image is written when so many operations came after the last one. */
  readonly imageEvery: number;
  /** What the guards of memory tell each other. */
  readonly memory: Int32Array;
  /** What data may take in memory. */
  readonly memoryLimitBytes: number;
  /** Threads that plan inserts, the engine's own included. */
  readonly planners: number;
  /** What becomes of operations of others that are parts of traces is told. */
  readonly isTraced?: boolean;
  /** The cluster to take part in; without it the database is alone. */
  readonly cluster?: ClusterStart;
}

/** Where it keeps things. */
export interface EngineFiles {
  readonly logFile: string;
  readonly imageFolder: string;
  readonly vectorFolder: string;
  readonly reserveFile: string;
  /** What is on disk is encrypted with them; without: it is not. */
  readonly keys?: DataKeys;
  /** Where the replica is in a cluster: its private key. */
  readonly memberKeyFile?: string;
  /** Bound on the log file, in pages of 4 KiB: a write beyond it fails as a full disk does. */
  readonly logPagesMax?: number;
}

/** What the engine's thread is started with. */
export type WorkerStart = EngineStart & EngineFiles;

/** What only the engine's thread can answer. */
export type Question =
  | ErasureQuestion
  | { readonly kind: "digest"; readonly collection: string }
  | { readonly kind: "validate"; readonly collection: string; readonly samples: number }
  /** Does the log take writes again? */
  | { readonly kind: "probe" }
  /** What is known of the other replicas, and what waits. */
  | { readonly kind: "replication" }
  /** An invitation, that ends after so long. */
  | { readonly kind: "invite"; readonly forMs: number }
  /** Another key for this replica. */
  | { readonly kind: "renew-key" }
  /** A payload of this shard could not be read: those that are damaged are written anew. */
  | { readonly kind: "mend-payloads"; readonly shard: string }
  /** Replicas that are heard and hold all of this. */
  | { readonly kind: "holders"; readonly token: SessionToken }
  /** The latest conflicts between writes of its points. */
  | { readonly kind: "conflicts"; readonly collection: string; readonly limit: number }
  | { readonly kind: "links"; readonly collection: string; readonly id: PointId; readonly vector: string };

export type Answer = Digest | ReplicationReport | KnownErasures | LeftNothing | Json | readonly number[];

/** To the engine. */
export type Request =
  | {
      readonly kind: "write";
      readonly request: number;
      readonly command: Command;
      /** Asked for by a wait that follows: a level of more members than there are refuses the write. */
      readonly level?: ConsistencyLevel;
      /** How long the filter by which it selects points may be evaluated. */
      readonly timeoutMs?: number;
      readonly watched?: WatchedWrite;
    }
  /** A part of the command of a write that follows. */
  | { readonly kind: "piece"; readonly request: number; readonly piece: Piece }
  /** A write whose command came in pieces. */
  | {
      readonly kind: "write-pieces";
      readonly request: number;
      readonly level?: ConsistencyLevel;
      readonly timeoutMs?: number;
      readonly watched?: WatchedWrite;
    }
  /** Is `settled`, or `refused` when it cannot be waited for. */
  | { readonly kind: "wait"; readonly request: number; readonly wait: WaitRequest }
  /** Nobody waits for this any more. */
  | { readonly kind: "cancel"; readonly request: number }
  | { readonly kind: "ask"; readonly request: number; readonly question: Question }
  /** Another thread follows as well: it is told at this port of what is done after `following`. */
  | { readonly kind: "follow"; readonly request: number; readonly port: MessagePort }
  | { readonly kind: "close" };

export type Outcome = { readonly request: number } & (
  | {
      readonly receipt: Receipt;
      /** Of the group that the write was in, where it is watched. */
      readonly report?: PhaseReport;
    }
  | { readonly error: PlainError }
);

/** From the engine, in the order in which it happened. */
export type Reply =
  /** Everything is there to be read. */
  | {
      readonly kind: "opened";
      readonly replicaId: number;
      readonly shown: FollowedStart;
      /** Is what is here all that the members of the cluster held when it was last looked at? */
      readonly isComplete: boolean;
    }
  /** Writes are executed from now on; those that came before waited. */
  | { readonly kind: "ready" }
  | { readonly kind: "committed"; readonly outcomes: readonly Outcome[]; readonly changes: readonly Change[] }
  /** What others wrote and what upkeep did: durable, in one order with what is committed. */
  | { readonly kind: "applied"; readonly changes: readonly Change[] }
  /** Operations of traces that are shown with the changes before. */
  | { readonly kind: "traced"; readonly traces: readonly AppliedTrace[] }
  /** Waits that are over. Whoever has followed what came before may answer. */
  | { readonly kind: "settled"; readonly requests: readonly SettledRequest[] }
  /** What is not served from now on, and why. */
  | { readonly kind: "standing"; readonly standing: Standing }
  /** What is not part of the state from now on. */
  | { readonly kind: "left-out"; readonly leftOut: LeftOut }
  /** What was received or done by upkeep could not be made durable; it is tried again. */
  | { readonly kind: "storage-failed"; readonly error: PlainError }
  /** What follows is told of what comes after this; at this version. */
  | { readonly kind: "following"; readonly request: number; readonly version: FollowedVersion; readonly at: number }
  | { readonly kind: "answer"; readonly request: number; readonly answer: Answer }
  | { readonly kind: "refused"; readonly request: number; readonly error: PlainError }
  | {
      readonly kind: "log";
      readonly level: "info" | "warn" | "error";
      readonly message: string;
      readonly details: Json;
    }
  | { readonly kind: "failed"; readonly error: PlainError }
  | { readonly kind: "closed" };

/** What a write came to, as it crosses threads. */
export function outcomeOf(request: number, outcome: Receipt | MurmurationError, report?: PhaseReport): Outcome {
  if (outcome instanceof MurmurationError) return { request, error: toPlainError(outcome) };
  return { request, receipt: outcome, ...(report === undefined ? {} : { report }) };
}
