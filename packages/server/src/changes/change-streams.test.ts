import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeToken } from "@murmuration/core";
import type { AppOptions } from "../app.js";
import { EventReader, type ServerEvent } from "../testing/event-reader.js";
import { type TestApp, testApp } from "../testing/test-app.js";

const things = "/collections/things";

async function listening(options: AppOptions = {}): Promise<TestApp & { readonly url: string }> {
  const test = await testApp(options);
  const url = await test.app.listen({ port: 0, host: "127.0.0.1" });
  await test.ask("PUT", things, { vectors: { size: 2, distance: "Dot" } });
  return { ...test, url: `${url}/murmur/collections/things/changes` };
}

const follow = async (url: string, headers: Record<string, string> = {}) => {
  const reader = await EventReader.open(url, { headers });
  assert.equal(reader.status, 200, reader.refusal);
  return reader;
};
const dataOf = ({ data }: ServerEvent) => JSON.parse(data) as Record<string, unknown>;
const point = (id: number, more: object = {}) => ({ id, vector: [id, 1], ...more });
const put = (test: TestApp, ...ids: number[]) =>
  test.ask("PUT", `${things}/points?wait=true`, { points: ids.map((id) => point(id, { payload: { n: id } })) });
const isOperation = ({ data }: ServerEvent) => data.startsWith('{"dot"');

describe("a change stream", () => {
  it("tells every kind of write in its order, by name, time and points", async () => {
    const test = await listening();
    const reader = await follow(`${test.url}?with_vector=true`);
    const [begin] = await reader.take(1);
    assert.equal(begin?.event, "begin");
    assert.equal(dataOf(begin as ServerEvent)["mode"], "tail");
    await put(test, 1, 2);
    await test.ask("POST", `${things}/points/payload?wait=true`, { payload: { a: "é\n\u2028" }, points: [1, 2] });
    await test.ask("PUT", `${things}/points/payload?wait=true`, { payload: { b: 1 }, points: [1] });
    await test.ask("POST", `${things}/points/payload/delete?wait=true`, { keys: ["b"], points: [1] });
    await test.ask("POST", `${things}/points/payload/clear?wait=true`, { points: [2] });
    await test.ask("PUT", `${things}/points/vectors?wait=true`, { points: [{ id: 1, vector: [5, 6] }] });
    await test.ask("POST", `${things}/points/vectors/delete?wait=true`, { points: [2], vector: [""] });
    await test.ask("POST", `${things}/points/delete?wait=true`, {
      filter: { must: [{ has_id: [1] }] },
    });
    const events = await reader.take(9);
    const told = events.map((event) => {
      const { dot, wall_ms, counter, ...rest } = dataOf(event);
      assert.match(String(dot), /^\d+:\d+$/);
      assert.ok(typeof wall_ms === "number" && typeof counter === "number");
      assert.equal(rest["kind"], event.event);
      return rest;
    });
    assert.deepEqual(told, [
      { kind: "upsert", id: 1, payload: { n: 1 }, vectors: [""], vector: [1, 1], kept: [] },
      { kind: "upsert", id: 2, payload: { n: 2 }, vectors: [""], vector: [2, 1], kept: [] },
      { kind: "set-payload", ids: [1, 2], payload: { a: "é\n\u2028" } },
      { kind: "overwrite-payload", ids: [1], payload: { b: 1 } },
      { kind: "delete-payload", ids: [1], keys: ["b"] },
      { kind: "clear-payload", ids: [2] },
      { kind: "update-vectors", id: 1, vectors: [""], vector: [5, 6], kept: [] },
      { kind: "delete-vectors", ids: [2], vectors: [""] },
      { kind: "delete", ids: [1] },
    ]);
    const dots = events.map((event) => dataOf(event)["dot"]);
    assert.equal(new Set(dots).size, 9);
    reader.close();
  });

  it("goes on behind the last event that was seen, and gives each operation once", async () => {
    const test = await listening();
    const first = await follow(test.url);
    await put(test, 1, 2, 3);
    await first.until((event) => dataOf(event)["id"] === 2);
    const lastId = first.lastId as string;
    first.close();
    await put(test, 4);
    const second = await follow(`${test.url}?from=start`, { "last-event-id": lastId });
    const events = await second.until((event) => dataOf(event)["id"] === 4);
    assert.deepEqual(
      events.filter(isOperation).map((event) => dataOf(event)["id"]),
      [3, 4],
    );
    // it is told with the others from here on
    await put(test, 5);
    assert.equal(dataOf((await second.next()) as ServerEvent)["id"], 5);
    second.close();
  });

  it("gives what it is asked for of payloads and vectors", async () => {
    const test = await listening();
    const bare = await follow(`${test.url}?with_payload=false`);
    await bare.take(1);
    await put(test, 1);
    const { dot: _, wall_ms: _w, counter: _c, ...rest } = dataOf((await bare.next()) as ServerEvent);
    assert.deepEqual(rest, { kind: "upsert", id: 1, vectors: [""], kept: [] });
    bare.close();
    assert.equal((await EventReader.open(`${test.url}?with_payload=yes`)).status, 400);
  });

  it("begins with all that was written, or with the points as they are", async () => {
    const test = await listening();
    await put(test, 1, 2, 1);
    await test.ask("POST", `${things}/points/delete?wait=true`, { points: [2] });
    const history = await follow(`${test.url}?from=start`);
    const events = await history.take(4);
    assert.equal(dataOf(events[0] as ServerEvent)["mode"], "history");
    assert.deepEqual(
      events.slice(1).map(({ event }) => event),
      ["upsert", "upsert", "delete"],
    );
    history.close();
    const snapshot = await follow(`${test.url}?from=snapshot&with_vector=true`);
    const [begin, points, end] = await snapshot.take(3);
    assert.equal(begin?.event, "snapshot-begin");
    assert.deepEqual(dataOf(points as ServerEvent), {
      points: [{ id: 1, payload: { n: 1 }, vector: [1, 1] }],
      next_page_offset: null,
    });
    assert.equal(end?.event, "snapshot-end");
    await put(test, 9);
    assert.equal(dataOf((await snapshot.next()) as ServerEvent)["id"], 9);
    snapshot.close();
  });

  it("ends with a word when its collection is deleted", async () => {
    const test = await listening();
    const reader = await follow(test.url);
    await put(test, 1);
    await reader.until(isOperation);
    await test.ask("DELETE", things);
    const events = await reader.until(({ event }) => event === "end");
    assert.equal(events.length, 1);
    assert.equal(dataOf(events.at(-1) as ServerEvent)["reason"], "dropped");
    assert.equal(await reader.next(), undefined);
    assert.equal((await EventReader.open(test.url)).status, 404);
  });

  it("refuses places that are none, and those of other collections", async () => {
    const test = await listening();
    const refused = async (from: string, headers: Record<string, string> = {}) => {
      const { status, refusal } = await EventReader.open(`${test.url}?from=${from}`, { headers });
      return `${status} ${JSON.parse(refusal).status.error}`;
    };
    const other = encodeToken(new Map([["1-1", new Map([[1, 1]])]]));
    assert.match(await refused("soon"), /^400 Bad request: from: not a session token \(/);
    assert.match(
      await refused(other),
      /^400 Bad request: from: the token says nothing of collection things: it is of another collection, of one of this name that was deleted, or of another cluster$/,
    );
    assert.match(await refused("now", { "last-event-id": other }), /^400 Bad request: Last-Event-ID: the token says/);
    assert.match(await refused("A".repeat(9000)), /^400 Bad request: from: over 8192 characters$/);
  });

  it("passes over what a token has seen that this replica does not hold yet", async () => {
    const test = await listening();
    const { id } = test.database.collection("things");
    const mine = test.database.status().replicaId;
    const ahead = encodeToken(
      new Map([
        [
          id,
          new Map([
            [mine, 2],
            [mine === 7 ? 8 : 7, 1_000],
          ]),
        ],
      ]),
    );
    const reader = await follow(`${test.url}?from=${ahead}`);
    const [begin] = await reader.take(1);
    assert.equal(dataOf(begin as ServerEvent)["missing"], 1_002);
    await put(test, 1, 2, 3);
    assert.equal(dataOf((await reader.next()) as ServerEvent)["id"], 3);
    reader.close();
  });

  it("begins behind a write whose token a session has", async () => {
    const test = await listening();
    const written = await put(test, 1);
    const reader = await follow(`${test.url}?from=${written.headers["x-murmur-token"]}`);
    await put(test, 2);
    const events = await reader.until(isOperation);
    assert.equal(dataOf(events.at(-1) as ServerEvent)["id"], 2);
    reader.close();
  });

  it("is refused beyond as many clients as there may be", async () => {
    const { changesOfLog } = await import("./changes-link.js");
    const test = await testApp();
    await test.app.close();
    const { openMemoryDatabase } = await import("../testing/memory-database.js");
    const opened = await openMemoryDatabase();
    const { buildApp } = await import("../app.js");
    const app = await buildApp(opened.database, {
      changes: { open: changesOfLog(opened.log), limits: { clientsMax: 1 } },
    });
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    await app.inject({ method: "PUT", url: things, payload: { vectors: { size: 2, distance: "Dot" } } });
    const path = `${url}/murmur/collections/things/changes`;
    const one = await follow(path);
    await one.take(1);
    const two = await EventReader.open(path);
    assert.equal(two.status, 503);
    assert.match(two.refusal, /1 clients follow changes already \(--stream-clients-max\)/);
    // it ends with the server, with a word
    const closing = app.close();
    assert.equal(dataOf((await one.next()) as ServerEvent)["reason"], "stopping");
    await closing;
    await opened.database.close();
  });

  it("answers HEAD with nothing that goes on", async () => {
    const test = await listening();
    const { status } = await fetch(test.url, { method: "HEAD" });
    assert.equal(status, 200);
  });
});
