import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dot } from "../../causality/dot.js";
import { HybridClock } from "../../causality/hybrid-clock.js";
import { FailingOpLog } from "../../log/failing-op-log.test-support.js";
import { recoverReplica } from "../recovery/recovery.js";
import { createCollection, newTableSeed, openReplica, point, run, upsert } from "../replica.test-support.js";
import { ReplicaStore } from "./store.js";

/** The store of a replica with a few points. */
function filled() {
  const log = new FailingOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("c"));
  run(
    replica,
    upsert(
      "c",
      Array.from({ length: 20 }, (_, id) => point(id, [id % 7, id % 5])),
    ),
  );
  const store = new ReplicaStore(8, log, new HybridClock(), recoverReplica(log, 8, { newTableSeed }), { newTableSeed });
  const [target] = store.shards.values();
  const index = target?.indexes.get("");
  assert.ok(target && index);
  const dotAt = (slot: number): Dot => index.reader.dotAt(slot);
  return { log, store, target, index, dotAt };
}

test("links that are put back wait for the log as everything does that is applied", () => {
  const { log, store, target, dotAt } = filled();
  assert.ok(store.isDurable());
  store.reconcileNode(target, "", dotAt(0), [{ level: 0, dot: dotAt(0), added: [dotAt(1)], removed: [] }]);
  assert.ok(!store.isDurable(), "nothing else is compared or installed before");
  assert.deepEqual([...store.checkpointsWanted], [target.shard.id]);
  log.failAfter(0);
  assert.throws(() => store.flush(), { name: "MurmurationError" });
  assert.ok(!store.isDurable());
  log.failAfter(Number.POSITIVE_INFINITY);
  store.flush();
  assert.ok(store.isDurable());
});

test("a mark of death is made what the points say by the same way, and a checkpoint is asked for", () => {
  const { store, target, index, dotAt } = filled();
  assert.equal(store.reconcileNode(target, "", dotAt(3), []), false);
  assert.ok(store.isDurable() && store.checkpointsWanted.size === 0, "nothing was to be mended");
  index.markDead(3, true);
  assert.equal(store.reconcileNode(target, "", dotAt(3), []), true);
  assert.equal(index.reader.nodeAt(3).dead, false);
  assert.ok(!store.isDurable());
  assert.deepEqual([...store.checkpointsWanted], [target.shard.id]);
});

test("a shard whose links cannot be put back whole is quarantined, and nothing of it is written", () => {
  const { store, target, dotAt } = filled();
  const nowhere = { origin: 99, sequence: 1 };
  const lists = [{ level: 0, dot: dotAt(0), added: [nowhere], removed: [] }];
  assert.throws(() => store.reconcileNode(target, "", dotAt(0), lists), { code: "internal" });
  assert.ok(store.quarantines.has(target.shard.id));
  assert.ok(store.isDurable() && store.checkpointsWanted.size === 0);
});
