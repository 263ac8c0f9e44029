/** How a search walks. */
export interface WalkPlan {
  /** Candidates that it keeps. */
  readonly widened: number;
  /** How many of them match, where those that match lie no farther away than others. */
  readonly expected: number;
  /** How many candidates are ranked again by f32; 0: none. */
  readonly depth: number;
}

/**
 * Whether to walk, and why. worth-it: a walk is. asked: comparing with all was asked for. none-match: there is nothing to find. too-wide: a walk would
 * have to keep more candidates than one can. cheaper: comparing with all that match costs less.
 */
export type WalkReason = "worth-it" | "asked" | "none-match" | "too-wide" | "cheaper";

/** Whether a search walks, and what that follows from. */
export interface WalkDecision {
  /** `undefined`: all that match are compared. */
  readonly walk: WalkPlan | undefined;
  readonly because: WalkReason;
  /** Results that are wanted at most. */
  readonly limit: number;
  /** Candidates that a walk without a filter would keep. */
  readonly ef: number;
  /** Candidates that this one would have to keep. */
  readonly width: number;
  readonly matches: number;
  readonly nodes: number;
}
