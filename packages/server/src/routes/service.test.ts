import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp, testApp } from "../testing/test-app.js";

describe("service routes", () => {
  it("answer the version check of clients with exactly three keys", async () => {
    const { ask } = await testApp();
    const { json } = await ask("GET", "/");
    assert.deepEqual(Object.keys(json).sort(), ["commit", "title", "version"]);
    assert.deepEqual(
      { ...json, commit: "" },
      { title: "qdrant - vector search engine", version: "1.19.0", commit: "" },
    );
    assert.match((json as { commit: string }).commit, /^[0-9a-f]{40}$/);
  });

  it("answer probes with plain text, and 503 while writes are refused", async () => {
    const { ask, database } = await testApp();
    for (const path of ["/healthz", "/livez", "/readyz"]) {
      const { statusCode, headers } = await ask("GET", path);
      assert.equal(statusCode, 200);
      assert.match(String(headers["content-type"]), /^text\/plain/);
    }
    assert.equal((await ask("GET", "/healthz")).text, "healthz check passed");
    assert.equal((await ask("GET", "/readyz")).text, "all shards are ready");
    database.reasons = ["writes fail: the disk is full", "this replica was evicted"];
    const { statusCode, text } = await ask("GET", "/readyz");
    const lines = ["some shards are not ready", "writes fail: the disk is full", "this replica was evicted"];
    assert.deepEqual([statusCode, text.split("\n")], [503, lines]);
    assert.equal((await ask("GET", "/healthz")).statusCode, 200);
  });

  it("name in the status what is left out of the state, which is no reason not to be ready", async () => {
    const { ask, database } = await testApp();
    const operation = { shard: "1-1", origin: 2, sequence: 9, reason: "no room", from: 3, attempts: 4 };
    database.leftOut = {
      setAside: { total: 30, first: [{ ...operation, code: "capacity", sinceMs: 5_000 }] },
      catalogueProblems: { total: 1, first: ["aliases: not a map"] },
    };
    const { set_aside, catalogue_problems, ready } = (await ask("GET", "/murmur/status")).json.result as {
      readonly [field: string]: unknown;
    };
    const since = "1970-01-01T00:00:05.000Z";
    assert.deepEqual(set_aside, { total: 30, operations: [{ ...operation, code: "capacity", since }] });
    assert.deepEqual(catalogue_problems, { total: 1, problems: ["aliases: not a map"] });
    assert.equal(ready, true);
    assert.equal((await ask("GET", "/readyz")).statusCode, 200);
    assert.match((await ask("GET", "/metrics")).text, /^murmur_catalogue_problems 1$/m);
  });

  it("stay in reach while a replica joins, which refuses every other route and says whom it waits for", async () => {
    const { ask, database } = await filledApp();
    database.joining = "this replica joins: it waits for replica 7 (us), which is not heard";
    database.reasons = [database.joining];
    for (const path of ["/", "/healthz", "/livez", "/metrics", "/murmur/status", "/murmur/cluster", "/telemetry"])
      assert.equal((await ask("GET", path)).statusCode, 200, path);
    const writtenBefore = database.written.length;
    const point = { points: [{ id: 1, vector: [1, 2] }] };
    for (const [method, path, body] of [
      ["GET", "/collections", undefined],
      ["GET", "/collections/nowhere", undefined],
      ["GET", "/collections/nowhere/exists", undefined],
      ["GET", "/aliases", undefined],
      ["PUT", "/collections/new", { vectors: { size: 2, distance: "Dot" } }],
      ["PUT", "/collections/nowhere/points", point],
      ["POST", "/collections/nowhere/points/scroll", {}],
      ["POST", "/collections/nowhere/points/query", {}],
      ["DELETE", "/collections/nowhere", undefined],
    ] as const) {
      const { statusCode, json } = await ask(method, path, body);
      const { error } = json.status as { readonly error: string };
      assert.deepEqual([statusCode, /waits for replica 7 \(us\)/.test(error)], [503, true], `${method} ${path}`);
    }
    assert.equal(database.written.length, writtenBefore);
  });

  it("tell telemetry the name and version that clients look for", async () => {
    const { ask } = await filledApp();
    const { app, collections } = (await ask("GET", "/telemetry?details_level=2")).json.result as {
      app: { name: string; version: string };
      collections: { number_of_collections: number };
    };
    assert.equal(app.name, "qdrant");
    assert.match(app.version, /^\d+\.\d+\.\d+$/);
    assert.equal(collections.number_of_collections, 2);
  });
});

describe("our own routes", () => {
  it("show status, digest, validation and links", async () => {
    const { ask } = await filledApp();
    assert.equal(((await ask("GET", "/murmur/status")).json.result as { ready: boolean }).ready, true);
    assert.equal(((await ask("GET", "/murmur/collections/things/digest")).json.result as { points: number }).points, 3);
    assert.deepEqual((await ask("POST", "/murmur/collections/things/validate")).json.result, {
      valid: true,
      samples: 100,
    });
    assert.deepEqual((await ask("POST", "/murmur/collections/things/validate", { samples: 7 })).json.result, {
      valid: true,
      samples: 7,
    });
    assert.deepEqual((await ask("GET", "/murmur/collections/named/points/1/links?vector=text")).json.result, {
      id: 1,
      vector: "text",
      layers: [],
    });
  });

  it("refuse unknown collections, points, vectors and sample counts", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("GET", "/murmur/collections/none/digest")).statusCode, 404);
    assert.equal((await ask("POST", "/murmur/collections/none/validate")).statusCode, 404);
    assert.equal((await ask("POST", "/murmur/collections/things/validate", { samples: 0 })).statusCode, 422);
    assert.equal((await ask("POST", "/murmur/collections/things/validate", { samples: "all" })).statusCode, 400);
    assert.equal((await ask("GET", "/murmur/collections/things/points/9/links")).statusCode, 404);
    assert.equal((await ask("GET", "/murmur/collections/things/points/x/links")).statusCode, 400);
    assert.equal((await ask("GET", "/murmur/collections/named/points/1/links")).statusCode, 400);
  });
});
