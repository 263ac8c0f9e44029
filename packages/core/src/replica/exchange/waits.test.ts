import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import type { ConsistencyLevel } from "../../consistency/level.js";
import { decodeToken, encodeToken } from "../../consistency/token.js";
import type { SettledWait } from "../../consistency/wait.js";
import { decodeEnvelope } from "../../gossip/envelope.js";
import type { Outgoing } from "../../gossip/transport.js";
import { limits } from "../../limits.js";
import { FailingOpLog } from "../../log/failing-op-log.test-support.js";
import { Cluster } from "../cluster.test-support.js";
import type { Replica } from "../replica.js";
import { createCollection, openReplica, point, run, space, upsert } from "../replica.test-support.js";

const quorum: ConsistencyLevel = { kind: "quorum" };
const all: ConsistencyLevel = { kind: "all" };
const count = (members: number): ConsistencyLevel => ({ kind: "count", count: members });
const collection = createCollection("c", { "": space(2) });

function founded(members: readonly number[] = [1, 2, 3]): Cluster {
  const cluster = new Cluster(members);
  cluster.pass(3);
  run(cluster.get(1), collection);
  cluster.pass(3);
  return cluster;
}

function write(replica: Replica, id: number, level: ConsistencyLevel, timeoutMs = 1_000): number {
  const command = upsert("c", [point(id, [id, 1])]);
  const [receipt] = run(replica, command);
  assert.ok(receipt);
  return replica.waits.begin({
    kind: "write",
    shard: replica.shardOf(command),
    operationId: receipt.operationId,
    level,
    timeoutMs,
  });
}

function read(replica: Replica, level: ConsistencyLevel, timeoutMs = 1_000): number {
  return replica.waits.begin({ kind: "read", shards: [replica.shard("c").id], level, timeoutMs });
}

/** Let time pass until a wait is over. */
function outcomeOf(cluster: Cluster, replica: Replica, id: number, ticksMax = 100): SettledWait & { ticks: number } {
  for (let ticks = 0; ticks <= ticksMax; ticks++) {
    const settled = replica.waits.settled().find((one) => one.id === id);
    if (settled !== undefined) return { ...settled, ticks };
    cluster.pass();
  }
  assert.fail("the wait is not over");
}

function refused(code: string, call: () => unknown): void {
  assert.throws(call, (error) => error instanceof MurmurationError && error.code === code);
}

const kindsOf = (outgoing: readonly Outgoing[]) => outgoing.map(({ bytes }) => decodeEnvelope(bytes).message.kind);

test("a replica that is alone is its own quorum", () => {
  const replica = openReplica();
  run(replica, collection);
  const ids = [write(replica, 1, quorum), read(replica, all), read(replica, { kind: "eventual" })];
  assert.deepEqual(
    replica.waits.settled().map(({ id, result }) => [id, result]),
    ids.map((id) => [id, "done"]),
  );
  read(replica, count(2));
  assert.deepEqual(replica.waits.settled()[0]?.result, "done", "a read sees all that there is");
  refused("validation", () => write(replica, 1, count(2)));
});

test("a write is done when as many members hold it as were asked for, without waiting for a heartbeat", () => {
  const cluster = founded();
  const writer = cluster.get(1);
  for (const level of [quorum, all, count(2)]) {
    const { ticks, ...outcome } = outcomeOf(cluster, writer, write(writer, 1, level));
    assert.deepEqual(outcome.result, "done");
    assert.ok("agreed" in outcome && outcome.agreed.length >= outcome.needed && outcome.agreed.includes(1));
    assert.ok(ticks <= 1);
  }
});

test("a write that misses its quorum in time says so, stays, and goes on to the others", () => {
  const cluster = founded();
  const writer = cluster.get(1);
  cluster.cut(1, 3);
  const { ticks, ...outcome } = outcomeOf(cluster, writer, write(writer, 7, all));
  const missed = { id: 1, result: "quorum-missed", agreed: [1, 2], needed: 3, members: [1, 2, 3] };
  assert.deepEqual(outcome, missed);
  assert.equal(ticks, 10, "at its deadline");
  cluster.heal();
  cluster.settle();
  assert.ok(cluster.get(3).shard("c").table.live(7));
});

test("a quorum is reached although questions and answers are lost for a time", () => {
  const cluster = founded();
  const writer = cluster.get(1);
  for (const other of [2, 3]) cluster.cut(1, other);
  const id = write(writer, 7, all, 5_000);
  cluster.pass(5);
  assert.deepEqual(writer.waits.settled(), []);
  cluster.heal();
  assert.equal(outcomeOf(cluster, writer, id).result, "done");
});

test("members whose log refuses a write do not acknowledge it", () => {
  const cluster = founded();
  const log = new FailingOpLog();
  cluster.stop(3);
  cluster.logs.set(3, log);
  const third = cluster.open(3, { log });
  cluster.pass(10);
  assert.ok(third.shard("c"));
  const writer = cluster.get(1);
  const id = write(writer, 7, all);
  const outgoing = writer.outbox();
  assert.deepEqual(kindsOf(outgoing), ["operations", "ask", "ask"]);
  for (const { to, bytes } of [...outgoing].reverse()) {
    log.failAfter(0);
    if (to === undefined || to === 3) tryTo(() => third.receive(bytes));
    // it is asked before the write comes, and answers that it has not
    if (to === 3) assert.deepEqual(kindsOf(third.outbox()), ["durable"]);
  }
  assert.equal(third.shard("c").table.size, 1, "it is in memory");
  assert.deepEqual(kindsOf(third.outbox()), []);
  log.failAfter(Number.POSITIVE_INFINITY);
  third.tick();
  const told = third.outbox();
  const durable = told.map(({ bytes }) => decodeEnvelope(bytes).message).find(({ kind }) => kind === "durable");
  assert.ok(durable?.kind === "durable");
  assert.equal([...durable.frontiers.values()][0]?.get(1), writer.shard("c").frontier.get(1));
  assert.deepEqual(writer.waits.settled(), []);
  for (const { bytes } of told) writer.receive(bytes);
  assert.equal(outcomeOf(cluster, writer, id).result, "done");
});

function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof MurmurationError && error.code === "storage");
  }
}

test("a read waits for what its quorum holds", () => {
  const cluster = founded();
  const [writer, reader] = [cluster.get(1), cluster.get(3)];
  cluster.cut(1, 3);
  cluster.cut(2, 3);
  const written = outcomeOf(cluster, writer, write(writer, 7, quorum));
  assert.equal(written.result, "done");
  assert.equal(outcomeOf(cluster, reader, read(reader, quorum)).result, "quorum-missed");
  assert.equal(reader.shard("c").table.size, 0);
  // through the member that has the write: it is asked for, and only then the read is done
  cluster.heal();
  cluster.cut(1, 3);
  const id = read(reader, quorum);
  assert.deepEqual(reader.waits.settled(), []);
  assert.equal(outcomeOf(cluster, reader, id).result, "done");
  assert.ok(reader.shard("c").table.live(7));
});

test("a member that a read finds behind is told, and asks for what it lacks", () => {
  const cluster = founded();
  const [reader, lagging] = [cluster.get(1), cluster.get(3)];
  cluster.cut(1, 3);
  write(reader, 7, quorum);
  reader.outbox();
  cluster.heal();
  const id = read(reader, all);
  for (const { to, bytes } of reader.outbox()) if (to !== undefined) cluster.get(to).receive(bytes);
  for (const member of [2, 3]) for (const { bytes } of cluster.get(member).outbox()) reader.receive(bytes);
  assert.equal(reader.waits.settled().find((one) => one.id === id)?.result, "done");
  assert.equal(reader.status().waits.repairs, 2);
  const hints = reader.outbox();
  assert.deepEqual(kindsOf(hints), ["durable", "durable"]);
  for (const { to, bytes } of hints) if (to === 3) lagging.receive(bytes);
  cluster.nowMs += 1;
  lagging.tick();
  cluster.nowMs += limits.requestGraceMs;
  lagging.tick();
  assert.ok(kindsOf(lagging.outbox()).includes("request"));
});

test("a replica that joins counts in no quorum before every member knows it", () => {
  const cluster = founded();
  const fourth = cluster.open(4);
  cluster.cut(4, 3);
  cluster.pass(20);
  assert.equal(fourth.catalogue.members.length, 4);
  assert.ok(fourth.status().peering?.refusesWrites !== undefined);
  const reader = cluster.get(1);
  const { ticks, ...outcome } = outcomeOf(cluster, reader, read(reader, all));
  assert.deepEqual(outcome, { id: 1, result: "quorum-missed", agreed: [1, 2, 3], needed: 4, members: [1, 2, 3, 4] });
  assert.equal(ticks, 10);
  // three of four have not heard of it: three of the founders are needed
  assert.equal(outcomeOf(cluster, reader, read(reader, quorum)).result, "done");
  cluster.heal();
  cluster.settle();
  assert.equal(outcomeOf(cluster, reader, read(reader, all)).result, "done");
});

test("the word of a member counts only when it knows the same members", () => {
  const cluster = founded([1, 2, 3, 4]);
  const [reader, other] = [cluster.get(1), cluster.get(2)];
  run(reader, { kind: "evict-member", id: 4 });
  const eviction = reader.outbox();
  const id = read(reader, quorum);
  const answer = () => {
    for (const { to, bytes } of reader.outbox()) if (to === 2) other.receive(bytes);
    const outgoing = other.outbox();
    for (const { bytes } of outgoing) reader.receive(bytes);
    return kindsOf(outgoing);
  };
  assert.deepEqual(answer(), ["durable"]);
  assert.deepEqual(reader.waits.settled(), [], "it has not heard of the eviction");
  cluster.post(1, eviction);
  const { ticks, ...outcome } = outcomeOf(cluster, reader, id);
  assert.deepEqual({ ...outcome, agreed: [] }, { id, result: "done", agreed: [], needed: 2, members: [1, 2, 3] });
  assert.ok(ticks <= 5, "it is asked again");
});

test("a wait goes on over the members that there are after an eviction", () => {
  const cluster = founded();
  cluster.stop(3);
  const writer = cluster.get(1);
  const id = write(writer, 7, all, 10_000);
  cluster.pass(3);
  assert.deepEqual(writer.waits.settled(), []);
  run(writer, { kind: "evict-member", id: 3 });
  const { ticks, ...outcome } = outcomeOf(cluster, writer, id);
  assert.deepEqual(outcome, { id, result: "done", agreed: [1, 2], needed: 2, members: [1, 2] });
  assert.ok(ticks < 10);
});

test("a session's token is covered when all that it has seen is here, new collections too", () => {
  const cluster = founded();
  const [writer, other] = [cluster.get(1), cluster.get(2)];
  cluster.cut(1, 2);
  cluster.cut(2, 3);
  run(writer, createCollection("new", { "": space(2) }), upsert("new", [point(1, [1, 1])]));
  const token = decodeToken(encodeToken(writer.frontiers()), "header");
  const ids = [500, 5_000].map((timeoutMs) => other.waits.begin({ kind: "session", token, timeoutMs }));
  const late = outcomeOf(cluster, other, ids[0] as number);
  assert.deepEqual([late.result, late.ticks], ["not-covered", 5]);
  cluster.heal();
  assert.equal(outcomeOf(cluster, other, ids[1] as number).result, "covered");
  assert.equal(other.shard("new").table.size, 1);
});

test("what a session has seen of a collection that is deleted is not waited for", () => {
  const cluster = founded();
  const [writer, other] = [cluster.get(1), cluster.get(2)];
  run(writer, upsert("c", [point(1, [1, 1])]));
  const token = writer.frontiers();
  run(other, { kind: "delete-collection", name: "c" });
  cluster.settle();
  const id = other.waits.begin({ kind: "session", token, timeoutMs: 0 });
  assert.deepEqual(other.waits.settled(), [{ id, result: "covered" }]);
});

test("a deadline comes although the clock is put back", () => {
  const cluster = founded();
  const writer = cluster.get(1);
  for (const other of [2, 3]) cluster.cut(1, other);
  const id = write(writer, 7, quorum, 1_000);
  cluster.pass(5);
  assert.deepEqual(writer.waits.settled(), []);
  cluster.nowMs -= 100_000;
  assert.deepEqual(writer.waits.settled(), []);
  const { ticks } = outcomeOf(cluster, writer, id);
  assert.ok(ticks <= 6);
});

test("waits are bounded, in time and in number, and can be given up", () => {
  const cluster = founded();
  const replica = cluster.get(1);
  for (const timeoutMs of [-1, limits.waitMsMax + 1, Number.NaN]) {
    refused("validation", () => read(replica, quorum, timeoutMs));
  }
  const ids = Array.from({ length: limits.openWaitsMax }, () => read(replica, quorum, 60_000));
  refused("unavailable", () => read(replica, quorum));
  replica.waits.cancel(ids[0] as number);
  read(replica, quorum);
  assert.equal(replica.status().waits.open, limits.openWaitsMax);
});

test("a level is checked before anything waits, and a replica that knows of no members has none to ask", () => {
  const cluster = founded();
  const { waits } = cluster.get(1);
  for (const level of [quorum, all, count(3)]) waits.check(level, "write_consistency");
  refused("validation", () => waits.check(count(4), "write_consistency"));
  assert.equal(cluster.get(1).status().waits.open, 0);

  const cluster2 = new Cluster([]);
  const lone = cluster2.open(7, { cluster: { name: "c", nonce: 7, founding: { peers: 1 } } });
  for (const level of [quorum, all, count(1)]) refused("unavailable", () => lone.waits.check(level, "consistency"));
  lone.waits.check({ kind: "eventual" }, "consistency");
});

test("others hold a token when they are heard and have said so", () => {
  const cluster = founded();
  const [one, two] = [cluster.get(1), cluster.get(2)];
  cluster.cut(1, 3);
  cluster.cut(2, 3);
  run(two, upsert("c", [point(9, [1, 2])]));
  const token = two.frontiers();
  assert.deepEqual(one.holders(token), [], "nobody has said so yet");
  cluster.pass(6);
  assert.deepEqual(one.holders(token), [2]);
  assert.deepEqual(cluster.get(3).holders(token), []);
  cluster.cut(1, 2);
  cluster.pass(20);
  assert.deepEqual(one.holders(token), [], "it is heard no more");
});

test("members leave their address in the catalogue, and a new one when they have moved", () => {
  const cluster = new Cluster([1, 2]);
  cluster.stop(2);
  const founders = [1, 2];
  const openAt = (url?: string) =>
    cluster.open(2, { cluster: { name: "c", nonce: cluster.nowMs, founders, ...(url === undefined ? {} : { url }) } });
  const urlSeen = () => cluster.get(1).catalogue.members.map(({ id, url }) => `${id} ${url}`);
  openAt("http://a");
  cluster.pass(20);
  assert.deepEqual(urlSeen(), ["1 undefined", "2 http://a"]);
  const heads = cluster.get(1).catalogueHeads();
  cluster.pass(20);
  assert.deepEqual(cluster.get(1).catalogueHeads(), heads, "it is written once");
  for (const url of ["http://b", undefined]) {
    cluster.stop(2);
    openAt(url);
    cluster.pass(20);
    assert.deepEqual(urlSeen(), ["1 undefined", "2 http://b"]);
  }
});
