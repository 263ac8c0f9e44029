import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { freePort } from "../testing/free-port.js";
import { filledApp } from "../testing/test-app.js";
import { ListenerThreads } from "./listener-threads.js";

const LOOK_EVERY_MS = 300;

async function oneListener(file: string) {
  const { app, database } = await filledApp();
  const told: string[] = [];
  const listeners = new ListenerThreads({
    listeners: 1,
    database,
    guard: undefined,
    connectionsMax: 0,
    requestTimeoutMs: 60_000,
    readTimeoutMs: 60_000,
    fixedFields: [],
    onConnection: (connection) => app.server.emit("connection", connection),
    onAnswered: () => undefined,
    tell: (what) => told.push(what),
    threadFile: new URL(file, import.meta.url),
    lookEveryMs: LOOK_EVERY_MS,
  });
  return { listeners, told, database };
}

for (const [how, file] of [
  ["ends", "./deadly-listener.test-support.js"],
  ["stands still", "./stuck-listener.test-support.js"],
] as const) {
  it(`a listener that ${how} is replaced`, async (test: TestContext) => {
    const { listeners, told } = await oneListener(file);
    const port = await freePort();
    test.after(() => listeners.end());
    listeners.begin([{ address: "127.0.0.1", port }]);
    const ask = async () => {
      while (listeners.count === 0) await after(10);
      const headers = { "content-type": "application/json", connection: "close" };
      const body = JSON.stringify({ query: [1, 2, 3, 4] });
      const url = `http://127.0.0.1:${port}/collections/things/points/query`;
      return (await fetch(url, { method: "POST", headers, body })).status;
    };
    assert.equal(await ask(), 200);
    assert.equal(told.length, 0);
    // it ends, or is ended, before it has told
    await listeners.told();
    assert.equal(listeners.count, 0);
    assert.equal(await ask(), 200);
    assert.deepEqual(new Set(told), new Set(["a listener ended"]));
  });
}

it("a listener ends that is told to before it knows what it answers from", async (test: TestContext) => {
  const { listeners, told, database } = await oneListener("./listener-thread.js");
  test.after(() => listeners.end());
  const followedAt = database.followedAt.bind(database);
  let answer = (): void => undefined;
  const isAnswered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  database.followedAt = async (port) => {
    const start = await followedAt(port);
    await isAnswered;
    return start;
  };
  listeners.begin([{ address: "127.0.0.1", port: await freePort() }]);
  const closing = listeners.close();
  answer();
  await closing;
  assert.equal(listeners.count, 0);
  assert.deepEqual(told, []);
});
