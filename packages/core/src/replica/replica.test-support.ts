import assert from "node:assert/strict";
import { denseOf, type Filter, MurmurationError, type Payload, type PointId } from "@murmuration/index";
import type { CreateCollection } from "../catalogue/catalogue-command.js";
import type { DenseVectorSpace, Distance } from "../catalogue/collection.js";
import type { Command, NamedVectors, PointInput, Receipt, UpsertPoints } from "../command/command.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import type { OpLog } from "../log/op-log.js";
import { rowProblems } from "../state/row-problems.js";
import { ReadsHere } from "./reads-here.js";
import type { ReplicaOptions } from "./recovery/replica-options.js";
import { Replica } from "./replica.js";

export const REPLICA_ID = 5;

/** A clock that goes on by a millisecond whenever it is looked at. */
export function steppingClock(startMs = 1_000): { now(): number } {
  let nowMs = startMs;
  return { now: () => nowMs++ };
}

/** What ids are hashed with, the same each time. */
export const newTableSeed = () => [5, 7] as const;

export function openReplica(options: Partial<ReplicaOptions> = {}): Replica {
  return Replica.open({
    log: new MemoryOpLog(),
    clock: steppingClock(),
    newReplicaId: () => REPLICA_ID,
    newTableSeed,
    ...options,
  });
}

export function space(size: number, distance: Distance = "Dot"): DenseVectorSpace {
  return { size, distance, links: 4, efConstruction: 16, quantization: "int8" };
}

export function createCollection(
  name: string,
  vectors: CreateCollection["vectors"] = { "": space(2) },
): CreateCollection {
  return { kind: "create-collection", name, vectors, settings: {} };
}

export function point(id: PointId, vector: readonly number[] | NamedVectors, payload: Payload = {}): PointInput {
  const vectors = Array.isArray(vector)
    ? { "": Float32Array.from(vector as readonly number[]) }
    : (vector as NamedVectors);
  return { id, vectors, payload };
}

export function upsert(
  collection: string,
  points: readonly PointInput[],
  more: Partial<UpsertPoints> = {},
): UpsertPoints {
  return { kind: "upsert-points", collection, points, mode: "upsert", ...more };
}

export const where = (...must: Filter["must"]): Filter => ({ must, should: [], mustNot: [] });
export const everyPoint = where();
export const tagIs = (value: string): Filter => where({ kind: "match-value", key: "tag", value });

/** Executes commands as one group; all must be done. */
export function run(replica: Replica, ...commands: Command[]): Receipt[] {
  return replica.execute(commands).outcomes.map((outcome) => {
    if (outcome instanceof MurmurationError) throw outcome;
    return outcome;
  });
}

/** The error of a command that must be refused, having changed nothing. */
export function refusal(replica: Replica, command: Command): MurmurationError {
  const before = identity(replica);
  const [outcome] = replica.execute([command]).outcomes;
  assert.ok(outcome instanceof MurmurationError, `${command.kind} is refused`);
  assert.deepEqual(identity(replica), before);
  return outcome;
}

/** What readers find in rows and columns is what the points say. */
export function assertRows(replica: Replica): void {
  assert.deepEqual(
    [...replica.writableShards()].flatMap((target) => rowProblems(target)),
    [],
  );
}

/** Everything that tells two states of a replica apart. Where all is durable, readers see all. */
export function identity(replica: Replica): unknown {
  if (replica.isDurable()) assertRows(replica);
  const names = Object.values(replica.catalogue.collections).map(({ name }) => name);
  return {
    position: replica.position(),
    catalogue: JSON.parse(JSON.stringify(replica.catalogue)),
    digests: names.map((name) => replica.digest(name)),
    violations: names.map((name) => Object.values(replica.validate(name)).map((report) => report.violations)),
    visible: names.map((name) => [...replica.shard(name).graphs.values()].map(({ reader }) => reader.visibleCount)),
    indexed: names.map((name) => {
      const { table } = replica.shard(name);
      return table
        .indexPaths()
        .sort()
        .map((path) => [path, new ReadsHere(replica, name).valuedOn(path)]);
    }),
  };
}

/** A point without its version. */
export function recordOf(replica: Replica, collection: string, id: PointId) {
  const [found] = new ReadsHere(replica, collection).retrieve([id], { payload: true, vectors: true });
  if (found === undefined) return undefined;
  const { version: _, ...record } = found;
  return record;
}

export function payloadOf(replica: Replica, collection: string, id: PointId): Payload | undefined {
  return recordOf(replica, collection, id)?.payload;
}

export function vectorsOf(replica: Replica, collection: string, id: PointId): { [name: string]: number[] } {
  const vectors = recordOf(replica, collection, id)?.vectors ?? {};
  return Object.fromEntries(Object.entries(vectors).map(([name, values]) => [name, [...denseOf(values)]]));
}

/** A log of its own with the same contents. Positions are given anew. */
export function copyOfLog(log: OpLog): MemoryOpLog {
  const copy = new MemoryOpLog();
  copy.transaction((writer) => {
    for (const { shard, origin, sequence, bytes } of log.read(0)) writer.append(shard, origin, sequence, bytes);
    for (const shard of log.shards()) {
      for (const { id, state, payload } of log.points(shard)) {
        writer.putPoint(shard, id, state, payload && { key: payload.key, bytes: () => payload.bytes });
      }
    }
    for (const name of ["replica.id", "replica.clock"]) {
      const value = log.setting(name);
      if (value !== undefined) writer.putSetting(name, value);
    }
  });
  return copy;
}
