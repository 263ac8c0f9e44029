import type { GraphHandle } from "@murmuration/index";
import type { DataKeys } from "../encryption/data-keys.js";
import type { SampledQuery } from "../read/query-tap.js";

/** What makes a canary's graph another than the first one. */
export interface CanaryParameters {
  /** M: links per node and layer. */
  readonly links: number;
  readonly efConstruction: number;
}

/** What the canary's thread is started with. */
export interface CanaryStart extends CanaryParameters {
  /** The graph that serves. */
  readonly first: GraphHandle;
  /** Its place on that. */
  readonly thread: number;
  /** Where vectors are that are kept off memory. */
  readonly vectorFolder?: string;
  readonly keys?: DataKeys;
  /** What guards of memory tell each other in (`memory-guard.ts`). */
  readonly memory: Int32Array;
}

/** How a graph does. */
export interface GraphFigures {
  readonly points: number;
  readonly dead: number;
  readonly bytes: number;
  /** Mean links of a node on layer 0, by a sample. */
  readonly meanLinks: number;
  /** Against exact search; absent: nothing was compared yet. */
  readonly recall?: number;
  readonly p50Us?: number;
  readonly p99Us?: number;
}

/** How a canary stands. */
export interface CanaryFigures {
  /** Does it hold everything that the first graph held when it was last looked at? */
  readonly isComplete: boolean;
  readonly first: GraphFigures;
  readonly canary: GraphFigures;
  /** Vectors that one of the graphs has and the other one has not, and for how long the canary has not been at the first one's state. */
  readonly lagVectors: number;
  readonly lagMs: number;
  /** Queries that were asked of both, those of them that were held against exact search, and those that there was no time for. */
  readonly compared: number;
  readonly exact: number;
  readonly dropped: number;
  /** Of all points that the first graph has found, those that the canary has found too; absent: nothing was compared yet. */
  readonly overlap?: number;
}

/** To the canary's thread. */
export type CanaryRequest = { readonly kind: "query"; readonly query: SampledQuery };

/** From it. */
export type CanaryReply =
  | { readonly kind: "figures"; readonly figures: CanaryFigures }
  /** It ends, and what it held is free. */
  | { readonly kind: "ended"; readonly why: string };
