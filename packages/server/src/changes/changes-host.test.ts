import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { Change, OpLog } from "@murmuration/core";
import { until } from "../testing/member-app.js";
import { type TestApp, testApp } from "../testing/test-app.js";
import { ChangesHost, type ReadLog } from "./changes-host.js";
import { changesOfLog, type OpenChanges } from "./changes-link.js";
import type { ChangesReply, From } from "./messages.js";

const things = "/collections/things";
const told = { withPayload: true, withVector: false };
const textOf = (reply: ChangesReply) => ("bytes" in reply ? Buffer.from(reply.bytes).toString() : "");

/** A host over the log of an app, which hears of nothing but what the test says. */
async function hosted(given: (log: OpLog) => ReadLog = (log) => log) {
  const test = await testApp();
  await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } });
  const { database, log } = test;
  const { id: shard } = database.collection("things");
  const frontierOf = () => new Map(database.frontiers(["things"]).get(shard));
  const replies: ChangesReply[] = [];
  const start = { catalogue: database.catalogue, frontiers: new Map([[shard, frontierOf()]]) };
  const host = new ChangesHost(given(log), start, (reply) => replies.push(reply));
  const put = (id: number) =>
    test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [id, 1], payload: { n: id } }] });
  const follow = (client: number, from: From) => host.take({ kind: "follow", client, shard, from, told });
  const publish = (frontier = frontierOf()) => host.followed([{ kind: "published", shard, epoch: 1, frontier }]);
  const said = () => replies.map(textOf).join("");
  return { ...test, test: test as TestApp, host, shard, replies, put, follow, publish, frontierOf, said };
}

/** A log that cannot be read while its disk is gone. */
function breaking(disk: { readonly isGone: boolean }): (log: OpLog) => ReadLog {
  return (log) => ({
    read: (...asked) => {
      if (disk.isGone) throw new Error("the disk is gone");
      return log.read(...asked);
    },
    readOrigin: (...asked) => log.readOrigin(...asked),
    lastPosition: () => log.lastPosition(),
    frontier: (shard) => log.frontier(shard),
    operationCount: (shard) => log.operationCount(shard),
  });
}

describe("the reader of changes", () => {
  it("tells nothing of what cannot be read yet", async () => {
    const { put, follow, publish, said, host, frontierOf } = await hosted();
    follow(1, { kind: "now" });
    await put(1);
    const before = frontierOf();
    await put(2);
    publish(before);
    await until("the first is told", () => said().includes('"id":1,'));
    assert.ok(!said().includes('"id":2,'));
    publish();
    await until("the second is told", () => said().includes('"id":2,'));
    host.close();
  });

  it("encodes an event once for all who asked for the same", async () => {
    const { put, follow, publish, replies, host } = await hosted();
    for (let client = 1; client <= 50; client++) follow(client, { kind: "now" });
    await put(1);
    publish();
    await until("it is told", () => replies.some(({ kind }) => kind === "tail"));
    assert.equal(replies.filter(({ kind }) => kind === "tail").length, 1);
    assert.equal(new Set(replies.flatMap((reply) => (reply.kind === "page" ? [reply.group] : []))).size, 1);
    host.close();
  });

  it("ends the streams of a collection that is quarantined, and has those of one that is replaced begin with its points", async () => {
    const { database, put, follow, replies, host, shard, frontierOf } = await hosted();
    follow(1, { kind: "now" });
    // a snapshot of another replica took its place: what lies between is not in the log
    const frontier = new Map([...frontierOf(), [77, 5]]);
    const readable = { handle: database, epoch: 9, frontier };
    host.followed([{ kind: "replaced", shard, readable } as unknown as Change]);
    await until("it is sent points", () => replies.some(({ kind }) => kind === "snapshot"));
    await put(1);
    host.take({ kind: "resume", client: 1 });
    host.followed([{ kind: "published", shard, epoch: 10, frontier: frontierOf() }]);
    await until("it goes on", () => replies.map(textOf).join("").includes('"id":1,'));
    host.followed([{ kind: "quarantined", shard, refusal: "it is not known any more" }]);
    const end = replies.at(-1);
    assert.deepEqual(end, { kind: "end", client: 1, reason: "quarantined", message: "it is not known any more" });
    host.close();
  });

  it("ends a stream of a log that cannot be read, and no other", async () => {
    const disk = { isGone: false };
    const { put, follow, publish, replies, said, host } = await hosted(breaking(disk));
    await put(1);
    follow(1, { kind: "now" });
    publish();
    await until("it is told", () => said().includes('"id":1,'));
    disk.isGone = true;
    follow(2, { kind: "start" });
    assert.deepEqual(replies.at(-1), { kind: "end", client: 2, reason: "failed", message: "the log cannot be read" });
    disk.isGone = false;
    await put(2);
    publish();
    await until("the other one goes on", () => said().includes('"id":2,'));
    host.close();
  });

  it("says nothing more to one that ended while the end of the log was read for it", async () => {
    const disk = { isGone: false };
    const { put, follow, publish, replies, host } = await hosted(breaking(disk));
    follow(1, { kind: "now" });
    await put(1);
    publish();
    disk.isGone = true;
    replies.splice(0);
    follow(2, { kind: "now" });
    const message = "the log cannot be read";
    assert.deepEqual(
      replies.filter(({ kind }) => kind !== "fault"),
      [1, 2].map((client) => ({ kind: "end", client, reason: "failed", message })),
    );
    host.close();
  });

  it("waits for a collection that it has not heard of", async () => {
    const { test, host, replies, follow } = await hosted();
    follow(1, { kind: "now" });
    await test.ask("PUT", "/collections/more", { vectors: { size: 2, distance: "Dot" } });
    const { id: shard } = test.database.collection("more");
    host.take({ kind: "follow", client: 2, shard, from: { kind: "now" }, told });
    assert.ok(replies.every((reply) => !("client" in reply) || reply.client === 1));
    host.take({ kind: "leave", client: 2 });
    host.close();
  });
});

describe("streams whose reader ends", () => {
  it("end with a word, and come back to another one", async () => {
    const { EventReader } = await import("../testing/event-reader.js");
    const { openMemoryDatabase } = await import("../testing/memory-database.js");
    const { buildApp } = await import("../app.js");
    const opened = await openMemoryDatabase();
    after(() => opened.database.close());
    const ends: (() => void)[] = [];
    const open: OpenChanges = (database, listener) => {
      ends.push(() => listener.onEnd("a test ends it"));
      return changesOfLog(opened.log)(database, listener);
    };
    const app = await buildApp(opened.database, { changes: { open } });
    after(() => app.close());
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    await app.inject({ method: "PUT", url: things, payload: { vectors: { size: 2, distance: "Dot" } } });
    const follow = (headers = {}) => EventReader.open(`${url}/murmur${things}/changes`, { headers });
    const first = await follow();
    await first.next();
    ends[0]?.();
    assert.match((await first.next())?.data ?? "", /"reason":"failed"/);
    const again = await follow({ "last-event-id": first.lastId as string });
    assert.equal((await again.next())?.event, "begin", again.refusal);
    assert.equal(ends.length, 2);
    again.close();
  });
});
