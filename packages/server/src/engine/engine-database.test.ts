import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import type { Command } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { pino } from "pino";
import { LocalReaders } from "../read/local-readers.js";
import { heapOfThisThread } from "../threads/heap.js";
import { EngineDatabase } from "./engine-database.js";
import { Followed } from "./followed.js";
import { sharedMemoryState } from "./memory-guard.js";

const catalogue = { collections: {}, aliases: {}, members: [] };
const command: Command = { kind: "delete-collection", name: "a" };
const failsWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && message.test(error.message);

/** The database with an engine's thread that runs this code instead of the engine. */
function databaseOn(code: string): {
  readonly database: EngineDatabase;
  readonly worker: Worker;
  readonly released: () => number;
} {
  let released = 0;
  const worker = new Worker(`const { parentPort } = require("node:worker_threads"); ${code}`, { eval: true });
  const database = new EngineDatabase({
    memory: sharedMemoryState(),
    engine: worker,
    heap: heapOfThisThread(),
    followed: new Followed({ catalogue, frontier: new Map(), shards: new Map() }, () => undefined),
    readers: new LocalReaders(() => ({ bytesOf: () => new Uint8Array(0) })),
    log: pino({ level: "silent" }),
    replicaId: 1,
    onClosed: () => {
      released++;
    },
  });
  return { database, worker, released: () => released };
}

const silentEngine = `parentPort.on("message", (request) => {
  if (request.kind === "close") { parentPort.postMessage({ kind: "closed" }); parentPort.close(); }
});`;
/** Holds its answers back until it is told to release them. */
const heldEngine = `const held = []; let isReleased = false; parentPort.on("message", (request) => {
  if (request === "release") isReleased = true;
  else if (request.kind === "write" || request.kind === "write-pieces") held.push(request.request);
  else if (request.kind === "close") { parentPort.postMessage({ kind: "closed" }); parentPort.close(); }
  if (isReleased) for (const request of held.splice(0))
    parentPort.postMessage({ kind: "committed", changes: [], outcomes: [{ request, receipt: { operationId: 1, changed: true } }] });
});`;

describe("the database on its engine's thread", () => {
  it("refuses a write when too many are under way, and takes writes again afterwards", async () => {
    const { database, worker } = databaseOn(heldEngine);
    const writes = Array.from({ length: 4096 }, () => database.write(command));
    await assert.rejects(database.write(command), failsWith("unavailable", /too many writes under way: at most 4096/));
    // a question counts as well
    await assert.rejects(database.digest("a"), failsWith("unavailable", /too many/));
    worker.postMessage("release");
    await Promise.all(writes);
    assert.deepEqual(await database.write(command), { operationId: 1, changed: true });
    await database.close();
  });

  it("refuses writes over the bound on bytes under way, until some are done", async () => {
    const { database, worker } = databaseOn(heldEngine);
    const large = new Float32Array(new SharedArrayBuffer(200 * 1024 * 1024));
    const upsert: Command = {
      kind: "upsert-points",
      collection: "a",
      points: [{ id: 1, vectors: { "": large }, payload: {} }],
      mode: "upsert",
    };
    const underWay = [database.write(upsert), database.write(upsert)];
    await assert.rejects(database.write(upsert), failsWith("unavailable", /536870912 bytes/));
    worker.postMessage("release");
    await Promise.all(underWay);
    await database.write(upsert);
    await database.close();
  });

  it("refuses what was under way and what comes later when the thread dies, and can still be closed", async () => {
    const { database, worker, released } = databaseOn(`parentPort.once("message", () => process.exit(3));`);
    await assert.rejects(database.write(command), failsWith("unavailable", /ended with code 3/));
    await assert.rejects(database.write(command), failsWith("unavailable", /ended with code 3/));
    assert.equal(worker.threadId, -1);
    const { ready, reason } = database.status();
    assert.deepEqual([ready, reason], [false, "the engine's thread ended with code 3"]);
    assert.equal(released(), 1);
    await database.close();
  });

  it("refuses what was under way when the thread throws", async () => {
    const { database, worker } = databaseOn(`parentPort.once("message", () => { throw new Error("boom"); });`);
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    await assert.rejects(database.write(command), failsWith("unavailable", /the engine's thread (failed|ended)/));
    await ended;
    await assert.rejects(database.write(command), failsWith("unavailable", /the engine's thread/));
    await database.close();
  });

  it("refuses what is under way when the thread dies while it is closing", async () => {
    const { database } = databaseOn(
      `parentPort.on("message", (request) => { if (request.kind === "close") process.exit(1); });`,
    );
    const write = database.write(command);
    const closing = database.close();
    await assert.rejects(write, failsWith("unavailable", /ended with code 1/));
    await closing;
  });

  it("refuses writes and questions once it is closing, and closes once", async () => {
    const { database, released } = databaseOn(silentEngine);
    const closing = database.close();
    assert.equal(database.close(), closing);
    await assert.rejects(database.write(command), failsWith("unavailable", /stopping/));
    await assert.rejects(database.digest("a"), failsWith("unavailable", /stopping/));
    assert.deepEqual([database.status().ready, database.status().reason], [false, "the server is stopping"]);
    await closing;
    assert.ok(released() >= 1);
  });

  it("is not ready from a write that the storage failed to the next durable one; other refusals change nothing", async () => {
    const error = (code: string) => `{ code: "${code}", message: "${code} it is" }`;
    const { database } = databaseOn(`const answers = [
        { receipt: { operationId: 1, changed: true } }, { error: ${error("storage")} }, { error: ${error("not-found")} },
        { receipt: { operationId: 1, changed: false } }, { receipt: { operationId: 2, changed: true } } ];
      parentPort.on("message", ({ kind, request }) => {
        if (kind === "close") { parentPort.postMessage({ kind: "closed" }); return parentPort.close(); }
        if (kind === "ask") return parentPort.postMessage({ kind: "refused", request, error: ${error("storage")} });
        parentPort.postMessage({ kind: "committed", changes: [], outcomes: [{ request, ...answers.shift() }] });
      });`);
    await database.write(command);
    assert.equal(database.status().ready, true);
    await assert.rejects(database.write(command), failsWith("storage", /storage it is/));
    assert.equal(database.status().reason, "writes fail: storage it is");
    await assert.rejects(database.write(command), failsWith("not-found", /./));
    await database.write(command);
    assert.equal(database.status().ready, false);
    await database.write(command);
    assert.deepEqual([database.status().ready, database.status().reason], [true, undefined]);
    await database.close();
  });

  it("is ready again without another write once a probe of the log goes through", async () => {
    const storage = `{ code: "storage", message: "full" }`;
    const { database, worker } = databaseOn(`parentPort.on("message", ({ kind, request }) => {
      if (kind === "close") { parentPort.postMessage({ kind: "closed" }); return parentPort.close(); }
      if (kind === "ask") return parentPort.postMessage({ kind: "answer", request, answer: true });
      parentPort.postMessage({ kind: "committed", changes: [], outcomes: [{ request, error: ${storage} }] });
    });`);
    await assert.rejects(database.write(command), failsWith("storage", /full/));
    const probed = new Promise((resolve) => worker.on("message", ({ kind }) => kind === "answer" && resolve(kind)));
    assert.equal(database.status().ready, false);
    await probed;
    // the answer is settled before this turn of the loop is over
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(database.status().ready, true);
    await database.close();
  });
});
