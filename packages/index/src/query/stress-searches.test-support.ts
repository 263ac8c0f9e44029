import { parentPort, workerData } from "node:worker_threads";
import type { Filter } from "../filter/condition.js";
import type { PayloadReader } from "../payload/store.js";
import { type PlantedIndexBug, plant } from "../planted.js";
import type { PointId } from "../point/point-id.js";
import { finish } from "../sliced.js";
import { denseOf } from "../vector/vector.js";
import { SharedRowFile } from "../vector-index/shared-row-file.test-support.js";
import type { CollectionHandle } from "./collection-handle.js";
import { CollectionReader } from "./collection-reader.js";
import type { PointRecord, PointsQuery, ScoredRecord, SearchParameters } from "./query.js";
import type { Snapshot } from "./snapshot.js";
import {
  beaconAt,
  beaconId,
  beaconPlace,
  kindOf,
  payloadText,
  pointsAt,
  type StressPoint,
  vectorWritten,
} from "./stress-points.test-support.js";

// A reader in a thread of its own: takes a snapshot, searches it in every way, and compares with what the history says.

const { handle, thread, state, rows, bugs } = workerData as {
  readonly handle: CollectionHandle;
  readonly thread: number;
  /** Word 0: 1 to stop; then by thread: how often everything was asked, and mistakes. */
  readonly state: Int32Array;
  /** The file of vectors that are off memory. */
  readonly rows: SharedArrayBuffer | undefined;
  readonly bugs: readonly PlantedIndexBug[];
};
plant(bugs);
/** So many searches for the point that is always there with each look at everything. */
const BEACON_SEARCHES = 200;
/** Measured: at one of some 5,000 epochs a walk misses that point. */
const MISSES = 8;
const MISSED_SHARE = 1 / 64;
const [checks, mistakes] = [2 * thread, 2 * thread + 1];
const encoder = new TextEncoder();
const payloads: PayloadReader = { bytesOf: (key) => encoder.encode(payloadText(key)) };
const everything = { payload: true, vectors: true } as const;

const isNotKind2: Filter = { must: [], should: [], mustNot: [{ kind: "match-value", key: "kind", value: 2 }] };
const isKind2: Filter = { must: [{ kind: "match-value", key: "kind", value: 2 }], should: [], mustNot: [] };

function distance(a: Float32Array, b: Float32Array): number {
  return Math.fround(Math.sqrt(a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0)));
}

/** What is wrong with a record, the first thing. */
function mistakeIn(record: PointRecord, points: ReadonlyMap<PointId, StressPoint>): string | undefined {
  const point = points.get(record.id);
  if (point === undefined) return `${record.id} is found and was not there`;
  if (record.version !== point.version) return `${record.id} has version ${record.version}, not ${point.version}`;
  if (record.payload !== payloadText(point.payloadKey)) return `${record.id} has payload ${record.payload}`;
  const stored = record.vectors?.[""];
  const vector = stored && denseOf(stored);
  return vector?.join() === point.vector.join() ? undefined : `${record.id} has vector ${vector}, not ${point.vector}`;
}

/** The first mistake of an answer; `isWhole`: it has to be the nearest of all. */
function mistakeOf(
  snapshot: Snapshot,
  vector: Float32Array,
  more: Partial<PointsQuery>,
  points: ReadonlyMap<PointId, StressPoint>,
): string | undefined {
  const query: PointsQuery = {
    node: { kind: "nearest", target: { kind: "vector", vector } },
    using: "",
    limit: 8,
    offset: 0,
    parameters: { efSearch: 16 },
    selection: everything,
    ...more,
  };
  const found: ScoredRecord[] = [];
  finish(snapshot.query(query, (one) => found.push(one)));
  for (const [i, record] of found.entries()) {
    const mistake = mistakeIn(record, points);
    if (mistake !== undefined) return mistake;
    const { payloadKey, vector: stands } = points.get(record.id) as StressPoint;
    if (record.score !== distance(vector, stands)) return `${record.id} has score ${record.score}`;
    if (record.score < (found[i - 1]?.score ?? 0)) return "the answer is not in order";
    if (query.filter !== undefined && (kindOf(payloadKey) === 2) !== (query.filter === isKind2)) {
      return `${record.id} does not match`;
    }
  }
  if (new Set(found.map(({ id }) => id)).size !== found.length) return "a point is found twice";
  const matching = [...points.values()].filter(
    ({ payloadKey }) => query.filter === undefined || (kindOf(payloadKey) === 2) === (query.filter === isKind2),
  );
  const nearest = matching
    .map((point) => distance(vector, point.vector))
    .sort((a, b) => a - b)
    .slice(0, query.limit);
  if (found.length !== nearest.length) return `${found.length} points are found, not ${nearest.length}`;
  const isWhole = query.parameters.exact === true;
  return isWhole && found.some(({ score }, i) => score !== nearest[i]) ? "the nearest are others" : undefined;
}

/** Epochs at which the point that is always there was looked for, and those at which a walk missed it. */
const lookedAt = new Set<number>();
const missedAt = new Set<number>();

/**
 * A search right after a snapshot began: what is written meanwhile is written around the point that is looked for. A walk beside a group that is
 * half applied may miss it, as `QueryOutcome.isSettled` says: nodes that no row names yet have taken its places in lists. That is rare, and what
 * compares with all finds it.
 */
function beaconMistake(): string | undefined {
  const snapshot = reader.begin();
  try {
    lookedAt.add(snapshot.epoch);
    const walked = nearestToBeacon(snapshot, { efSearch: 24 });
    if (walked.isSettled !== false || walked.found.id === beaconId) return mistakeInBeacon(snapshot, walked.found);
    missedAt.add(snapshot.epoch);
    if (missedAt.size > MISSES + lookedAt.size * MISSED_SHARE) return `walks miss it at ${missedAt.size} epochs`;
    return mistakeInBeacon(snapshot, nearestToBeacon(snapshot, { exact: true }).found);
  } finally {
    snapshot.release();
  }
}

function nearestToBeacon(snapshot: Snapshot, parameters: SearchParameters) {
  const found: ScoredRecord[] = [];
  const query: PointsQuery = {
    node: { kind: "nearest", target: { kind: "vector", vector: beaconPlace } },
    using: "",
    limit: 1,
    offset: 0,
    parameters,
    selection: everything,
  };
  const { isSettled } = finish(snapshot.query(query, (one) => found.push(one)));
  return { found: found[0] as ScoredRecord, isSettled };
}

function mistakeInBeacon({ epoch }: Snapshot, found: ScoredRecord): string | undefined {
  if (found.id !== beaconId) return `${found.id} is found where the point that is always there is`;
  const wanted = beaconAt(epoch) as StressPoint;
  return mistakeIn(found, new Map([[beaconId, wanted]])) && `beacon of version ${found.version}`;
}

function mistakeAt(snapshot: Snapshot, round: number): string | undefined {
  const points = pointsAt(snapshot.epoch);
  const vector = vectorWritten(round, thread);
  const ways: Partial<PointsQuery>[] = [
    {},
    { filter: isNotKind2 },
    { filter: isKind2 },
    { parameters: { exact: true } },
    { parameters: { exact: true }, filter: isKind2 },
  ];
  for (const way of ways) {
    for (const place of [vector, beaconPlace]) {
      const mistake = mistakeOf(snapshot, place, way, points);
      if (mistake !== undefined) return `${JSON.stringify(way)}: ${mistake}`;
    }
  }
  const records: PointRecord[] = [];
  finish(snapshot.retrieve([...points.keys()], everything, (one) => records.push(one)));
  if (records.length !== points.size) return `${records.length} points are there, not ${points.size}`;
  for (const record of records) {
    const mistake = mistakeIn(record, points);
    if (mistake !== undefined) return mistake;
  }
  const count = finish(snapshot.count());
  return count === points.size ? undefined : `${count} points are counted, not ${points.size}`;
}

/** A broken invariant is a mistake like any other. */
function caught(look: () => string | undefined): string | undefined {
  try {
    return look();
  } catch (error) {
    return String((error as Error).stack);
  }
}

const reader = new CollectionReader(handle, thread, payloads, () => new SharedRowFile(rows as SharedArrayBuffer));
for (let round = 0, told = false; Atomics.load(state, 0) === 0; round++) {
  const snapshot = reader.begin();
  let mistake: string | undefined;
  for (let i = 0; i < BEACON_SEARCHES; i++) mistake ??= caught(beaconMistake);
  // some stay at an epoch for longer
  for (let i = 0, times = round % 5 === 0 ? 4 : 1; i < times; i++) mistake ??= caught(() => mistakeAt(snapshot, round));
  Atomics.add(state, checks, 1);
  if (mistake !== undefined) {
    Atomics.add(state, mistakes, 1);
    if (!told) parentPort?.postMessage(`reader ${thread} at epoch ${snapshot.epoch}: ${mistake}`);
    told = true;
  }
  snapshot.release();
}
