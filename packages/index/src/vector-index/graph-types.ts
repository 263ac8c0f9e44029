/**
 * A packed graph delta: the edges that an insert adds and removes, by dots (format: docs/graph-delta.md). It means the same on
 * every replica.
 */
export type GraphDelta = Uint8Array;

/**
 * What the walks of an insert have found: candidates for its neighbours, by slots of one graph memory as of one moment. It means nothing
 * elsewhere, and nothing once a slot was given back.
 */
export type InsertCandidates = Uint8Array;

/** Packed changes of existing nodes' lists, by dots (format: docs/graph-delta.md). */
export type EdgeDelta = Uint8Array;

/** Origin → highest sequence: everything that the planner of an operation had applied, its own origin's operations included. */
export type CausalPast = ReadonlyMap<number, number>;

/** What the graph has beyond a plain one. */
export interface GraphCounters {
  /** Tags of links made by edge operations that are not known to be stable. */
  readonly storedTags: number;
  /** Lists that merging has made longer than their place, and the bytes that they take. */
  readonly overflowLists: number;
  readonly overflowBytes: number;
  /** Links that could not be added because a node was gone: 0 unless a rule was broken. */
  readonly missedAdds: number;
}
