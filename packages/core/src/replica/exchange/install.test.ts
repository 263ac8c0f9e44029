import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ErrorCode, MurmurationError } from "@murmuration/index";
import { HybridClock } from "../../causality/hybrid-clock.js";
import { limits } from "../../limits.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { ReplicaStore } from "../commit/store.js";
import { recoverReplica } from "../recovery/recovery.js";
import type { Replica } from "../replica.js";
import { createCollection, identity, newTableSeed, openReplica, point, run, upsert } from "../replica.test-support.js";
import { installSnapshot } from "./install.js";

const NOW_MS = 1_000_000;
const compaction = { rowsMin: 1, partBytes: 500 };
const failsWith = (code: ErrorCode, message: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && message.test(error.message);

function storeOf(log: MemoryOpLog): ReplicaStore {
  return new ReplicaStore(8, log, new HybridClock(), recoverReplica(log, 8, { newTableSeed }), { newTableSeed });
}

/** Copies the current checkpoint of one log to another's incoming one. */
function bring(shard: string, from: MemoryOpLog, to: MemoryOpLog): void {
  to.transaction((writer) => {
    writer.dropCheckpoint(shard, "incoming");
    for (const part of from.checkpointParts(shard, "current"))
      writer.putCheckpointPart(shard, "incoming", part, from.checkpointPart(shard, "current", part) as Uint8Array);
  });
}

/** A replica with a checkpoint, and the log of one that has its catalogue and nothing else. */
function sent(): { replica: Replica; from: MemoryOpLog; to: MemoryOpLog; shard: string } {
  const [from, to] = [new MemoryOpLog(), new MemoryOpLog()];
  const replica = openReplica({ log: from, compaction, clock: { now: () => NOW_MS } });
  run(replica, createCollection("c"));
  for (let n = 0; n < 4; n += 1)
    run(
      replica,
      upsert(
        "c",
        Array.from({ length: 20 }, (_, id) => point(id, [id % 7, n + (id % 5)], { n })),
      ),
    );
  run(replica, { kind: "delete-points", collection: "c", target: { ids: [3, 4] } });
  replica.tick();
  to.transaction((writer) => {
    for (const { shard, origin, sequence, bytes } of from.read(0, { shard: "system" }))
      writer.append(shard, origin, sequence, bytes);
    writer.putSetting("replica.id", "8");
  });
  return { replica, from, to, shard: replica.shard("c").id };
}

describe("taking a snapshot over", () => {
  test("gives the state of its sender, in memory and in the log", () => {
    const { replica, from, to, shard } = sent();
    bring(shard, from, to);
    const store = storeOf(to);
    installSnapshot(store, shard, NOW_MS);
    assert.deepEqual(store.shards.get(shard)?.shard.frontier, replica.shard("c").frontier);
    const digests = (one: Replica) => (identity(one) as { digests: unknown }).digests;
    for (const recoverFrom of ["projection", "log"] as const)
      assert.deepEqual(digests(openReplica({ log: to, recoverFrom })), digests(replica));
    assert.deepEqual(to.checkpointParts(shard, "incoming"), []);
  });

  test("makes the replica's next writes later than all that is in it", () => {
    const { from, to, shard } = sent();
    bring(shard, from, to);
    const store = storeOf(to);
    installSnapshot(store, shard, NOW_MS - 5_000);
    assert.ok(store.time.next(NOW_MS - 5_000).wallMs >= NOW_MS);
    run(openReplica({ log: to, clock: { now: () => 10 } }), upsert("c", [point(1, [1, 1], { late: true })]));
    assert.deepEqual(openReplica({ log: to }).shard("c").table.live(1)?.payload, { late: true });
  });

  test("waits for its time", () => {
    const { from, to, shard } = sent();
    bring(shard, from, to);
    const early = NOW_MS - limits.clockDriftMsMax - 1;
    assert.throws(() => installSnapshot(storeOf(to), shard, early), failsWith("unavailable", /ahead/));
    installSnapshot(storeOf(to), shard, NOW_MS - limits.clockDriftMsMax);
  });

  test("is refused for one that holds nothing new, or less than the own checkpoint has", () => {
    const { replica, from, to, shard } = sent();
    const old = new MemoryOpLog();
    bring(shard, from, old);
    old.transaction((writer) => writer.promoteCheckpoint(shard));
    bring(shard, from, to);
    const store = storeOf(to);
    installSnapshot(store, shard, NOW_MS);
    bring(shard, old, to);
    assert.throws(() => installSnapshot(store, shard, NOW_MS), failsWith("bad-request", /nothing that is missing/));
    for (let n = 0; n < 3; n += 1)
      run(
        replica,
        upsert(
          "c",
          Array.from({ length: 20 }, (_, id) => point(id, [n, id], { n })),
        ),
      );
    replica.tick();
    bring(shard, from, to);
    installSnapshot(store, shard, NOW_MS);
    // another one's operation that the older snapshot would bring
    const [entry] = from.read(0, { shard });
    assert.ok(entry !== undefined);
    const other = new MemoryOpLog();
    const foreign = openReplica({ log: other, compaction: { ...compaction, rowsPerLive: 0 }, newReplicaId: () => 9 });
    assert.equal(foreign.id, 9);
    other.transaction((writer) => {
      for (const row of from.read(0, { shard: "system" }))
        writer.append(row.shard, row.origin, row.sequence, row.bytes);
    });
    const ninth = openReplica({ log: other, compaction: { ...compaction, rowsPerLive: 0 } });
    for (let n = 0; n < 3; n += 1) run(ninth, upsert("c", [point(1, [1, n])]));
    ninth.tick();
    bring(shard, other, to);
    const before = store.shards.get(shard);
    assert.throws(
      () => installSnapshot(store, shard, NOW_MS),
      failsWith("bad-request", /older than the own checkpoint/),
    );
    assert.equal(store.shards.get(shard), before);
  });

  test("is refused for one that is damaged anywhere, with everything as it was", () => {
    const { from, to, shard } = sent();
    const parts = from.checkpointParts(shard, "current");
    assert.ok(parts.length > 5);
    for (const part of parts) {
      bring(shard, from, to);
      const bytes = (to.checkpointPart(shard, "incoming", part) as Uint8Array).slice();
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
      to.transaction((writer) => writer.putCheckpointPart(shard, "incoming", part, bytes));
      const store = storeOf(to);
      const before = store.shards.get(shard);
      assert.throws(() => installSnapshot(store, shard, NOW_MS), failsWith("corrupt", /./), `part ${part}`);
      assert.equal(store.shards.get(shard), before);
      assert.deepEqual([...to.points(shard)], []);
    }
    bring(shard, from, to);
    installSnapshot(storeOf(to), shard, NOW_MS);
  });
});
