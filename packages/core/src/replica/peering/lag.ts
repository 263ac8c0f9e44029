import { covers, type VersionVector } from "../../causality/version-vector.js";

type Frontiers = ReadonlyMap<string, VersionVector>;

/** Reports of one peer that are kept apart. Beyond it the newest goes: the age that is asked for is that of the oldest. */
const REPORTS_MAX = 64;

/**
 * How far this replica lags behind its peers, measured where operations arrive: the age of the oldest report of a peer of which something
 * is still missing here. So it is the time since this replica first knew of an operation that it lacks, to within a heartbeat.
 */
export class LagMeter {
  readonly #reports = new Map<number, { readonly atMs: number; readonly frontiers: Frontiers }[]>();

  /** A peer said what it holds. The map is kept. */
  note(peer: number, frontiers: Frontiers, nowMs: number): void {
    const reports = this.#reports.get(peer) ?? [];
    this.#reports.set(peer, reports);
    if (reports.length < REPORTS_MAX) reports.push({ atMs: nowMs, frontiers });
  }

  forget(peer: number): void {
    this.#reports.delete(peer);
  }

  /** Milliseconds; 0 when everything that the peer reported is here. `held`: what this replica holds; `undefined` for shards that are gone. */
  lagMs(peer: number, held: (shard: string) => VersionVector | undefined, nowMs: number): number {
    const reports = this.#reports.get(peer) ?? [];
    while (reports[0] !== undefined && isHeld(reports[0].frontiers, held)) reports.shift();
    return reports[0] === undefined ? 0 : Math.max(0, nowMs - reports[0].atMs);
  }
}

/** Of a shard that is not here nothing is missing: its collection is gone, or an operation of the catalogue is what is missing. */
function isHeld(frontiers: Frontiers, held: (shard: string) => VersionVector | undefined): boolean {
  for (const [shard, frontier] of frontiers) if (!covers(held(shard) ?? frontier, frontier)) return false;
  return true;
}
