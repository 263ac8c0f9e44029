import type { RowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import type { WalkDecision } from "./walk-decision.js";

/** Name of a node on every replica: the operation that inserted it. */
export interface NodeDot {
  readonly origin: number;
  readonly sequence: number;
}

/** Is told how a search of a graph is carried out. */
export interface SearchWatch {
  /** Only what is decided is wanted: nothing is searched, and there are no results. */
  readonly isDry: boolean;
  decided(decision: WalkDecision): void;
  /** A walk met so many that match; with less than `least` it does not count. */
  walked(met: number, least: number): void;
  /** What a walk has met is ranked again from here on. */
  ranksAgain(): void;
  /** A walk was not enough: from here on all that match are compared. */
  comparesAll(): void;
}

/** How to search a graph. */
export interface SearchOptions {
  /** Most results. */
  readonly limit: number;
  /** Candidates kept during the walk; default `defaultEfSearch`. Never less than `limit`. */
  readonly efSearch?: number;
  /** Compare with every allowed vector. */
  readonly exact?: boolean;
  /** Slots that may be answers; default: all visible ones. Must be a subset of them. */
  readonly allowed?: RowSet;
  /** Start at the entry points of all origins: while some of them are not linked to each other yet. */
  readonly allEntries?: boolean;
  /** int8 only: rank the best candidates again by f32 (default true). */
  readonly rescore?: boolean;
  /** int8 only: rank `limit × oversampling` candidates again (default 2, and never fewer than 20). */
  readonly oversampling?: number;
  readonly watch?: SearchWatch | undefined;
}

/** The largest float32: what a distance beyond it counts as. */
export const float32Max = 3.4028234663852886e38;

/** A float32, cut to what is finite: sums and powers of scores may go beyond it. `value` is not NaN. */
export function float32(value: number): number {
  const rounded = Math.fround(value);
  return Math.max(-float32Max, Math.min(float32Max, rounded));
}

/** Results ascending by (distance, dot). */
export interface SearchResult {
  readonly slots: Uint32Array;
  /**
   * −dot, squared Euclidean distance, or sum of absolute differences: finite numbers, cut to the largest float32 on both sides; of cosine
   * to ±1.
   */
  readonly distances: Float32Array;
  /**
   * Euclidean distances, not squared, of the results whose square is beyond float32, by which these are ordered; only where there are such
   * results. The others have 0 here.
   */
  readonly roots?: Float32Array;
}

/** Order of dots, as the engine orders them. */
export function compareNodeDots(a: NodeDot, b: NodeDot): number {
  return a.origin - b.origin || a.sequence - b.sequence;
}

/** Which slots may be answers, where nobody knows it of all of them. */
export interface Visibility {
  /** How many of all slots may be answers, where a filter decides it; `undefined`: there is no filter. */
  readonly matches: number | undefined;
  /**
   * Keeps each of the first `count` slots (at most 1,024) that may be an answer; in the place of another it puts the slot that may be one
   * instead, where what stands at it is another version of the same point, else 0xffffffff.
   */
  keep(slots: Uint32Array, count: number): void;
  /** All slots that may be answers. */
  all(): Sliced<RowSet>;
}
