import type { ErasureStatus } from "@murmuration/core";

/** What of erasures only the engine's thread can answer, or do. */
export type ErasureQuestion =
  /** Which there are, and of which nothing is in log and memory any more. */
  | { readonly kind: "erasures" }
  /** Write all images anew, and purge the own region's stream; once for each round, and what came of it is asked for again. */
  | { readonly kind: "leave-nothing"; readonly round: string };

/** Erasures as the engine's thread knows them. */
export interface KnownErasures {
  /** Ids of those that wait for what the host keeps. */
  readonly ready: readonly string[];
  /** The newest first. */
  readonly erasures: readonly ErasureStatus[];
}

/** What became of the stream that operations of the own region travel by. */
export type PurgedStream =
  /** It is under way. */
  | { readonly state: "pending" }
  | { readonly state: "purged"; readonly stream: string }
  /** The broker does not do it: what is in it goes when it is as old as the stream keeps anything. */
  | { readonly state: "refused"; readonly stream: string; readonly why: string; readonly untilMs: number }
  /** There is no connection to the broker: tried again. */
  | { readonly state: "unreachable"; readonly why: string };

/** What was done of the files and streams of the engine's thread. */
export interface LeftNothing {
  /** Images that were written. */
  readonly images: number;
  /** Missing where there is no broker. */
  readonly stream?: PurgedStream;
}
