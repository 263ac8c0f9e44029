import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sparseVector } from "@murmuration/index";
import { decodeEnvelope, encodeEnvelope } from "../../gossip/envelope.js";
import { MemoryOpLog } from "../../log/memory-op-log.js";
import type { OpLog } from "../../log/op-log.js";
import { batchesOf, decodeBatch } from "../../operation/batch.js";
import { encodeOperation } from "../../operation/codec.js";
import { laterGraphsFormat, newestOperationFormat } from "../../operation/operation-format.js";
import { laterKindsFormat } from "../../operation/vector-kind.js";
import { Cluster } from "../cluster.test-support.js";
import type { Replica } from "../replica.js";
import { createCollection, openReplica, payloadOf, point, run, upsert } from "../replica.test-support.js";

/** Format of a row: the first field of its list. */
const formatOf = (row: Uint8Array) => row[1] as number;
const formatsIn = (log: OpLog, origin: number, after = 0) =>
  new Set([...log.read(after)].filter((entry) => entry.origin === origin).map(({ bytes }) => formatOf(bytes)));
const messageIn = (bytes: Uint8Array) => decodeEnvelope(bytes).message;
const writtenBy = (replica: Replica) => replica.status().peering?.operationFormat;

/** A member of the version before: it refuses the question, and says nothing of the kind by itself. What reaches it is looked at. */
function asBefore(cluster: Cluster, old: number): Set<number> {
  const formats = new Set<number>();
  cluster.passes = (from, to, bytes) => {
    const message = messageIn(bytes);
    if (message.kind === "formats") return from !== old && to !== old;
    if (message.kind === "operations" && to === old)
      for (const row of decodeBatch(message.batch).rows) formats.add(formatOf(row));
    return true;
  };
  return formats;
}

describe("the format that operations are written in", () => {
  test("is the newest where a replica is alone", () => {
    const log = new MemoryOpLog();
    run(openReplica({ log }), createCollection("c"), upsert("c", [point(1, [1, 0])]));
    assert.deepEqual(formatsIn(log, 5), new Set([laterKindsFormat]));
  });

  test("is the oldest where a member of a cluster runs without it for a while", () => {
    const cluster = new Cluster([]);
    cluster.open(1, { cluster: { name: "c", nonce: 1, founders: [1] } });
    cluster.open(2);
    run(cluster.get(1), createCollection("c"));
    cluster.pass(50);
    assert.equal(cluster.get(1).catalogue.members.length, 2);
    cluster.stop(1);
    const log = cluster.logs.get(1) as OpLog;
    const alone = openReplica({ log, clock: { now: () => cluster.nowMs } });
    const before = alone.position();
    run(alone, upsert("c", [point(1, [1, 0])]));
    assert.deepEqual(formatsIn(log, 1, before), new Set([1]));
  });

  test("is waited for before a payload index is made that not every member knows", () => {
    const cluster = new Cluster([1, 2, 3]);
    asBefore(cluster, 3);
    run(cluster.get(1), createCollection("c"));
    cluster.pass(30);
    const make = (kind: "uuid" | "keyword") =>
      run(cluster.get(1), { kind: "create-payload-index", collection: "c", path: "a", schema: { kind } });
    assert.throws(() => make("uuid"), { code: "unavailable", field: "field_schema" });
    make("keyword");
    cluster.stop(3);
    cluster.passes = () => true;
    cluster.open(3, { startWaitMs: 1_000 });
    cluster.pass(30);
    make("uuid");
    cluster.pass(10);
    const { collections } = cluster.get(3).catalogue;
    assert.deepEqual(Object.values(collections)[0]?.payloadIndexes["a"], { kind: "uuid" });
  });

  test("is waited for before sparse vectors are made that not every member reads", () => {
    const cluster = new Cluster([1, 2, 3]);
    asBefore(cluster, 3);
    cluster.pass(30);
    const make = () => run(cluster.get(1), createCollection("s", { text: { kind: "sparse" } }));
    assert.throws(make, { code: "unavailable", field: "sparse_vectors" });
    cluster.stop(3);
    cluster.passes = () => true;
    cluster.open(3, { startWaitMs: 1_000 });
    cluster.pass(30);
    make();
    const vector = sparseVector([3], [1], "text");
    const points = [{ id: 1, vectors: { text: vector }, payload: {} }];
    // one that is started anew has not said yet what it reads, and reads what it knows of all the same
    cluster.stop(3);
    run(cluster.get(1), { kind: "upsert-points", collection: "s", points, mode: "upsert" });
    cluster.open(3, { startWaitMs: 1_000 });
    cluster.settle();
    const found = cluster.get(3).digest("s");
    assert.deepEqual(found, cluster.get(1).digest("s"));
    assert.equal(found.points, 1);
  });

  test("is waited for before a vector gets another graph, which then is named in rows of that format alone", () => {
    const cluster = new Cluster([1, 2, 3]);
    asBefore(cluster, 3);
    run(cluster.get(1), createCollection("c"), upsert("c", [point(1, [1, 0]), point(2, [0, 1])]));
    cluster.pass(30);
    const graph = { kind: "begin-graph", collection: "c", vector: "", links: 6, efConstruction: 20, by: 0 } as const;
    assert.throws(() => run(cluster.get(1), graph), { code: "unavailable", field: "vector" });
    cluster.stop(3);
    cluster.passes = () => true;
    cluster.open(3, { startWaitMs: 1_000 });
    cluster.pass(30);
    const before = cluster.get(2).position();
    run(cluster.get(1), graph);
    cluster.settle();
    run(cluster.get(1), upsert("c", [point(3, [1, 1])]));
    cluster.settle();
    const written = formatsIn(cluster.logs.get(2) as OpLog, 1, before);
    assert.deepEqual(written, new Set([laterKindsFormat, laterGraphsFormat]));
    assert.deepEqual(cluster.get(3).digest("c"), cluster.get(1).digest("c"));
  });

  test("is the newest as soon as all members have said that they read it, and the same everywhere", () => {
    const cluster = new Cluster([1, 2, 3]);
    run(cluster.get(1), createCollection("c"));
    cluster.pass(30);
    for (const replica of cluster.replicas.values()) assert.equal(writtenBy(replica), newestOperationFormat);
    const before = cluster.get(1).position();
    run(cluster.get(2), upsert("c", [point(1, [1, 0])]));
    cluster.settle();
    assert.deepEqual(formatsIn(cluster.logs.get(1) as OpLog, 2, before), new Set([laterKindsFormat]));
  });

  test("is the oldest while a member is of the version before, which is brought to the new one last", () => {
    const cluster = new Cluster([1, 2, 3]);
    const reached = asBefore(cluster, 3);
    run(cluster.get(1), createCollection("c"));
    cluster.settle();
    for (const id of [1, 2]) run(cluster.get(id), upsert("c", [point(id, [id, 1])]));
    run(cluster.get(3), upsert("c", [point(3, [3, 1])]));
    cluster.settle();
    cluster.pass(100);
    for (const id of [1, 2]) assert.equal(writtenBy(cluster.get(id)), 1);
    assert.deepEqual(reached, new Set([1]), "nothing that the old version does not read");

    // stopped, and started again as the new version
    cluster.stop(3);
    cluster.passes = () => true;
    cluster.open(3, { startWaitMs: 1_000 });
    cluster.pass(30);
    for (const replica of cluster.replicas.values()) assert.equal(writtenBy(replica), newestOperationFormat);
    const before = cluster.get(3).position();
    for (const id of [1, 2, 3]) run(cluster.get(id), upsert("c", [point(10 + id, [id, 5])]));
    cluster.settle();
    for (const id of [1, 2, 3]) {
      assert.deepEqual(
        formatsIn(cluster.logs.get(3) as OpLog, id, before),
        new Set([laterKindsFormat]),
        `replica ${id}`,
      );
      for (const replica of cluster.replicas.values()) assert.ok(payloadOf(replica, "c", 10 + id));
    }
    // a log with rows of both formats opens
    cluster.stop(1);
    cluster.open(1);
    cluster.settle();
  });

  test("is the oldest again when a member was started as the version before, and when one is not heard after a start", () => {
    const cluster = new Cluster([1, 2]);
    run(cluster.get(1), createCollection("c"));
    cluster.pass(30);
    assert.equal(writtenBy(cluster.get(1)), newestOperationFormat);
    asBefore(cluster, 2);
    cluster.stop(2);
    cluster.open(2, { startWaitMs: 1_000 });
    cluster.pass(30);
    assert.equal(writtenBy(cluster.get(1)), 1);
    run(cluster.get(1), upsert("c", [point(1, [1, 0])]));
    cluster.settle();

    cluster.passes = () => true;
    cluster.cut(1, 2);
    cluster.stop(1);
    cluster.open(1);
    cluster.pass(30);
    assert.equal(writtenBy(cluster.get(1)), 1);
    cluster.heal();
    cluster.pass(30);
    assert.equal(writtenBy(cluster.get(1)), newestOperationFormat);
  });

  test("does not wait for a member that was evicted, and for one that joins", () => {
    const cluster = new Cluster([1, 2, 3]);
    asBefore(cluster, 3);
    run(cluster.get(1), createCollection("c"));
    cluster.settle();
    assert.equal(writtenBy(cluster.get(1)), 1);
    cluster.stop(3);
    run(cluster.get(1), { kind: "evict-member", id: 3 });
    cluster.pass(30);
    assert.equal(writtenBy(cluster.get(1)), newestOperationFormat);
    cluster.open(4);
    cluster.settle();
    cluster.pass(30);
    for (const replica of cluster.replicas.values()) assert.equal(writtenBy(replica), newestOperationFormat);
  });

  test("that a member does not read sets the operation aside with the reason, and others go on", () => {
    const cluster = new Cluster([1, 2, 3]);
    run(cluster.get(1), createCollection("c"));
    cluster.settle();
    const [replica, shard] = [cluster.get(1), cluster.get(1).shard("c").id];
    const time = { wallMs: cluster.nowMs, counter: 0 };
    const header = { shard, origin: 2, sequence: 1, time, dependencies: new Map() };
    const row = encodeOperation({ ...header, kind: "delete", ids: [1] });
    row[1] = newestOperationFormat + 1;
    for (const batch of batchesOf(shard, 2, 1, [row]))
      replica.receive(encodeEnvelope({ cluster: "c", from: 2, to: 0, message: { kind: "operations", batch } }));
    const [aside] = replica.status().peering?.setAside ?? [];
    assert.deepEqual([aside?.origin, aside?.sequence, aside?.code], [2, 1, "corrupt"]);
    assert.match(aside?.reason ?? "", /operation 2:1 of shard \S+: format version 5 is not known/);
    run(cluster.get(3), upsert("c", [point(7, [1, 1])]));
    cluster.pass(10);
    assert.ok(payloadOf(replica, "c", 7), "operations of others are applied");
    // the member writes, and sends, what is read
    run(cluster.get(2), upsert("c", [point(8, [1, 1])]));
    cluster.pass(100);
    cluster.settle();
    assert.ok(payloadOf(replica, "c", 8));
    assert.deepEqual(replica.status().peering?.setAside, []);
  });
});
