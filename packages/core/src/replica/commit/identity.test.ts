import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { dotText } from "../../causality/dot.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { OpLog } from "../../log/op-log.js";
import { SqliteOpLog } from "../../log/sqlite-op-log.js";
import { Cluster } from "../cluster.test-support.js";
import {
  createCollection,
  identity,
  openReplica,
  payloadOf,
  point,
  REPLICA_ID,
  run,
  upsert,
} from "../replica.test-support.js";
import { replicaIdOf, takeNewIdentity } from "./identity.js";

const points = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => point(from + i, [i, from]));
const dotsOf = (log: OpLog) => [...log.read(0)].map((entry) => `${entry.shard}/${dotText(entry)}`);

function filled(): MemoryOpLog {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("c"), upsert("c", points(0, 30)));
  run(replica, upsert("c", points(10, 15)), { kind: "delete-points", collection: "c", target: { ids: [1, 2] } });
  return log;
}

describe("a log that takes a new identity", () => {
  test("holds the same, and names what is written from then on by its new id", () => {
    const log = filled();
    const before = openReplica({ log });
    const expected = before.digest("c");
    const dots = dotsOf(log);
    assert.equal(
      takeNewIdentity(log, () => 8),
      8,
    );
    const after = openReplica({ log });
    assert.equal(after.id, 8);
    assert.deepEqual(after.digest("c"), expected);
    assert.deepEqual(after.catalogueHeads(), before.catalogueHeads());
    assert.deepEqual(dotsOf(log), dots);

    run(after, createCollection("d"), upsert("c", points(20, 40)), upsert("d", points(0, 3)));
    const added = dotsOf(log).slice(dots.length);
    assert.ok(added.length > 20 && added.every((dot) => /\/8:\d+$/.test(dot)), added.join());
    assert.equal(after.digest("c").frontier[REPLICA_ID], expected.frontier[REPLICA_ID]);
    assert.equal(after.shard("c").table.size, 38);
    assert.ok(Object.values(after.catalogue.collections).some(({ id, name }) => name === "d" && id.startsWith("8-")));
    for (const recoverFrom of ["projection", "log"] as const) {
      assert.deepEqual(identity(openReplica({ log, recoverFrom })), identity(after));
    }
  });

  test("takes no id that has written in it, its own above all", () => {
    const log = filled();
    const draws = [REPLICA_ID, 0, 2 ** 24, REPLICA_ID, 6];
    assert.equal(
      takeNewIdentity(log, () => draws.shift() ?? 0),
      6,
    );
    // 6 has written nothing, but is the id in use
    const error = (thrown: unknown) => thrown instanceof MurmurationError && thrown.code === "unavailable";
    for (const id of [REPLICA_ID, 6]) assert.throws(() => takeNewIdentity(log, () => id), error);
    assert.equal(replicaIdOf(log), 6);
  });

  test("keeps its clock: later writes win", () => {
    const log = filled();
    takeNewIdentity(log, () => 8);
    const late = openReplica({ log, clock: { now: () => 1 } });
    run(late, upsert("c", [point(3, [7, 7], { won: true })]));
    assert.deepEqual(payloadOf(late, "c", 3), { won: true });
    assert.deepEqual(payloadOf(openReplica({ log, recoverFrom: "log" }), "c", 3), { won: true });
  });
});

describe("a copy of a member's log that takes a new identity", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "murmuration-identity-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("joins the cluster, gets what it misses, and no operation has two meanings", () => {
    const cluster = new Cluster([1, 2, 3]);
    const original = new SqliteOpLog(join(folder, "3.db"));
    cluster.open(3, { log: original });
    run(cluster.get(1), createCollection("c"));
    cluster.settle();
    for (const id of [1, 2, 3]) run(cluster.get(id), upsert("c", points(100 * id, 100 * id + 20)));
    cluster.settle();
    original.copyTo(join(folder, "copy.db"));
    // what the copy does not have, and would name again under its old id
    run(cluster.get(3), upsert("c", points(350, 360)));
    cluster.settle();
    cluster.stop(3);
    original.close();

    const copy = new SqliteOpLog(join(folder, "copy.db"));
    takeNewIdentity(copy, () => 9);
    const restored = cluster.open(9, { log: copy });
    assert.throws(() => run(restored, upsert("c", points(900, 910))), /not known to every member/);
    run(cluster.get(1), { kind: "evict-member", id: 3 });
    cluster.settle();
    run(restored, upsert("c", points(900, 910)));
    run(cluster.get(2), upsert("c", points(240, 250)));
    cluster.settle();
    assert.equal(restored.shard("c").table.size, 90);
    const logs = [1, 2, 9].map((id) => cluster.logs.get(id) as OpLog);
    const named = logs.map(
      (log) => new Map([...log.read(0)].map((e) => [`${e.shard}/${dotText(e)}`, Buffer.from(e.bytes)])),
    );
    for (const [name, bytes] of named[2] as Map<string, Buffer>) {
      for (const other of named) assert.deepEqual(other.get(name), bytes, name);
    }
    copy.close();
  });
});
