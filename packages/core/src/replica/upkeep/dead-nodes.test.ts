import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollection, openReplica, point, REPLICA_ID, run, upsert } from "../replica.test-support.js";
import { DeadNodes } from "./dead-nodes.js";
import type { WriteUpkeep } from "./write-upkeep.js";

test("dead nodes are purged while another graph is made that has them in another order", () => {
  const replica = openReplica();
  const points = (from: number, to: number) =>
    upsert(
      "c",
      Array.from({ length: to - from }, (_, i) => point(from + i, [from + i, 1])),
    );
  const remove = (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, i) => from + i);
    run(replica, { kind: "delete-points", collection: "c", target: { ids } });
  };
  run(replica, createCollection("c"), points(1, 21));
  remove(1, 6);
  for (let i = 0; i < 100 && !replica.isAtRest(); i++) replica.tick();
  run(replica, { kind: "begin-graph", collection: "c", vector: "", links: 6, efConstruction: 32, by: 0 });
  // they take the slots of those that were purged in the one graph, and come last in the other
  run(replica, points(21, 26));
  remove(6, 26);
  const [target] = replica.writableShards();
  assert.ok(target !== undefined);
  const orders = Array.from(target.indexes.values(), ({ reader }) => reader.dotAt(0).sequence);
  assert.notEqual(orders[0], orders[1]);
  const written: Parameters<WriteUpkeep>[0][] = [];
  const owned = new Set([REPLICA_ID]);
  const upkeep = new DeadNodes(target, 5);
  const { purged, atRest } = upkeep.step(owned, target.shard.frontier, true, 128, (body) => written.push(body));
  assert.deepEqual([purged, atRest], [0, false], "in one of them nothing is condemned yet");
  const next = upkeep.step(owned, target.shard.frontier, true, 128, (body) => written.push(body));
  assert.deepEqual([next.purged, next.atRest], [5, false]);
  assert.deepEqual(
    written.map(({ kind }) => kind),
    ["purge"],
  );
});
