import assert from "node:assert/strict";
import { CheckpointReader, restoreCheckpoint } from "../checkpoint/read-checkpoint.js";
import { putStoredCheckpoint } from "../checkpoint/stored-checkpoint.js";
import { writeCheckpoint } from "../checkpoint/write-checkpoint.js";
import type { Outgoing } from "../gossip/transport.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { Cluster } from "./cluster.test-support.js";
import type { Replica } from "./replica.js";
import { createCollection, point, run, space, upsert } from "./replica.test-support.js";

/** Of logs that are compacted often, into small parts. */
export const compaction = { rowsMin: 1, partBytes: 900 };
/** A vector by its number. */
export const vectorOf = (n: number) => [Math.sin(n), Math.cos(3 * n), Math.sin(7 * n), Math.cos(n * n)];
/** Writes points with these ids. */
export const write = (replica: Replica, from: number, count: number, salt = 0) =>
  run(
    replica,
    upsert(
      "c",
      Array.from({ length: count }, (_, i) => point(from + i, vectorOf(from + i + salt), { n: i })),
    ),
  );

/** Id of the collection. */
export const shardOf = (replica: Replica) => replica.shard("c").id;
/** Three replicas whose logs are compacted. */
export function compacted(): Cluster {
  const cluster = new Cluster([1, 2, 3], { compaction });
  cluster.pass(3);
  run(cluster.get(1), createCollection("c", { "": space(4, "Euclid") }));
  cluster.pass(3);
  for (let salt = 0; salt < 3; salt += 1) {
    for (const id of [1, 2, 3]) write(cluster.get(id), id * 20, 30, salt);
    cluster.pass(5);
  }
  run(cluster.get(2), { kind: "delete-points", collection: "c", target: { ids: [20, 21, 45, 88] } });
  cluster.settle();
  cluster.pass(20);
  for (const id of [1, 2, 3]) assert.ok(cluster.get(id).status().compaction.checkpoints > 0);
  return cluster;
}

/** Changes messages on their way from the replicas that are there now. */
export function tamper(cluster: Cluster, change: (from: number, one: Outgoing) => Outgoing | undefined): void {
  const post = cluster.post.bind(cluster);
  cluster.post = (from, outgoing) =>
    post(
      from,
      outgoing.flatMap((one) => change(from, one) ?? []),
    );
}

/** Puts a checkpoint of a replica's present state in its log, in which one point says something else. Returns which point. */
export function forge(cluster: Cluster, id: number): number {
  const replica = cluster.get(id);
  const [present] = [...replica.writableShards()];
  const log = cluster.logs.get(id);
  assert.ok(present !== undefined && log !== undefined);
  const { collection } = present.shard;
  const shard = collection.id;
  const time = { wallMs: cluster.nowMs, counter: 0 };
  const copies = new MemoryOpLog();
  copies.transaction((writer) => writeCheckpoint(writer, present, time, compaction.partBytes));
  const forged = restoreCheckpoint(CheckpointReader.open(copies, shard, "current"), collection);
  const state = [...forged.shard.table.states()].find(({ exists }) => exists);
  assert.ok(state !== undefined);
  const stamp = { ...state.stamp, time: { wallMs: 1, counter: 0 } };
  const payload = { forged: true };
  forged.shard.reconcilePoints([{ ...state, stamp, payload, payloadStamp: stamp, fieldStamps: {} }]);
  log.transaction((writer) => {
    const name = writeCheckpoint(writer, forged, time, compaction.partBytes);
    const position = present.shard.position;
    putStoredCheckpoint(writer, shard, { ...name, position, operations: 0, rows: 0 });
  });
  return state.id as number;
}
