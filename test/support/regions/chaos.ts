import { setTimeout as after } from "node:timers/promises";
import { Random } from "../random.js";
import { AcknowledgedWrites } from "./acknowledged-writes.js";
import { auditFindings } from "./audit-findings.js";
import { faults } from "./faults.js";
import { HoppingSessions, type SessionCounts } from "./hopping-sessions.js";
import { type Region, RegionCluster, type RegionDigest } from "./region-cluster.js";

const COLLECTION = "chaos";
const NAMES = ["eu", "us", "ap"];
/** Requests come densely, unless they are to leave processor time to others. */
const PAUSE_MS = 20;
const ROUND_TRIP_MS = 40;
const SESSIONS = 6;
/** So many faults can be there at once, in different regions. */
const HANDS = 2;
const FAULT_MS = { least: 500, most: 6_000 };
const CALM_MS = { least: 200, most: 3_000 };

export interface ChaosOptions {
  /** Of the choice of faults, times and writes. What the processes make of them is not repeatable. */
  readonly seed: number;
  /** How long faults come and go, before all is healed. */
  readonly seconds: number;
  /** Everything that makes databases secure is switched on. */
  readonly isSecured?: boolean;
  /** Between two requests of one client. */
  readonly pauseMs?: number;
  /** Told of what begins, for people. */
  readonly say?: (text: string) => void;
}

/** What a run has come to. It has failed when there are violations. */
export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  /** Name → how often. */
  readonly faults: { readonly [name: string]: number };
  /** Region → acknowledged writes of clients without sessions. */
  readonly acknowledged: { readonly [region: string]: number };
  readonly sessions: SessionCounts;
  /** Promises that were broken, and at the end what was not the same everywhere. */
  readonly violations: readonly string[];
  /** Of every region, at the end. */
  readonly digest: RegionDigest | undefined;
  readonly equalAfterSeconds: number;
}

/** Makes faults in regions that no other hand is at, one after the other, until the time is over; ends each. */
async function makeFaults(
  cluster: RegionCluster,
  random: Random,
  busy: Set<Region>,
  endMs: number,
  note: (fault: string, region: string) => void,
): Promise<void> {
  const between = ({ least, most }: typeof FAULT_MS) => after(least + random.below(most - least));
  while (performance.now() < endMs) {
    await between(CALM_MS);
    const region = random.pick(cluster.regions.filter((one) => !busy.has(one)));
    const name = random.pick(Object.keys(faults));
    busy.add(region);
    note(name, region.name);
    const end = await faults[name]?.(cluster, region, random);
    await between(FAULT_MS);
    await end?.();
    busy.delete(region);
  }
}

/** Three real regions under random faults while clients write in all of them and sessions hop between them; then heals and compares. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, isSecured = false, pauseMs = PAUSE_MS, say = () => undefined } = options;
  const roundTripMs = () => ROUND_TRIP_MS;
  const cluster = await RegionCluster.start({ names: NAMES, roundTripMs, isSecured, purpose: "chaos", say });
  try {
    const writes = new AcknowledgedWrites(cluster, COLLECTION, seed, pauseMs);
    await writes.prepare();
    const sessions = new HoppingSessions(cluster, COLLECTION, seed + 1, SESSIONS, pauseMs);
    writes.start();
    sessions.start();
    const counts: { [name: string]: number } = {};
    const beganMs = performance.now();
    const note = (fault: string, region: string) => {
      counts[fault] = (counts[fault] ?? 0) + 1;
      say(`${((performance.now() - beganMs) / 1_000).toFixed(1)} s: ${region}: ${fault}`);
    };
    const busy = new Set<Region>();
    const hands = Array.from({ length: HANDS }, (_, hand) =>
      makeFaults(cluster, new Random(seed + 2 + hand), busy, beganMs + seconds * 1_000, note),
    );
    await Promise.all(hands);
    cluster.heal();
    const healedMs = performance.now();
    const violations: string[] = [];
    let digest: RegionDigest | undefined;
    try {
      await Promise.all([writes.stop(), sessions.stop()]);
      say("all healed");
      await cluster.untilMembers();
      digest = await cluster.untilEqual(COLLECTION);
      await writes.check();
      if (isSecured)
        violations.push(
          ...(await auditFindings(cluster, (name) => writes.acknowledgedBy(name) + sessions.writesAt(name))),
        );
    } catch (error) {
      violations.push(error instanceof Error ? error.message : String(error));
    }
    return {
      seed,
      seconds,
      faults: counts,
      acknowledged: Object.fromEntries(NAMES.map((name) => [name, writes.acknowledgedBy(name)])),
      sessions: sessions.counts,
      violations: [...sessions.violations, ...violations],
      digest,
      equalAfterSeconds: (performance.now() - healedMs) / 1_000,
    };
  } finally {
    await cluster.stop();
  }
}
