import type { VersionVector } from "../../causality/version-vector.js";
import type { ClockGuard } from "../../gossip/clock-guard.js";
import { limits } from "../../limits.js";
import { isPlanted } from "../../planted.js";
import type { ReplicaStore } from "../commit/store.js";
import { isBehindItself } from "../exchange/missing.js";
import type { StartGuard } from "../exchange/start-guard.js";
import type { Admission } from "../membership/admission.js";
import type { Authentication } from "../membership/authentication.js";
import type { Membership } from "../membership/membership.js";

/** How a replica stands in its cluster: what it does not serve now, and why. */
export interface Standing {
  /** Why collections are not read here: what is held is less than what the members hold. `undefined`: they are. */
  readonly refusesReads: string | undefined;
  /** Why client writes are not taken: the first of the reasons. `undefined`: they are. */
  readonly refusesWrites: string | undefined;
  /** Everything that keeps it from serving, for people; empty when it serves. */
  readonly reasons: readonly string[];
  /** Shards whose state is one member's word so far, and whose. */
  readonly unconfirmed: { readonly [shard: string]: number };
}

/** The standing of a replica that is in no cluster. */
export const standsAlone: Standing = {
  refusesReads: undefined,
  refusesWrites: undefined,
  reasons: [],
  unconfirmed: {},
};

/** What decides about it. */
export interface StandingCase {
  readonly store: ReplicaStore;
  readonly members: Membership;
  readonly admission: Admission;
  readonly clocks: ClockGuard;
  readonly startGuard: StartGuard;
  readonly authentication: Authentication;
  /** Does another process run under this replica's id? */
  readonly isFenced: boolean;
  /** What others said to hold. */
  readonly frontiers: Iterable<ReadonlyMap<string, VersionVector>>;
}

/** Why a replica takes no client writes now, the weightiest reason first. What is seldom so is only looked at when it is asked for. */
export function* reasonsOf(known: StandingCase): Generator<string> {
  const { store, members, admission, clocks, startGuard, authentication, isFenced, frontiers } = known;
  if (members.isEvicted(store.id)) {
    // whatever else there is, nothing leads out of this
    yield "this replica was evicted from its cluster: it must join under a new id, with an empty data folder";
    return;
  }
  if (isFenced) yield "another process runs under this replica's id: one of the two must join under a new id";
  const ownKey = authentication.refusesOwnKey();
  if (ownKey !== undefined) yield ownKey;
  const notAdmitted = admission.refusesWrites();
  if (notAdmitted !== undefined) yield notAdmitted;
  const starting = startGuard.refuses();
  if (starting !== undefined) yield starting;
  if (isBehindItself(store, frontiers))
    yield "this replica was restored from an older copy and first fetches what it had written since";
  if (clocks.selfDisagrees(members.active()) && !isPlanted("clock-unchecked"))
    yield clockText(clocks, members.active());
}

function clockText(clocks: ClockGuard, active: readonly number[]): string {
  const aheadMs = clocks.ownAheadMs(active);
  const by = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? "ahead" : "behind"}`;
  return `this replica's clock is more than ${limits.clockDriftMsMax / 1000} s off those of most members: it is ${by}`;
}
