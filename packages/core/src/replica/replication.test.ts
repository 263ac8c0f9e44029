import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { Cluster } from "./cluster.test-support.js";
import { ReadsHere } from "./reads-here.js";
import type { Replica } from "./replica.js";
import { createCollection, point, run, space, upsert } from "./replica.test-support.js";

const collection = createCollection("c", { "": { ...space(4, "Euclid"), links: 4, efConstruction: 16 } });
const vectorOf = (n: number) => [Math.sin(n), Math.cos(3 * n), Math.sin(7 * n), Math.cos(n * n)];
const write = (replica: Replica, from: number, count: number) =>
  run(
    replica,
    upsert(
      "c",
      Array.from({ length: count }, (_, i) => point(from + i, vectorOf(from + i), { n: i })),
    ),
  );
const answers = (replica: Replica) =>
  Array.from({ length: 10 }, (_, i) =>
    new ReadsHere(replica, "c").nearest({
      query: Float32Array.from(vectorOf(i * 1.5)),
      using: "",
      limit: 5,
      offset: 0,
      parameters: {},
      selection: { payload: true, vectors: false },
    } as never),
  );

function founded(): { cluster: Cluster; replicas: Replica[] } {
  const cluster = new Cluster([1, 2, 3]);
  cluster.pass(3);
  run(cluster.get(1), collection);
  cluster.pass(3);
  return { cluster, replicas: [1, 2, 3].map((id) => cluster.get(id)) };
}

test("what one replica writes, all hold, with the same graph", () => {
  const { cluster, replicas } = founded();
  write(replicas[0] as Replica, 0, 50);
  cluster.settle();
  assert.equal(replicas[2]?.shard("c").table.size, 50);
  assert.deepEqual(answers(replicas[1] as Replica), answers(replicas[0] as Replica));
});

test("replicas that were cut off from each other end alike, and their nodes find each other", () => {
  const { cluster, replicas } = founded();
  write(replicas[0] as Replica, 0, 30);
  cluster.pass(2);
  for (const [a, b] of [
    [1, 2],
    [1, 3],
    [2, 3],
  ] as const)
    cluster.cut(a, b);
  for (const [i, replica] of replicas.entries()) write(replica, 1_000 * (i + 1), 60);
  run(replicas[1] as Replica, { kind: "delete-points", collection: "c", target: { ids: [3, 4, 5, 2_003] } });
  run(replicas[2] as Replica, upsert("c", [point(4, vectorOf(99))]));
  cluster.pass(20);
  assert.ok(!cluster.isSettled());
  cluster.heal();
  cluster.settle();
  const [first] = replicas as [Replica];
  for (const replica of replicas) {
    assert.deepEqual(replica.validate("c")[""]?.violations, []);
    assert.equal(replica.validate("c")[""]?.unreachable, 0);
    assert.deepEqual(answers(replica), answers(first));
    assert.ok(!replica.shard("c").windows.isOpen());
  }
  // the upsert is later than the delete that it did not know of
  assert.deepEqual(
    [3, 4, 5].map((id) => first.shard("c").table.live(id) !== undefined),
    [false, true, false],
  );
  assert.ok(first.status().upkeep.stitched > 0);
  const [index] = [...first.writableShards()][0]?.indexes.values() ?? [];
  assert.equal(index?.links?.counters().storedTags, 0, "tags are forgotten at rest");
  assert.equal(index?.reader.deadCount, 0, "dead nodes are purged at rest");
  assert.equal([...first.shard("c").table.states()].length, first.shard("c").table.size, "so are tombstones");
});

test("a replica that was stopped catches up from its peers' logs and goes on where it was", () => {
  const { cluster, replicas } = founded();
  cluster.stop(3);
  write(replicas[0] as Replica, 0, 40);
  write(replicas[1] as Replica, 500, 40);
  cluster.pass(5);
  cluster.open(3);
  write(cluster.get(3), 900, 10);
  cluster.settle();
  assert.equal(cluster.get(3).shard("c").table.size, 90);
});

test("a restart from the log's projection and one from all of its operations give the same replica", () => {
  const { cluster, replicas } = founded();
  write(replicas[0] as Replica, 0, 40);
  write(replicas[1] as Replica, 20, 40);
  write(replicas[2] as Replica, 30, 40);
  run(replicas[2] as Replica, { kind: "delete-points", collection: "c", target: { ids: [31, 32, 35] } });
  cluster.pass(2);
  const before = cluster.get(2);
  const expected = [before.digest("c"), before.catalogueHeads(), answers(before)];
  for (const recoverFrom of ["projection", "log"] as const) {
    const again = cluster.open(2, { recoverFrom });
    assert.deepEqual([again.digest("c"), again.catalogueHeads(), answers(again)], expected);
    assert.deepEqual(again.shard("c").causality.toJson(), before.shard("c").causality.toJson());
    assert.deepEqual(again.shard("c").windows.isOpen(), before.shard("c").windows.isOpen());
  }
});

test("a new replica joins, waits until all know it, and writes", () => {
  const { cluster, replicas } = founded();
  write(replicas[0] as Replica, 0, 20);
  const fourth = cluster.open(4);
  const refused = fourth.execute([collection]).outcomes[0];
  assert.ok(refused instanceof MurmurationError && refused.code === "unavailable");
  cluster.settle();
  assert.equal(fourth.catalogue.members.length, 4);
  write(fourth, 4_000, 20);
  cluster.settle();
  assert.equal(replicas[0]?.shard("c").table.size, 40);
});

test("a new replica holds nothing before every member waits for it", () => {
  const cluster = new Cluster([1, 2, 3]);
  cluster.pass(3);
  run(cluster.get(1), createCollection("c", { "": space(2) }), upsert("c", [point(1, [1, 1])]));
  cluster.pass(3);
  cluster.cut(4, 3);
  // nor does it come by way of those that do reach the new one
  cluster.cut(1, 3);
  cluster.cut(2, 3);
  const joined = cluster.open(4);
  cluster.pass(40);
  assert.equal(joined.catalogue.members.length, 4);
  assert.equal(joined.shard("c").table.size, 0);
  // the one that does not know it cannot be waited for any more
  run(cluster.get(1), { kind: "evict-member", id: 3 });
  cluster.pass(40);
  assert.equal(joined.shard("c").table.size, 1);
});

test("an evicted replica is waited for no more, and is refused", () => {
  const { cluster, replicas } = founded();
  write(replicas[2] as Replica, 0, 20);
  cluster.pass(3);
  cluster.cut(1, 3);
  cluster.cut(2, 3);
  run(replicas[0] as Replica, { kind: "delete-points", collection: "c", target: { ids: [1, 2, 3] } });
  cluster.pass(10);
  assert.ok((replicas[0]?.digest("c").dead ?? 0) > 0, "a silent member holds the purge up");
  run(replicas[0] as Replica, { kind: "evict-member", id: 3 });
  cluster.pass(30);
  assert.equal(replicas[0]?.digest("c").dead, 0);
  assert.deepEqual(replicas[0]?.digest("c"), replicas[1]?.digest("c"));
  cluster.heal();
  write(replicas[2] as Replica, 700, 3);
  cluster.pass(10);
  assert.equal(replicas[0]?.shard("c").table.live(700), undefined);
  const outcome = replicas[2]?.execute([upsert("c", [point(1, vectorOf(1))])]).outcomes[0];
  assert.ok(outcome instanceof MurmurationError);
});

test("an operation from a clock that is far ahead waits outside until its time has come", () => {
  const { cluster, replicas } = founded();
  cluster.skewMs.set(1, 3_600_000);
  write(replicas[0] as Replica, 0, 5);
  cluster.pass(10);
  assert.equal(replicas[1]?.shard("c").table.size, 0);
  assert.ok((replicas[1]?.status().peering?.refused["clock ahead"] ?? 0) > 0);
  const outcome = replicas[0]?.execute([upsert("c", [point(1, vectorOf(1))])]).outcomes[0];
  assert.ok(
    outcome instanceof MurmurationError && /clock/.test(outcome.message),
    "who is alone with its clock refuses",
  );
  cluster.skewMs.delete(1);
  cluster.nowMs += 3_600_000;
  cluster.settle();
  assert.equal(replicas[1]?.shard("c").table.size, 5);
});

test("damaged, forged and foreign messages are refused, counted, and change nothing", () => {
  const { cluster, replicas } = founded();
  const [first, second] = replicas as [Replica, Replica];
  write(first, 0, 3);
  const [message] = first.outbox();
  assert.ok(message);
  const before = second.digest("c");
  for (let at = 0; at < message.bytes.length; at += 7) {
    const damaged = message.bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 1;
    second.receive(damaged);
  }
  for (let length = 0; length < message.bytes.length; length += 11) second.receive(message.bytes.subarray(0, length));
  assert.deepEqual(second.digest("c"), before);
  assert.ok((second.status().peering?.refused.malformed ?? 0) > 10);
  second.receive(message.bytes);
  second.receive(message.bytes);
  assert.deepEqual(second.digest("c"), first.digest("c"), "twice is once");
  cluster.settle();
});
