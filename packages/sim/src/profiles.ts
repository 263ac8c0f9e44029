/** Kinds of faults. Each is on or off for a seed, and has a rate drawn for it (swarm testing: Groce et al., 2012). */
export const faultKinds = [
  "drop",
  "duplicate",
  "replay",
  "bit-flip",
  "reorder",
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
  "flap",
  "bandwidth",
  "clock-freeze",
  "broker",
  "rot",
  "wipe",
  "old-copy",
  "clone",
  "rot-checkpoint",
  "lose-row",
  "lose-link",
  "rot-vector",
  "hostile",
  "old-row",
  "rot-row",
  "rot-setting",
  "rot-frontier",
  "half",
  "rot-payload",
  "forge-checkpoint",
  "impostor",
  "evict-unheard",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What a family of runs is like. */
export interface Profile {
  readonly founders: number;
  readonly steps: number;
  /** Most points of one upsert. */
  readonly batch: number;
  /** Most milliseconds between two steps. */
  readonly gapMs: number;
  /** Logs are compacted when so many rows may go, and replicas join while they are; without it, never. */
  readonly compactRows?: number;
  /** Checkpoints have many parts, and snapshots are taken at small lags too: those are under way for long, and often. */
  readonly hasSmallParts?: boolean;
  /** Points have a second vector, and each may lack one of the two. */
  readonly hasSecondVector?: boolean;
  /** Do points have sparse vectors? Where there is a second vector they do. */
  readonly hasSparseVectors?: boolean;
  /** Do points have multivectors? */
  readonly hasMultivectors?: boolean;
  /** Names, keys and values are what text can be at its most awkward. */
  readonly hasAwkwardText?: boolean;
  /** Replicas go on with shards that are quarantined, until they have mended them; else such a replica is given up. */
  readonly mendsQuarantined?: boolean;
  /** Clients ask for erasures, and disks keep what was deleted until they are scrubbed. */
  readonly hasErasures?: boolean;
  /** Somebody without a key publishes whatever they like at the broker. */
  readonly hasImpostor?: boolean;
  /** Clients write and read at levels, and sessions wait where they go. */
  readonly hasQuorums?: boolean;
  readonly data: "any" | "mixed" | "clustered" | "islands" | "adversarial";
  readonly weights: Readonly<Record<string, number>>;
  /** How likely each kind of fault is to be on. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
}

const weights = { upsert: 12, update: 3, delete: 3, "delete-filter": 1, payload: 2, index: 0, catalogue: 1 };
const network = { drop: 0.5, duplicate: 0.5, replay: 0.3, "bit-flip": 0.3, reorder: 0.6, clog: 0.2 } as const;

const base: Profile = {
  founders: 3,
  steps: 120,
  batch: 4,
  gapMs: 60,
  data: "any",
  weights,
  faults: {
    ...network,
    partition: 0.5,
    "one-way": 0.2,
    crash: 0.4,
    pause: 0.2,
    "full-disk": 0.2,
    skew: 0.3,
    "clock-jump": 0.1,
    join: 0.15,
    evict: 0.1,
    restore: 0.05,
  },
};

/** Families of runs by name. */
export const profiles: Readonly<Record<string, Profile>> = {
  default: base,
  partition: { ...base, faults: { ...network, partition: 1, "one-way": 0.5, crash: 0.2 } },
  island: {
    ...base,
    data: "islands",
    batch: 12,
    steps: 60,
    weights: { upsert: 12, delete: 1, catalogue: 1 },
    faults: { partition: 1 },
  },
  deletes: {
    ...base,
    hasSparseVectors: true,
    hasMultivectors: true,
    weights: { upsert: 8, update: 6, delete: 6, "delete-filter": 3, payload: 1 },
    faults: { ...network, partition: 0.6, crash: 0.3 },
  },
  membership: { ...base, faults: { ...network, partition: 0.4, join: 0.9, evict: 0.7, crash: 0.3 } },
  disk: {
    ...base,
    hasSparseVectors: true,
    hasMultivectors: true,
    faults: { crash: 1, "full-disk": 0.8, restore: 0.3, partition: 0.3, drop: 0.3 },
  },
  clock: { ...base, faults: { skew: 1, "clock-jump": 0.7, pause: 0.4, partition: 0.3, reorder: 0.5 } },
  broker: {
    ...base,
    faults: { ...network, broker: 1, partition: 0.6, flap: 0.4, bandwidth: 0.3, crash: 0.3, pause: 0.2 },
  },
  storage: {
    ...base,
    faults: { ...network, rot: 0.8, wipe: 0.4, crash: 0.6, "full-disk": 0.3, partition: 0.4, join: 0.3 },
  },
  wild: {
    ...base,
    hasSecondVector: true,
    hasMultivectors: true,
    weights: {
      upsert: 10,
      update: 2,
      delete: 3,
      "delete-filter": 1,
      payload: 2,
      catalogue: 2,
      index: 1,
      "insert-only": 1,
      "update-filter": 1,
      batch: 1,
      vectors: 3,
      "drop-vectors": 2,
      "payload-at": 1,
      overwrite: 1,
      "drop-keys": 1,
      clear: 1,
    },
    faults: {
      ...base.faults,
      flap: 0.3,
      bandwidth: 0.2,
      "clock-freeze": 0.2,
      broker: 0.3,
      rot: 0.15,
      wipe: 0.15,
    },
  },
  quorum: {
    ...base,
    hasQuorums: true,
    faults: {
      ...network,
      partition: 0.7,
      "one-way": 0.3,
      crash: 0.5,
      pause: 0.3,
      "full-disk": 0.4,
      skew: 0.15,
      join: 0.2,
      evict: 0.15,
      flap: 0.2,
    },
  },
  compaction: {
    ...base,
    hasSparseVectors: true,
    hasMultivectors: true,
    compactRows: 8,
    weights: { upsert: 10, update: 5, delete: 4, "delete-filter": 1, payload: 4, catalogue: 1 },
    faults: { ...network, partition: 0.4, crash: 0.4, "full-disk": 0.3, wipe: 0.4, evict: 0.2, "rot-checkpoint": 0.2 },
  },
  snapshots: {
    ...base,
    compactRows: 4,
    hasSmallParts: true,
    weights: { upsert: 10, update: 5, delete: 4, payload: 4, catalogue: 1 },
    faults: { ...network, partition: 0.3, crash: 0.2, wipe: 0.2, bandwidth: 0.5, "rot-checkpoint": 1 },
  },
  clone: { ...base, faults: { clone: 1, duplicate: 0.3, reorder: 0.5, skew: 0.2 } },
  "old-copy": { ...base, faults: { "old-copy": 1, duplicate: 0.3, reorder: 0.5 } },
  damage: {
    ...base,
    hasSparseVectors: true,
    hasMultivectors: true,
    faults: {
      ...network,
      "lose-row": 0.8,
      "lose-link": 0.8,
      "rot-vector": 0.4,
      partition: 0.3,
      crash: 0.3,
      "full-disk": 0.2,
    },
  },
  text: {
    ...base,
    hasSecondVector: true,
    hasMultivectors: true,
    hasAwkwardText: true,
    weights: {
      upsert: 10,
      update: 2,
      delete: 2,
      vectors: 2,
      "drop-vectors": 1,
      payload: 1,
      "vectors-twice": 2,
      "text-payload": 4,
      "text-filter": 2,
      "text-keys": 2,
      "text-index": 1,
      "text-catalogue": 2,
    },
    faults: { ...network, partition: 0.4, crash: 0.6, "full-disk": 0.2, join: 0.2, wipe: 0.1 },
  },
  rows: {
    ...base,
    weights: { upsert: 8, update: 5, delete: 5, "delete-filter": 2, payload: 2 },
    faults: { ...network, "old-row": 1, partition: 0.3, crash: 0.3 },
  },
  records: {
    ...base,
    mendsQuarantined: true,
    weights: { upsert: 8, update: 4, delete: 4, "delete-filter": 1, payload: 2, catalogue: 1 },
    faults: {
      ...network,
      "rot-row": 0.5,
      "rot-setting": 0.5,
      "rot-frontier": 0.4,
      half: 0.6,
      "rot-payload": 0.4,
      partition: 0.3,
      crash: 0.3,
      "full-disk": 0.2,
      join: 0.2,
    },
  },
  hostile: { ...base, faults: { ...network, hostile: 1, partition: 0.3, crash: 0.4, "full-disk": 0.2, join: 0.3 } },
  forger: {
    ...base,
    compactRows: 4,
    weights: { upsert: 10, update: 5, delete: 4, payload: 4, catalogue: 1 },
    faults: { ...network, partition: 0.3, crash: 0.3, "full-disk": 0.2, "forge-checkpoint": 1 },
  },
  vectors: {
    ...base,
    compactRows: 12,
    hasSparseVectors: true,
    weights: {
      upsert: 8,
      update: 2,
      delete: 2,
      payload: 1,
      "add-vector": 3,
      "drop-vector": 2,
      "late-vectors": 8,
      "late-upsert": 4,
      "late-vectors-gone": 1,
      "begin-graph": 2,
      "give-up-graph": 1,
    },
    faults: { ...network, partition: 0.6, "one-way": 0.2, crash: 0.5, "full-disk": 0.2, join: 0.3, wipe: 0.2 },
  },
  erasures: {
    ...base,
    hasErasures: true,
    compactRows: 40,
    weights: { upsert: 10, update: 4, delete: 5, "delete-filter": 2, payload: 1, erase: 2 },
    faults: {
      ...network,
      partition: 0.6,
      "one-way": 0.2,
      crash: 0.6,
      pause: 0.2,
      "full-disk": 0.3,
      join: 0.2,
      evict: 0.1,
    },
  },
  impostor: {
    ...base,
    hasImpostor: true,
    hasQuorums: true,
    faults: { drop: 0.4, duplicate: 0.5, reorder: 0.5, partition: 0.5, crash: 0.7, join: 0.3, evict: 0.2 },
  },
  evictions: {
    ...base,
    weights: { upsert: 6, update: 8, delete: 8, "delete-filter": 1, payload: 2 },
    faults: { duplicate: 0.3, reorder: 0.5, drop: 0.2, "evict-unheard": 1, crash: 0.2, join: 0.3 },
  },
  soak: { ...base, steps: 1_500, gapMs: 120 },
};

/** `soak` is long; with another profile in turns every seed would be of another one than it was, `evictions` came later. */
const asked: ReadonlySet<string> = new Set(["soak", "evictions"]);

/** Profiles that seeds take turns in: all but those that are run when they are asked for. */
export const rotation: readonly string[] = Object.keys(profiles).filter((name) => !asked.has(name));

/**
 * How much further on each round through the profiles begins. With this many profiles each of them so meets seeds of every remainder by 2, 4
 * and 20 within a few rounds (what else depends on a seed's number, such as whether it is even, is so with every profile): tried, not
 * derived; the test says when another number of profiles needs another shift.
 */
const SHIFT_OF_A_ROUND = 7;

/** The profile that a seed has in its turn. */
export function profileInTurn(seed: number): string {
  const { length } = rotation;
  return rotation[(seed + SHIFT_OF_A_ROUND * Math.floor(seed / length)) % length] as string;
}
