import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import type { Command } from "../command/command.js";
import { MemoryOpLog } from "../log/memory-op-log.js";
import { Shard } from "../state/shard.js";
import { Cluster } from "./cluster.test-support.js";
import type { Change } from "./commit/change.js";
import { causalSetting } from "./commit/stored-causality.js";
import { FollowedReplica } from "./followed.test-support.js";
import type { Replica } from "./replica.js";
import { createCollection, identity, openReplica, payloadOf, point, run, upsert } from "./replica.test-support.js";

const drop = (name: string): Command => ({ kind: "delete-collection", name });

/** A log with a sound collection `a` and one `b` in which something does not fit; and what its replica was. */
function damagedLog(damage: (log: MemoryOpLog, shard: string) => void): MemoryOpLog {
  const log = new MemoryOpLog();
  const replica = openReplica({ log });
  run(replica, createCollection("a"), createCollection("b"));
  for (const name of ["a", "b"]) run(replica, upsert(name, [point(1, [1, 0], { n: 1 }), point(2, [0, 1])]));
  damage(log, replica.shard("b").id);
  return log;
}

const appended = (bytes: Uint8Array) => (log: MemoryOpLog, shard: string) => {
  log.transaction((writer) => {
    const origin = 77;
    writer.append(shard, origin, 1, bytes);
  });
};

/** Makes `Shard.apply` throw half-way, once. */
function brokenOnce<T>(act: () => T): T {
  const { apply } = Shard.prototype;
  let isBroken = false;
  Shard.prototype.apply = function (this: Shard, ...args) {
    const applied = apply.apply(this, args);
    if (isBroken) return applied;
    isBroken = true;
    throw new Error("assertion failed: a test breaks it");
  };
  try {
    return act();
  } finally {
    Shard.prototype.apply = apply;
  }
}

/** A replica opened by this, and who follows it. */
function viewed(log: MemoryOpLog): { replica: Replica; view: FollowedReplica } {
  const replica = openReplica({ log });
  return { replica, view: new FollowedReplica(replica) };
}

const isRefused = (error: unknown) =>
  error instanceof MurmurationError &&
  error.code === "unavailable" &&
  /collection b is quarantined: .* \(log position \d+\)/.test(error.message);

describe("a shard whose log cannot be applied", () => {
  test("is quarantined: its reads and writes are refused with the reason, the others are served, across restarts", () => {
    const log = damagedLog(appended(Uint8Array.of(1, 2, 3)));
    for (let start = 0; start < 2; start++) {
      const { replica, view } = viewed(log);
      assert.throws(() => replica.shard("b"), isRefused);
      assert.throws(() => view.shard("b"), isRefused);
      const [outcome] = replica.execute([upsert("b", [point(3, [1, 1])])]).outcomes;
      assert.ok(isRefused(outcome));
      assert.equal(replica.standing().reasons.length, 1);
      assert.equal(replica.status().quarantined[0]?.collection, "b");
      const { changes } = replica.execute([upsert("a", [point(3 + start, [1, 1], { n: 3 })])]);
      view.follow(changes);
      assert.equal(view.shard("a").ids.length, 3 + start);
      replica.tick();
    }
  });

  test("can be deleted, and its name taken again", () => {
    const log = damagedLog(appended(Uint8Array.of(1, 2, 3)));
    const { replica, view } = viewed(log);
    view.follow(replica.execute([drop("b")]).changes);
    assert.throws(() => view.shard("b"), { code: "not-found" });
    assert.deepEqual(replica.quarantined(), []);
    view.follow(replica.execute([createCollection("b"), upsert("b", [point(9, [1, 1])])]).changes);
    assert.equal(view.shard("b").ids.length, 1);
    assert.deepEqual(openReplica({ log }).quarantined(), []);
    assert.deepEqual(identity(openReplica({ log })), identity(replica));
  });

  test("of a damaged setting, or a frontier that counts other operations, is made again from the operations", () => {
    const damages: ((log: MemoryOpLog, shard: string) => void)[] = [
      (log, shard) => log.transaction((writer) => writer.putSetting(causalSetting(shard), "{")),
      (log, shard) => log.transaction((writer) => writer.mendFrontier(shard, new Map([[5, 1]]))),
      (log, shard) => log.transaction((writer) => writer.mendFrontier(shard, new Map([[5, 9]]))),
      (log) => log.transaction((writer) => writer.putSetting(causalSetting("system"), "{")),
      (log, shard) => log.transaction((writer) => writer.deletePoint(shard, 1)),
    ];
    const sound = openReplica({ log: damagedLog(() => undefined) });
    for (const [i, damage] of damages.entries()) {
      const log = damagedLog(damage);
      // a row that is gone without a trace is found by comparing with others
      if (i === 4) continue;
      const { replica, view } = viewed(log);
      assert.deepEqual(identity(replica), identity(sound), `damage ${i}`);
      assert.equal(view.shard("b").ids.length, 2);
      view.follow(replica.execute([upsert("b", [point(3, [1, 1])])]).changes);
      assert.equal(view.shard("b").ids.length, 3);
      assert.equal(openReplica({ log }).shard("b").table.size, 3);
    }
  });

  test("is quarantined when its last operations are missing", () => {
    const log = damagedLog((log, shard) =>
      log.transaction((writer) => {
        const [frontier, causality] = [log.frontier(shard), log.setting(causalSetting(shard)) as string];
        writer.dropOperations(shard, log.lastPosition(), frontier, new Map([[5, new Set([1])]]));
        writer.putSetting(causalSetting(shard), causality);
      }),
    );
    assert.equal(openReplica({ log }).quarantined()[0]?.collection, "b");
  });
});

describe("an operation that was applied by half", () => {
  test("quarantines its shard when a client wrote it, and refuses no other write of its group", () => {
    const log = damagedLog(() => undefined);
    const { replica, view } = viewed(log);
    const before = log.lastPosition();
    const { outcomes, changes } = brokenOnce(() =>
      replica.execute([upsert("b", [point(3, [1, 1])]), upsert("a", [point(3, [1, 1])])]),
    );
    view.follow([...replica.changes(), ...changes]);
    assert.ok(outcomes[0] instanceof MurmurationError && outcomes[0].code === "internal");
    assert.ok(!(outcomes[1] instanceof MurmurationError));
    assert.throws(() => view.shard("b"), isRefused);
    assert.equal(view.shard("a").ids.length, 3);
    assert.match(replica.takeFaults()[0]?.detail ?? "", /a test breaks it\n +at /);
    assert.equal(log.lastPosition(), before + 1);
    // the log is sound: the next start serves it
    const again = openReplica({ log });
    assert.deepEqual(again.quarantined(), []);
    assert.equal(again.shard("b").table.size, 2);
  });

  test("quarantines its shard when another replica wrote it, and a snapshot of a member ends that", () => {
    const cluster = new Cluster([1, 2], { compaction: { rowsMin: 1, partBytes: 500 } });
    cluster.settle();
    const [one, two] = [cluster.get(1), cluster.get(2)];
    run(one, createCollection("b"), upsert("b", [point(1, [1, 0], { n: 1 }), point(2, [0, 1])]));
    cluster.settle();
    run(two, upsert("b", [point(4, [2, 1], { n: 4 })]));
    cluster.settle();
    run(one, upsert("b", [point(3, [1, 1], { n: 3 })]));
    const changes: Change[] = [];
    brokenOnce(() => {
      cluster.post(1, one.outbox());
      for (let round = 0; round < 3 && two.quarantined().length === 0; round++) cluster.pass();
    });
    assert.equal(two.quarantined()[0]?.collection, "b");
    assert.ok(isRefused(two.execute([upsert("b", [point(8, [1, 1])])]).outcomes[0]));
    two.takeFaults();
    for (let tick = 0; tick < 300 && two.quarantined().length > 0; tick++) {
      cluster.pass();
      changes.push(...two.changes());
    }
    assert.deepEqual(two.quarantined(), []);
    assert.ok(changes.some((change) => change.kind === "replaced"));
    cluster.settle();
    assert.deepEqual(payloadOf(two, "b", 3), { n: 3 });
    run(two, upsert("b", [point(8, [1, 1], { n: 8 })]));
    cluster.settle();
    assert.deepEqual(payloadOf(one, "b", 8), { n: 8 });
    assert.deepEqual(two.takeFaults(), []);
  });

  test("leaves alone what waited for it", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.settle();
    const [one, two, three] = [cluster.get(1), cluster.get(2), cluster.get(3)];
    run(three, createCollection("b"));
    cluster.settle();
    run(three, upsert("b", [point(1, [1, 0], { n: 1 })]));
    const cause = three.outbox();
    for (const { bytes } of cause) two.receive(bytes, 3);
    run(two, upsert("b", [point(2, [0, 1], { n: 2 })]));
    for (const { bytes } of two.outbox()) one.receive(bytes, 2);
    assert.ok((one.status().peering?.inboxBytes ?? 0) > 0);
    brokenOnce(() => {
      for (const { bytes } of cause) one.receive(bytes, 3);
    });
    assert.equal(one.quarantined()[0]?.collection, "b");
    assert.equal(one.takeFaults().length, 1);
    assert.equal(one.status().peering?.inboxBytes, 0);
    for (let tick = 0; tick < 300 && one.quarantined().length > 0; tick++) cluster.pass();
    cluster.settle();
    assert.deepEqual(payloadOf(one, "b", 1), { n: 1 });
    assert.deepEqual(payloadOf(one, "b", 2), { n: 2 });
  });
});

test("a command that is refused refuses no other of its group", () => {
  const cluster = new Cluster([1, 2, 3]);
  cluster.settle();
  const one = cluster.get(1);
  run(one, createCollection("a"));
  cluster.settle();
  // others' clocks are far off: client writes are refused, and a member can be evicted all the same
  cluster.skewMs.set(1, 3_600_000);
  cluster.pass(20);
  const { outcomes } = one.execute([upsert("a", [point(1, [1, 1])]), { kind: "evict-member", id: 2 }]);
  assert.ok(outcomes[0] instanceof MurmurationError && outcomes[0].code === "unavailable", String(outcomes[0]));
  assert.ok(!(outcomes[1] instanceof MurmurationError), String(outcomes[1]));
});
