import { covers, emptyVersionVector, type VersionVector } from "../../causality/version-vector.js";
import { isCovered, type SessionToken } from "../../consistency/token.js";
import { limits } from "../../limits.js";

/** What other active members have said, and when they were heard last. */
export interface KnownMembers {
  readonly others: readonly number[];
  readonly heardMs: ReadonlyMap<number, number>;
  readonly frontiersOf: ReadonlyMap<number, ReadonlyMap<string, VersionVector>>;
  /** Shards of which this replica lacks so much that it takes a snapshot. */
  readonly lagging: readonly string[];
}

/** Those that are heard and have said that they hold all of this, the one heard last first. */
export function holdersOf(
  { others, heardMs, frontiersOf }: KnownMembers,
  wanted: SessionToken,
  nowMs: number,
): number[] {
  const silentMs = (id: number) => nowMs - (heardMs.get(id) ?? Number.NEGATIVE_INFINITY);
  const heard = others.filter((id) => silentMs(id) <= limits.suspectMs);
  const holding = heard.filter((id) => isCovered(frontiersOf.get(id) ?? new Map(), wanted));
  return holding.sort((a, b) => silentMs(a) - silentMs(b) || a - b);
}

/** Those that have not said that they hold all of this of a shard. */
export function lackingOf({ others, frontiersOf }: KnownMembers, shard: string, wanted: VersionVector): number[] {
  return others.filter((id) => !covers(frontiersOf.get(id)?.get(shard) ?? emptyVersionVector, wanted));
}
