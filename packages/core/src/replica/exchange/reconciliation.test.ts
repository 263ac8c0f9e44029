import assert from "node:assert/strict";
import { test } from "node:test";
import { denseSpaceOf, encodeEdgeDelta, MurmurationError } from "@murmuration/index";
import { encodeEnvelope } from "../../gossip/envelope.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { OpLog } from "../../log/op-log.js";
import { Cluster } from "../cluster.test-support.js";
import { FollowedReplica } from "../followed.test-support.js";
import type { Replica } from "../replica.js";
import { assertRows, createCollection, point, run, space, upsert } from "../replica.test-support.js";

const collection = createCollection("c", { "": { ...space(4, "Euclid"), links: 4, efConstruction: 16 } });
const vectorOf = (n: number) => [Math.sin(n), Math.cos(3 * n), Math.sin(7 * n), Math.cos(n * n)];

function filled(count = 60): Cluster {
  const cluster = new Cluster([1, 2, 3]);
  cluster.pass(3);
  run(cluster.get(1), collection);
  cluster.pass(3);
  for (const id of [1, 2, 3]) {
    const points = Array.from({ length: count / 3 }, (_, i) =>
      point(1_000 * id + i, vectorOf(1_000 * id + i), { n: i }),
    );
    run(cluster.get(id), upsert("c", points));
  }
  cluster.settle();
  return cluster;
}

const statusOf = (replica: Replica) => {
  const { peering } = replica.status();
  assert.ok(peering);
  return peering;
};
const shardIn = (log: OpLog) => log.shards().find((shard) => shard !== "system") as string;
const graphOf = (replica: Replica) => {
  return denseSpaceOf([...replica.writableShards()][0]?.indexes.get(""));
};

test("replicas that are equal find themselves equal, and repair nothing", () => {
  const cluster = filled();
  cluster.pass(700);
  for (const id of [1, 2, 3]) {
    const { reconciliation, refused, needSnapshot, needCheckpoint } = statusOf(cluster.get(id));
    assert.ok(reconciliation.equal > 1 && reconciliation.rounds === reconciliation.equal);
    assert.deepEqual([refused.repaired, needSnapshot, needCheckpoint], [undefined, [], []]);
  }
});

test("what comparing came to is told of each member, and of which frontier", () => {
  const cluster = filled();
  cluster.pass(700);
  const here = cluster.get(1);
  const shard = here.shard("c").id;
  const told = () => {
    const { reconciliation, peers } = statusOf(here);
    const compared = reconciliation.compared.filter((one) => one.shard === shard);
    return {
      compared: compared
        .map(({ peer, differs, isCurrent }) => ({ peer, differs, isCurrent }))
        .sort((a, b) => a.peer - b.peer),
      shards: peers.map(({ id, shards }) => ({ id, ...shards.find((one) => one.shard === shard) })),
    };
  };
  const equal = { shard, missingHere: 0, missingThere: 0 };
  assert.deepEqual(told(), {
    compared: [2, 3].map((peer) => ({ peer, differs: undefined, isCurrent: true })),
    shards: [2, 3].map((id) => ({ id, ...equal })),
  });
  run(here, upsert("c", [point(7_000, vectorOf(7), {})]));
  assert.deepEqual(told(), {
    compared: [2, 3].map((peer) => ({ peer, differs: undefined, isCurrent: false })),
    shards: [2, 3].map((id) => ({ id, ...equal, missingThere: 1 })),
  });
});

test("a difference is told of the member that has it", () => {
  const cluster = filled();
  cluster.pass(700);
  const log = cluster.logs.get(2) as OpLog;
  log.transaction((writer) => writer.deletePoint(shardIn(log), 1_004));
  cluster.open(2);
  const found = () =>
    statusOf(cluster.get(2)).reconciliation.compared.some(({ differs }) => differs?.startsWith("points"));
  for (let turn = 0; turn < 300 && !found(); turn++) cluster.pass(1);
  assert.ok(found());
});

test("rows of points that a disk has lost come back from the others, and stay after another start", () => {
  const cluster = filled();
  const before = cluster.get(2).digest("c");
  const log = cluster.logs.get(2) as OpLog;
  const shard = shardIn(log);
  log.transaction((writer) => {
    // its own node, which it would purge, and one of another
    for (const id of [2_003, 1_004]) writer.deletePoint(shard, id);
  });
  const again = cluster.open(2);
  assert.equal(again.shard("c").table.size, 58);
  const view = new FollowedReplica(again);
  cluster.pass(80);
  assert.deepEqual(again.digest("c"), before);
  const { reconciliation, refused } = statusOf(again);
  assert.equal(reconciliation.repairedPoints, 2);
  assert.equal(log.setting(`mended.${shard}`), "1", "an image of rows from before is of no use");
  assert.equal(refused.repaired, 2);
  view.follow(again.changes());
  assert.equal(view.shard("c").ids.length, 60);
  assertRows(again);
  assert.deepEqual(cluster.open(2).digest("c"), before);
  cluster.pass(80);
  for (const id of [1, 2, 3]) assert.deepEqual(cluster.get(id).digest("c"), before);
});

test("what a start finds dead is not purged before others have agreed that it is", () => {
  const cluster = filled();
  for (const other of [1, 3]) cluster.cut(2, other);
  run(cluster.get(2), { kind: "delete-points", collection: "c", target: { ids: [2_001, 3_002] } });
  cluster.pass(3);
  cluster.open(2);
  cluster.pass(30);
  assert.equal(cluster.get(2).digest("c").dead, 2);
  cluster.heal();
  cluster.settle();
  assert.equal(cluster.get(1).digest("c").dead, 0);
});

test("links that a memory has lost come back, and stay after another start", () => {
  const cluster = filled();
  cluster.pass(50);
  const damaged = cluster.get(3);
  const before = damaged.digest("c");
  const index = graphOf(damaged);
  loseLinks(damaged, 5);
  assert.notEqual(damaged.digest("c").graph_digest, before.graph_digest);
  cluster.pass(700);
  for (const id of [1, 2, 3]) assert.deepEqual(cluster.get(id).digest("c"), before);
  assert.equal(index.links.counters().storedTags, 0);
  const { reconciliation, needCheckpoint } = statusOf(damaged);
  assert.ok(reconciliation.repairedLists >= 1);
  // the log knows nothing of the repair: a checkpoint has it
  assert.deepEqual(needCheckpoint, []);
  assert.equal(damaged.status().compaction.checkpoints, 1);
  assert.deepEqual(cluster.open(3).digest("c"), before);
});

/** Takes links away from the first lists that have some. */
function loseLinks(replica: Replica, count: number): void {
  const index = graphOf(replica);
  const { reader } = index;
  for (let slot = 0; slot < count; slot++) {
    const [member] = reader.membersAt(slot, 0);
    if (member === undefined) continue;
    const lost = { level: 0, dot: reader.dotAt(slot), removed: [reader.dotAt(member)], added: [] };
    index.applyEdges(lost.dot, encodeEdgeDelta([lost]), new Map());
  }
}

test("a replica whose graph has lost a node takes a snapshot of another one, which writes a checkpoint for it", () => {
  const cluster = filled();
  cluster.pass(50);
  const damaged = cluster.get(1);
  const index = graphOf(damaged);
  const before = damaged.digest("c");
  index.purge([index.reader.dotAt(7)]);
  cluster.pass(900);
  assert.deepEqual(statusOf(damaged).needSnapshot, []);
  for (const id of [1, 2, 3]) assert.deepEqual(cluster.get(id).digest("c"), before);
  assert.deepEqual(cluster.open(1).digest("c"), before);
  assert.ok((statusOf(damaged).refused["cannot be repaired"] ?? 0) > 0);
});

test("a vector that has changed in memory is found, and the log says whose", () => {
  const cluster = filled();
  cluster.pass(50);
  const damaged = cluster.get(2);
  const index = graphOf(damaged);
  const { slotCount } = index.reader;
  // behind the image's head and manifest: header, lists, codes, vectors
  const vectors = index.image("")[5] as Uint8Array;
  const before = damaged.digest("c");
  const at = (vectors.byteLength / slotCount) * 9;
  vectors[at] = (vectors[at] as number) ^ 4;
  assert.notDeepEqual(damaged.digest("c"), before);
  cluster.pass(900);
  for (const id of [1, 2, 3]) {
    assert.deepEqual(statusOf(cluster.get(id)).needSnapshot, []);
    assert.deepEqual(cluster.get(id).digest("c"), before);
    assert.equal((statusOf(cluster.get(id)).refused["cannot be repaired"] ?? 0) > 0, id === 2);
  }
});

test("states that no operation of the frontier made are refused, and change nothing", () => {
  const cluster = filled();
  cluster.pass(25);
  const replica = cluster.get(1);
  const { shard } = [...replica.writableShards()][0] ?? {};
  assert.ok(shard);
  const before = replica.digest("c");
  const base = { kind: "states", shard: shard.id, frontier: shard.frontier, vector: undefined, asks: false } as const;
  const ranges = [{ from: new Uint8Array(0), to: new Uint8Array(0) }];
  const key = (length: number) => new Uint8Array(length).fill(1);
  for (const states of [
    [{ key: key(8), hash: "0", bytes: new Uint8Array([1, 2, 3]) }],
    [{ key: key(5), hash: "0", bytes: new Uint8Array([0x90]) }],
  ]) {
    const message = { ...base, ranges, states };
    replica.receive(encodeEnvelope({ cluster: "c", from: 2, to: 1, message }));
    replica.receive(encodeEnvelope({ cluster: "c", from: 2, to: 1, message: { ...message, vector: "" } }));
    replica.receive(encodeEnvelope({ cluster: "c", from: 2, to: 1, message: { ...message, vector: "none" } }));
  }
  assert.ok((statusOf(replica).refused.corrupt ?? 0) >= 4, JSON.stringify(statusOf(replica).refused));
  assert.deepEqual(replica.digest("c"), before);
});

test("a replica that comes back on an older copy of its disk names nothing twice", () => {
  const cluster = filled();
  const older = copyOf(cluster, 2);
  run(cluster.get(2), upsert("c", [point(77, vectorOf(77), { mine: true })]));
  cluster.pass(3);
  cluster.stop(2);
  cluster.logs.set(2, older);
  const again = cluster.open(2, { startWaitMs: 1_000 });
  const refused = again.execute([upsert("c", [point(88, vectorOf(88))])]).outcomes[0];
  assert.ok(refused instanceof MurmurationError && refused.code === "unavailable");
  cluster.pass(30);
  run(again, upsert("c", [point(88, vectorOf(88))]));
  cluster.settle();
  assert.ok(again.shard("c").table.live(77) !== undefined && again.shard("c").table.live(88) !== undefined);
  assert.ok((statusOf(again).refused["older copy"] ?? 0) > 0);
});

test("a replica that starts while cut off writes after a bounded wait; one whose peers answer, at once", () => {
  const cluster = filled();
  const quick = cluster.open(1, { startWaitMs: 1_000 });
  cluster.pass(2);
  run(quick, upsert("c", [point(90, vectorOf(90))]));
  for (const other of [1, 3]) cluster.cut(2, other);
  const alone = cluster.open(2, { startWaitMs: 1_000 });
  cluster.pass(5);
  assert.match(statusOf(alone).refusesWrites ?? "", /just started/);
  cluster.pass(8);
  run(alone, upsert("c", [point(91, vectorOf(91))]));
});

/** A log with the same contents. */
function copyOf(cluster: Cluster, id: number): OpLog {
  const from = cluster.logs.get(id) as OpLog;
  const copy = new MemoryOpLog();
  const settings = [
    "replica.id",
    "replica.clock",
    "replica.incarnation",
    ...from.shards().map((s) => `causality.${s}`),
  ];
  copy.transaction((writer) => {
    for (const { shard, origin, sequence, bytes } of from.read(0)) writer.append(shard, origin, sequence, bytes);
    for (const shard of from.shards()) {
      for (const stored of from.points(shard)) writer.putPoint(shard, stored.id, stored.state);
    }
    for (const name of settings) writer.putSetting(name, from.setting(name) ?? "");
  });
  return copy;
}
