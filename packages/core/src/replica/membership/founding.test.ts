import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import { Cluster } from "../cluster.test-support.js";
import { standsAlone } from "../peering/standing.js";
import type { Replica } from "../replica.js";
import { createCollection, openReplica, point, run, upsert } from "../replica.test-support.js";

/** A cluster whose replicas know no ids in advance. */
function openFresh(cluster: Cluster, id: number, peers: number): Replica {
  return cluster.open(id, { cluster: { name: "c", region: `r${id}`, nonce: id, founding: { peers } } });
}

const refusesWrites = (replica: Replica) => replica.status().peering?.refusesWrites;
const members = (replica: Replica) => replica.catalogue.members.map(({ id, state }) => `${id} ${state}`);

function refusedWith(replica: Replica, reason: RegExp): void {
  const [outcome] = replica.execute([createCollection("refused")]).outcomes;
  assert.ok(outcome instanceof MurmurationError && outcome.code === "unavailable");
  assert.match(outcome.message, reason);
}

describe("replicas that know no ids in advance", () => {
  test("begin one cluster when all of them are there, and then all take writes", () => {
    const cluster = new Cluster([]);
    for (const id of [7, 3, 5]) openFresh(cluster, id, 2);
    for (const id of [7, 3, 5]) refusedWith(cluster.get(id), /has joined no cluster yet/);
    cluster.pass(60);
    for (const id of [7, 3, 5]) assert.equal(refusesWrites(cluster.get(id)), undefined);
    run(cluster.get(7), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.pass(5);
    run(cluster.get(5), upsert("a", [point(2, [2, 2])]));
    cluster.settle();
    for (const id of [7, 3, 5]) assert.deepEqual(members(cluster.get(id)), ["3 active", "5 active", "7 active"]);
  });

  test("refuse writes while one of them has not been heard, and say so", () => {
    const cluster = new Cluster([]);
    for (const id of [1, 2]) openFresh(cluster, id, 2);
    cluster.pass(100);
    for (const id of [1, 2]) refusedWith(cluster.get(id), /must hear 2 others, of which it hears 1/);
  });

  test("begin alone where nobody else is to be there, after having listened; later ones join", () => {
    const cluster = new Cluster([]);
    openFresh(cluster, 9, 0);
    cluster.pass(10);
    refusedWith(cluster.get(9), /listens/);
    cluster.pass(30);
    run(cluster.get(9), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    openFresh(cluster, 4, 1);
    refusedWith(cluster.get(4), /has joined no cluster/);
    cluster.settle();
    cluster.pass(20);
    run(cluster.get(4), upsert("a", [point(2, [2, 2])]));
    cluster.settle();
    assert.deepEqual(members(cluster.get(9)), ["4 active", "9 active"]);
  });

  test("are not read from before they hold what the members hold, nor before there is a cluster", () => {
    const cluster = new Cluster([]);
    const isRead = (id: number) => cluster.get(id).standing().refusesReads === undefined;
    openFresh(cluster, 1, 1);
    cluster.pass(60);
    assert.match(cluster.get(1).standing().refusesReads ?? "", /must hear 1 others, of which it hears 0/);
    openFresh(cluster, 2, 1);
    cluster.pass(60);
    assert.ok(isRead(1) && isRead(2));
    run(cluster.get(1), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.settle();
    openFresh(cluster, 3, 1);
    for (let tick = 0; tick < 100; tick++) {
      cluster.pass();
      if (isRead(3)) assert.deepEqual(cluster.get(3).digest("a"), cluster.get(1).digest("a"));
    }
    assert.ok(isRead(3));
    cluster.stop(3);
    openFresh(cluster, 3, 1);
    assert.ok(isRead(3), "once admitted it is read from at once");
  });

  test("keep their data when a lone database begins the cluster, and are read from meanwhile", () => {
    const cluster = new Cluster([]);
    const log = new MemoryOpLog();
    run(openReplica({ log, newReplicaId: () => 8 }), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.logs.set(8, log);
    openFresh(cluster, 8, 1);
    cluster.pass(10);
    assert.equal(cluster.get(8).standing().refusesReads, undefined);
    assert.match(cluster.get(8).standing().refusesWrites ?? "", /must hear 1 others/);
    openFresh(cluster, 2, 1);
    cluster.pass(60);
    run(cluster.get(2), upsert("a", [point(2, [2, 2])]));
    cluster.settle();
    assert.deepEqual(members(cluster.get(2)), ["2 active", "8 active"]);
  });

  test("that began two clusters of one name never merge them, and count it", () => {
    const cluster = new Cluster([]);
    cluster.cut(1, 2);
    for (const id of [1, 2]) openFresh(cluster, id, 0);
    cluster.pass(40);
    for (const id of [1, 2]) run(cluster.get(id), createCollection(`of-${id}`));
    cluster.heal();
    cluster.pass(60);
    for (const id of [1, 2]) {
      const replica = cluster.get(id);
      assert.deepEqual(members(replica), [`${id} active`]);
      assert.ok((replica.status().peering?.refused["other cluster"] ?? 0) > 0);
      run(replica, upsert(`of-${id}`, [point(1, [1, 2])]));
    }
  });

  test("join under a new id when the disk was lost, and write nothing before everybody knows them", () => {
    const cluster = new Cluster([]);
    for (const id of [1, 2]) openFresh(cluster, id, 1);
    cluster.pass(60);
    run(cluster.get(1), createCollection("a"), upsert("a", [point(1, [1, 2])]));
    cluster.settle();
    cluster.stop(2);
    cluster.cut(1, 20);
    openFresh(cluster, 20, 1);
    cluster.pass(60);
    refusedWith(cluster.get(20), /must hear 1 others, of which it hears 0/);
    cluster.heal();
    cluster.pass(40);
    refusedWith(cluster.get(20), /not known to every member yet: it waits for replica 2 \(r2\), which is not heard$/);
    assert.deepEqual(cluster.get(20).standing().refusesReads, refusesWrites(cluster.get(20)));
    run(cluster.get(1), { kind: "evict-member", id: 2 });
    cluster.settle();
    cluster.pass(20);
    assert.deepEqual(cluster.get(20).standing(), standsAlone);
    run(cluster.get(20), upsert("a", [point(2, [2, 2])]));
    cluster.settle();
  });

  test("join though what they joined by builds on a change that an evicted member gave to nobody else", () => {
    const cluster = new Cluster([]);
    for (const id of [1, 2]) openFresh(cluster, id, 1);
    cluster.settle();
    cluster.cut(1, 2);
    cluster.cut(1, 20);
    run(cluster.get(2), createCollection("a"));
    openFresh(cluster, 20, 1);
    cluster.pass(60);
    refusedWith(cluster.get(20), /not known to every member yet: it waits for replica 1 \(r1\), which is not heard$/);
    cluster.stop(2);
    run(cluster.get(1), { kind: "evict-member", id: 2 });
    cluster.pass(20);
    cluster.heal();
    cluster.settle();
    for (const id of [1, 20]) assert.deepEqual(members(cluster.get(id)), ["1 active", "2 evicted", "20 active"]);
    run(cluster.get(1), upsert("a", [point(1, [1, 2])]));
    cluster.settle();
  });
});

describe("the lag behind a peer", () => {
  test("is the time since an operation was first known that is missing, and 0 when none is", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.settle();
    const lagMs = () =>
      cluster
        .get(2)
        .status()
        .peering?.peers.find(({ id }) => id === 1)?.lagMs ?? -1;
    assert.equal(lagMs(), 0);
    // what 1 writes is lost on its way to 2, which hears of it by the heartbeats
    run(cluster.get(1), createCollection("a"));
    const own = cluster
      .get(1)
      .outbox()
      .filter(({ lane }) => lane === "live");
    assert.equal(own.length, 1);
    const answers = cluster.get(1);
    for (let tick = 0; tick < 30; tick++) {
      cluster.nowMs += 100;
      answers.tick();
      for (const { lane, bytes } of answers.outbox()) if (lane === "control") cluster.get(2).receive(bytes);
      cluster.get(2).outbox();
    }
    assert.ok(lagMs() > 2_000 && lagMs() <= 3_000, `${lagMs()}`);
    cluster.settle();
    assert.equal(lagMs(), 0);
  });
});
