import type { NetworkRates } from "./network.js";
import { plannersOf } from "./planners.js";
import { type FaultKind, type Profile, profiles } from "./profiles.js";
import { Random } from "./random.js";
import { makeSteps, type Step } from "./workload.js";

/** Something that goes wrong at a time, for a time. */
export interface Fault {
  readonly kind: FaultKind;
  readonly atMs: number;
  readonly forMs: number;
  /** Index among the nodes. */
  readonly node: number;
  readonly other: number;
  /** What the kind makes of it. */
  readonly amount: number;
}

/** All that a run is decided by. */
export interface Scenario {
  readonly seed: number;
  readonly profile: string;
  readonly steps: readonly Step[];
  readonly faults: readonly Fault[];
  readonly rates: NetworkRates;
  /** Messages to all are stored and passed on by a broker. */
  readonly hasBroker: boolean;
  /** Planners of each replica. */
  readonly planners: number;
}

/** The scenario of a seed; with another number of planners than it draws, if need be. */
export function makeScenario(seed: number, profileName: string, planners = plannersOf(seed)): Scenario {
  const profile = profileOf(profileName);
  const random = new Random(seed).fork("faults");
  const isOn = (kind: FaultKind) => random.chance(profile.faults[kind] ?? 0);
  // log-uniform: rare and frequent alike
  const rate = (kind: FaultKind, most: number) => (isOn(kind) ? most * 10 ** (-2 * random.fraction()) : 0);
  const steps = makeSteps(seed, profile);
  const rates: NetworkRates = {
    drop: rate("drop", 0.3),
    duplicate: rate("duplicate", 0.3),
    replay: rate("replay", 0.2),
    bitFlip: rate("bit-flip", 0.1),
    jitter: isOn("reorder") ? random.between(1, 5) : 0,
    delayMs: random.pick([
      [1, 5],
      [20, 60],
      [40, 125],
    ]),
  };
  const endMs = steps.at(-1)?.atMs ?? 0;
  const faults: Fault[] = [];
  for (const kind of [
    "partition",
    "one-way",
    "clog",
    "crash",
    "pause",
    "full-disk",
    "skew",
    "clock-jump",
    "join",
    "evict",
    "restore",
  ] as const) {
    if (!isOn(kind)) continue;
    const once = kind === "join" || kind === "evict" || kind === "restore";
    const count = once ? 1 : random.between(1, 3);
    for (let i = 0; i < count; i++) {
      faults.push({
        kind,
        atMs: random.between(300, Math.max(301, Math.floor(endMs * 0.9))),
        forMs: random.between(200, Math.max(201, Math.floor(endMs * 0.5))),
        node: random.below(profile.founders),
        other: random.below(profile.founders),
        amount: random.fraction(),
      });
    }
  }
  const later = laterFaults(seed, profile, endMs);
  faults.push(
    ...faultsOfCompaction(seed, profile, endMs),
    ...faultsOfMemory(seed, profile, endMs),
    ...faultsOfMembers(seed, profile, endMs),
    ...faultsOfRows(seed, profile, endMs),
    ...faultsOfRecords(seed, profile, endMs),
    ...faultsOfForgers(seed, profile, endMs),
    ...faultsOfImpostors(seed, profile, endMs),
    ...faultsOfEvictions(seed, profile, endMs),
  );
  return {
    seed,
    profile: profileName,
    steps,
    faults: [...faults, ...later.faults].sort((a, b) => a.atMs - b.atMs),
    rates: { ...rates, ...later.rates },
    hasBroker: later.hasBroker,
    planners,
  };
}

/** Kinds that came later, drawn apart so that the seeds from before stay what they were. */
function laterFaults(seed: number, profile: Profile, endMs: number) {
  const random = new Random(seed).fork("later faults");
  const faults: Fault[] = [];
  const isOn = (kind: FaultKind) => random.chance(profile.faults[kind] ?? 0);
  for (const kind of [
    "flap",
    "clock-freeze",
    "broker",
    "rot",
    "wipe",
    "old-copy",
    "clone",
    "lose-row",
    "lose-link",
  ] as const) {
    if (!isOn(kind)) continue;
    const count = kind === "broker" ? random.between(2, 6) : kind === "flap" || kind === "clock-freeze" ? 2 : 1;
    for (let i = 0; i < count; i++) {
      faults.push({
        kind,
        atMs: random.between(600, Math.max(601, Math.floor(endMs * 0.9))),
        // two processes with one id hear of each other with a heartbeat
        forMs: kind === "clone" ? 3_000 : random.between(200, Math.max(201, Math.floor(endMs * 0.4))),
        node: random.below(profile.founders),
        other: random.below(profile.founders),
        amount: random.fraction(),
      });
    }
  }
  const rates: Partial<NetworkRates> = isOn("bandwidth") ? { bytesPerMs: random.between(5, 60) } : {};
  return { faults, rates, hasBroker: faults.some(({ kind }) => kind === "broker") };
}

/** Replicas that join, and what goes wrong with them and their peers while they catch up. */
function faultsOfCompaction(seed: number, profile: Profile, endMs: number): Fault[] {
  if (profile.compactRows === undefined) return [];
  if (profile.hasSmallParts === true) return faultsOfSnapshots(seed, profile, endMs);
  const random = new Random(seed).fork("faults of compaction");
  const faults: Fault[] = [];
  const add = (kind: FaultKind, atMs: number, forMs: number) => {
    const node = random.below(profile.founders + 2);
    faults.push({ kind, atMs, forMs, node, other: random.below(profile.founders), amount: random.fraction() });
  };
  for (let joins = random.between(1, 2); joins > 0; joins--) {
    const atMs = random.between(Math.floor(endMs * 0.3), endMs + 500);
    add("join", atMs, 0);
    for (const kind of ["crash", "crash", "full-disk"] as const) {
      if (random.chance(0.5)) add(kind, atMs + random.between(100, 4_000), random.between(100, 2_000));
    }
  }
  if (random.chance(profile.faults["rot-checkpoint"] ?? 0)) {
    add("rot-checkpoint", random.between(Math.floor(endMs * 0.5), endMs), random.between(200, 3_000));
  }
  return faults;
}

/** Replicas that join when logs are compacted, and checkpoints that rot while they are given. */
function faultsOfSnapshots(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of snapshots");
  const fault = (kind: FaultKind, node: number, atMs: number, forMs: number): Fault => {
    return { kind, node, atMs, forMs, other: random.below(profile.founders), amount: random.fraction() };
  };
  const faults: Fault[] = [];
  for (let joins = random.between(1, 2); joins > 0; joins--) {
    const atMs = random.between(Math.floor(endMs * 0.5), endMs + 1_000);
    faults.push(fault("join", 0, atMs, 0));
    if (!random.chance(profile.faults["rot-checkpoint"] ?? 0)) continue;
    const rotMs = atMs + random.between(0, 1_000);
    const [first, count] = [random.below(profile.founders), random.between(1, profile.founders - 1)];
    for (let i = 0; i < count; i++)
      faults.push(fault("rot-checkpoint", (first + i) % profile.founders, rotMs, random.between(1_000, 5_000)));
  }
  return faults;
}

/** What goes wrong in a process's memory alone. */
function faultsOfMemory(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of memory");
  if (!random.chance(profile.faults["rot-vector"] ?? 0)) return [];
  const atMs = random.between(Math.floor(endMs * 0.3), Math.floor(endMs * 0.9));
  const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
  return [{ kind: "rot-vector", atMs, forMs: 0, node, other, amount: random.fraction() }];
}

/** Rows of points that are what they once were. */
function faultsOfRows(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of rows");
  if (!random.chance(profile.faults["old-row"] ?? 0)) return [];
  return Array.from({ length: random.between(1, 2) }, () => {
    const atMs = random.between(Math.floor(endMs * 0.4), endMs + 2_000);
    const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
    return { kind: "old-row" as const, atMs, forMs: 0, node, other, amount: random.fraction() };
  });
}

/** Records that rot, and steps that are done by half. */
function faultsOfRecords(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of records");
  return (["rot-row", "rot-setting", "rot-frontier", "half", "rot-payload"] as const).flatMap((kind) => {
    if (!random.chance(profile.faults[kind] ?? 0)) return [];
    return Array.from({ length: random.between(1, 2) }, () => {
      const atMs = random.between(Math.floor(endMs * 0.3), endMs + 1_000);
      const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
      return { kind, atMs, forMs: 0, node, other, amount: random.fraction() };
    });
  });
}

/** A member that turns against the others. */
function faultsOfMembers(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of members");
  if (!random.chance(profile.faults.hostile ?? 0)) return [];
  const atMs = random.between(Math.floor(endMs * 0.2), Math.floor(endMs * 0.7));
  const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
  const forMs = random.between(1_000, Math.floor(endMs * 0.4));
  return [{ kind: "hostile", atMs, forMs, node, other, amount: random.fraction() }];
}

/** A member whose checkpoints are not what its operations made, and replicas that join meanwhile. */
function faultsOfForgers(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of forgers");
  if (!random.chance(profile.faults["forge-checkpoint"] ?? 0)) return [];
  const atMs = random.between(Math.floor(endMs * 0.2), Math.floor(endMs * 0.6));
  const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
  const untilMs = endMs + random.between(4_000, 8_000);
  const fault = {
    kind: "forge-checkpoint" as const,
    atMs,
    forMs: untilMs - atMs,
    node,
    other,
    amount: random.fraction(),
  };
  // while others write, and when everybody has come to know what there is
  const joins = Array.from({ length: random.between(2, 3) }, () => {
    return { ...fault, kind: "join" as const, atMs: random.between(atMs + 300, untilMs - 2_000), forMs: 0 };
  });
  return [fault, ...joins];
}

/** Somebody at the broker who is no member. */
function faultsOfImpostors(seed: number, profile: Profile, endMs: number): Fault[] {
  if (profile.hasImpostor !== true) return [];
  const random = new Random(seed).fork("faults of impostors");
  const [node, other] = [random.below(profile.founders), random.below(profile.founders)];
  return [{ kind: "impostor", atMs: 1_000, forMs: endMs + 4_000, node, other, amount: random.fraction() }];
}

/** A member that is heard by some alone, and evicted by one that does not hear them. */
function faultsOfEvictions(seed: number, profile: Profile, endMs: number): Fault[] {
  const random = new Random(seed).fork("faults of evictions");
  if (!random.chance(profile.faults["evict-unheard"] ?? 0)) return [];
  const atMs = random.between(Math.floor(endMs * 0.1), Math.floor(endMs * 0.4));
  const forMs = random.between(1_000, 6_000);
  // the first one evicts: not itself
  const node = random.between(1, profile.founders - 1);
  return [{ kind: "evict-unheard", atMs, forMs, node, other: 0, amount: random.fraction() }];
}

/** The profile of this name. Throws for one that is not known. */
export function profileOf(name: string): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (profile === undefined) throw new Error(`there is no profile "${name}": ${Object.keys(profiles).join(", ")}`);
  return profile;
}
