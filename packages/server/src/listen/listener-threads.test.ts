import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { it, type TestContext } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { filledApp } from "../testing/test-app.js";
import { ListenerThreads } from "./listener-threads.js";

it("a listener that ends is replaced", async (test: TestContext) => {
  const { app, database } = await filledApp();
  const free = createServer().listen({ port: 0, host: "127.0.0.1" });
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
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
    threadFile: new URL("./deadly-listener.test-support.js", import.meta.url),
  });
  test.after(() => listeners.end());
  listeners.begin([{ address: "127.0.0.1", port }]);
  const ask = async () => {
    while (listeners.count === 0) await after(10);
    const headers = { "content-type": "application/json", connection: "close" };
    const body = JSON.stringify({ query: [1, 2, 3, 4] });
    const url = `http://127.0.0.1:${port}/collections/things/points/query`;
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  for (let i = 0; i < 2; i++) {
    assert.equal(await ask(), 200);
    assert.equal(told.length, i);
    await listeners.told();
    assert.equal(listeners.count, 0);
  }
  assert.deepEqual(new Set(told), new Set(["a listener ended"]));
});
