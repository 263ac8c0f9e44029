import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, it } from "node:test";
import { encodeToken } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { Guard } from "../access/guard.js";
import type { AppOptions } from "../app.js";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { until } from "../testing/member-app.js";
import { openMemoryDatabase } from "../testing/memory-database.js";
import { type TestApp, testApp } from "../testing/test-app.js";
import { bearing, signedToken, testKeys } from "../testing/tokens.js";
import { changesOfLog } from "./changes-link.js";

const things = "/collections/things";
const changes = "/murmur/collections/things/changes";
const dataOf = (event: ServerEvent | undefined) => JSON.parse((event as ServerEvent).data) as Record<string, unknown>;
const isOperation = ({ data }: ServerEvent) => data.startsWith('{"dot"');

async function listening(options: AppOptions = {}): Promise<TestApp & { readonly url: URL }> {
  const test = await testApp(options);
  const url = new URL(await test.app.listen({ port: 0, host: "127.0.0.1" }));
  return { ...test, url };
}

const make = (test: TestApp, headers = {}) =>
  test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } }, headers);

/** Asks and reads nothing. */
function deafClient({ hostname, port }: URL, path: string): Socket {
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return socket;
}

const metric = async (test: TestApp, name: string) => {
  const { text } = await test.ask("GET", "/metrics");
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  );
};

describe("the bounds of change streams", () => {
  it("end a client that reads nothing, and nobody else hears of it", async () => {
    const opened = await openMemoryDatabase();
    const { buildApp } = await import("../app.js");
    const app = await buildApp(opened.database, {
      changes: { open: changesOfLog(opened.log), limits: { bufferMebibytes: 1 } },
    });
    const url = new URL(await app.listen({ port: 0, host: "127.0.0.1" }));
    const test = {
      ask: async (method: "GET" | "PUT", path: string, payload?: object) => {
        const { body } = await app.inject({ method, url: path, ...(payload === undefined ? {} : { payload }) });
        return body;
      },
    };
    await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } });
    const deaf = deafClient(url, changes);
    const reader = await EventReader.open(`${url.origin}${changes}`);
    await reader.take(1);
    const text = "x".repeat(200_000);
    const ended = async () => /murmur_stream_ended_total\{reason="slow"\} 1\n/.test(await test.ask("GET", "/metrics"));
    let written = 0;
    while (!(await ended())) {
      assert.ok(written < 200, "it is ended before 40 MB wait for it");
      const points = Array.from({ length: 5 }, (_, i) => ({ id: written + i, vector: [1, 1], payload: { text } }));
      await test.ask("PUT", `${things}/points?wait=true`, { points });
      const events = await reader.take(5);
      assert.equal(events.length, 5);
      written += 5;
    }
    assert.match(await test.ask("GET", "/metrics"), /^murmur_stream_clients 1$/m);
    // its connection is closed a moment later, whether or not it reads
    const closed = new Promise<void>((resolve) => deaf.once("close", () => resolve()));
    deaf.resume();
    await closed;
    reader.close();
    await app.close();
    await opened.database.close();
  });

  it("wait for a client that is at an event larger than all that may wait for it", async () => {
    const test = await listening();
    await make(test);
    const deaf = deafClient(test.url, changes);
    await until("it follows", async () => (await metric(test, "murmur_stream_events_total")) === 1);
    const put = (id: number, text: string) =>
      test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [1, 1], payload: { text } }] });
    await put(1, "x".repeat(10 * 1024 * 1024));
    await until("the large one is sent", async () => (await metric(test, "murmur_stream_events_total")) === 2);
    await put(2, "small");
    await until("both are sent", async () => (await metric(test, "murmur_stream_events_total")) >= 3);
    assert.equal(await metric(test, 'murmur_stream_ended_total{reason="slow"}'), 0);
    let tail = "";
    await new Promise<void>((resolve) => {
      deaf.on("data", (bytes) => {
        tail = (tail + bytes.toString("latin1")).slice(-1_000);
        if (tail.includes('"small"')) resolve();
      });
      deaf.resume();
    });
    deaf.destroy();
  });

  it("send the points where the log was compacted past a token, then what is written", async () => {
    const test = await listening();
    await make(test);
    const put = (id: number) =>
      test.ask("PUT", `${things}/points?wait=true`, { points: [{ id, vector: [id, 1], payload: { n: id } }] });
    await put(1);
    const { id: shard } = test.database.collection("things");
    const token = encodeToken(
      new Map([[shard, test.database.frontiers(["things"]).get(shard) as Map<number, number>]]),
    );
    for (const id of [2, 2, 3]) await put(id);
    const frontier = test.log.frontier(shard);
    test.log.transaction((writer) => writer.dropOperations(shard, test.log.lastPosition(), frontier, new Map()));
    const reader = await EventReader.open(`${test.url.origin}${changes}?from=${token}`);
    const events = await reader.until(({ event }) => event === "snapshot-end");
    assert.deepEqual(
      events.map(({ event }) => event),
      ["begin", "snapshot-begin", "snapshot", "snapshot-end"],
    );
    assert.equal(dataOf(events[1])["why"], "compacted");
    const page = dataOf(events[2])["points"] as { id: number }[];
    assert.deepEqual(
      page.map(({ id }) => id),
      [1, 2, 3],
    );
    await put(4);
    assert.equal(dataOf(await reader.next())["id"], 4);
    const lastId = reader.lastId as string;
    reader.close();
    // and from there on without the points
    await put(5);
    const again = await EventReader.open(`${test.url.origin}${changes}`, { headers: { "last-event-id": lastId } });
    const [first] = (await again.until(isOperation)).filter(isOperation);
    assert.equal(dataOf(first)["id"], 5);
    again.close();
    const whole = await EventReader.open(`${test.url.origin}${changes}?from=start`);
    assert.equal((await whole.next())?.event, "snapshot-begin");
    whole.close();
  });

  it("page a snapshot, each point once", async () => {
    const test = await listening();
    await make(test);
    const points = Array.from({ length: 250 }, (_, id) => ({ id, vector: [id, 1] }));
    await test.ask("PUT", `${things}/points?wait=true`, { points });
    const reader = await EventReader.open(`${test.url.origin}${changes}?from=snapshot&with_payload=false`);
    const events = await reader.until(({ event }) => event === "snapshot-end");
    const ids = events
      .filter(({ event }) => event === "snapshot")
      .flatMap((event) => (dataOf(event)["points"] as { id: number }[]).map(({ id }) => id));
    assert.deepEqual(
      ids,
      points.map(({ id }) => id),
    );
    // pages of 16, 32, 64, 100 and the rest
    assert.equal(events.length, 7);
    reader.close();
  });

  it("give nothing of what is being erased", async () => {
    const test = await listening();
    await make(test);
    await test.ask("PUT", `${things}/points?wait=true`, {
      points: [{ id: 1, vector: [1, 1], payload: { name: "secret" } }],
    });
    await test.ask("PUT", `${things}/points?wait=true`, {
      points: [{ id: 2, vector: [1, 1], payload: { name: "other" } }],
    });
    await test.ask("POST", `${things}/points/delete?wait=true`, { points: [1] });
    await test.database.write({
      kind: "begin-erasure",
      collection: "things",
      points: 1,
      by: "a test",
      through: [],
      askedMs: 0,
    });
    const reader = await EventReader.open(`${test.url.origin}${changes}?from=start`);
    const events = await reader.until(({ event }) => event === "snapshot-end");
    assert.ok(events.every(({ data }) => !data.includes("secret")));
    assert.ok(events.some(({ data }) => data.includes("other")));
    reader.close();
  });

  it("tell of vectors that come and go, and not of what was written for those that are gone", async () => {
    const test = await listening();
    await make(test);
    const reader = await EventReader.open(`${test.url.origin}${changes}?with_vector=true`);
    await reader.take(1);
    await test.ask("PUT", `${things}/vectors/extra`, { dense: { size: 2, distance: "Dot" } });
    const [added] = await reader.take(1);
    assert.equal(added?.event, "collection");
    assert.deepEqual(Object.keys(dataOf(added)["vectors"] as object).sort(), ["", "extra"]);
    await test.ask("PUT", `${things}/points?wait=true`, { points: [{ id: 1, vector: { "": [1, 1], extra: [2, 2] } }] });
    const [written] = (await reader.until(isOperation)).filter(isOperation);
    assert.deepEqual(dataOf(written)["vector"], { "": [1, 1], extra: [2, 2] });
    await test.ask("DELETE", `${things}/vectors/extra`);
    const dropped = (await reader.until(({ event }) => event === "collection")).at(-1);
    assert.deepEqual(Object.keys(dataOf(dropped)["vectors"] as object), [""]);
    reader.close();
    const history = await EventReader.open(`${test.url.origin}${changes}?from=start&with_vector=true`);
    const [again] = (await history.until(isOperation)).filter(isOperation);
    assert.deepEqual(dataOf(again)["vectors"], [""]);
    assert.ok(!again?.data.includes("[2,2]"));
    history.close();
  });

  it("end a stream when its key is taken out, and when its token is over", async (context) => {
    const guard = new Guard(testKeys);
    const test = await listening({ guard });
    const [key] = testKeys.readWrite as [string];
    await make(test, { "api-key": key });
    const open = (headers: Record<string, string>) => EventReader.open(`${test.url.origin}${changes}`, { headers });
    const [readOnly] = testKeys.readOnly as [string];
    const refused = await open({ "api-key": "wrong" });
    assert.equal(refused.status, 401);
    const other = await signedToken({ access: [{ collection: "others", access: "r" }] });
    assert.equal((await open(bearing(other))).status, 403);
    const reader = await open({ "api-key": readOnly });
    const byToken = await open(bearing(await signedToken({ access: [{ collection: "things", access: "r" }] })));
    assert.equal((await reader.next())?.event, "begin");
    assert.equal((await byToken.next())?.event, "begin");
    context.diagnostic("the read-only key is taken out");
    guard.replace({ ...testKeys, readOnly: [] });
    assert.equal(dataOf(await reader.next())["reason"], "forbidden");
    assert.equal(await reader.next(), undefined);
    guard.replace({ ...testKeys, readWrite: ["another-key-of-a-test-0123456789abcd"] });
    assert.equal(dataOf(await byToken.next())["reason"], "forbidden");
    await until("nobody follows", async () => {
      const { text } = await test.ask("GET", "/metrics", undefined, {
        "api-key": "another-key-of-a-test-0123456789abcd",
      });
      return /^murmur_stream_clients 0$/m.test(text);
    });
  });

  it("end a stream whose token cannot be looked up just now without saying that it is over", async () => {
    const guard = new Guard(testKeys);
    const test = await listening({ guard });
    const [key] = testKeys.readWrite as [string];
    await make(test, { "api-key": key });
    const points = [{ id: 1, vector: [1, 1], payload: { a: "b" } }];
    await test.ask("PUT", `${things}/points?wait=true`, { points }, { "api-key": key });
    const claim = { collection: "things", matches: [{ key: "a", value: "b" }] };
    const headers = bearing(await signedToken({ value_exists: claim }));
    const reader = await EventReader.open(`${test.url.origin}${changes}`, { headers });
    assert.equal((await reader.next())?.event, "begin");
    const read = test.database.read.bind(test.database);
    test.database.read = () => Promise.reject(new MurmurationError("unavailable", "all readers are at work"));
    guard.replace(testKeys);
    const { reason, message } = dataOf(await reader.next());
    assert.equal(reason, "failed");
    assert.match(String(message), /could not be looked up: all readers are at work; come again/);
    test.database.read = read;
    const again = await EventReader.open(`${test.url.origin}${changes}`, { headers });
    assert.equal((await again.next())?.event, "begin");
    await test.ask("POST", `${things}/points/delete?wait=true`, { points: [1] }, { "api-key": key });
    guard.replace(testKeys);
    const last = (await again.until(({ event }) => event === "end")).at(-1);
    assert.equal(dataOf(last)["reason"], "forbidden");
  });

  it("count live queries by themselves", async () => {
    const test = await listening();
    await make(test);
    const reader = await EventReader.open(`${test.url.origin}/murmur/collections/things/live`, {
      method: "POST",
      body: JSON.stringify({ query: [1, 1] }),
      headers: { "content-type": "application/json" },
    });
    assert.equal((await reader.next())?.event, "top");
    assert.equal(await metric(test, "murmur_live_queries"), 1);
    reader.close();
    await until("it is gone", async () => (await metric(test, "murmur_live_queries")) === 0);
  });
});
