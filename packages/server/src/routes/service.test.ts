import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { putUnreadableAlias, sendMisfit, unreadableAlias } from "../testing/left-out.js";
import { memberApp, silentCluster, until } from "../testing/member-app.js";
import { fill, filledApp, testApp } from "../testing/test-app.js";

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
    const { ask, log } = await testApp();
    for (const path of ["/healthz", "/livez", "/readyz"]) {
      const { statusCode, headers } = await ask("GET", path);
      assert.equal(statusCode, 200);
      assert.match(String(headers["content-type"]), /^text\/plain/);
    }
    assert.equal((await ask("GET", "/healthz")).text, "healthz check passed");
    assert.equal((await ask("GET", "/readyz")).text, "all shards are ready");
    log.failAfter(0);
    const refused = await ask("PUT", "/collections/a", { vectors: { size: 2, distance: "Dot" } });
    assert.equal(refused.statusCode, 500);
    const { statusCode, text } = await ask("GET", "/readyz");
    const lines = ["some shards are not ready", "writes fail: the disk is full"];
    assert.deepEqual([statusCode, text.split("\n")], [503, lines]);
    assert.equal((await ask("GET", "/healthz")).statusCode, 200);
  });

  it("name in the status what is left out of the state, which is no reason not to be ready", async () => {
    const before = await testApp();
    await fill(before);
    await before.database.close();
    putUnreadableAlias(before.log);
    const { ask, database } = await testApp({}, { log: before.log });
    await until("it is told", () => database.status().leftOut.catalogueProblems.total === 1);
    const { set_aside, catalogue_problems, ready } = (await ask("GET", "/murmur/status")).json.result as {
      readonly [field: string]: unknown;
    };
    assert.deepEqual(set_aside, { total: 0, operations: [] });
    assert.deepEqual(catalogue_problems, { total: 1, problems: [unreadableAlias] });
    assert.equal(ready, true);
    assert.equal((await ask("GET", "/readyz")).statusCode, 200);
    assert.match((await ask("GET", "/metrics")).text, /^murmur_catalogue_problems 1$/m);
  });

  it("name in the status what a member sent that does not fit, which is no reason not to be ready", async () => {
    const member = await memberApp([2]);
    const { ask, database } = member;
    await sendMisfit(member, 2, "things");
    const { set_aside, ready } = (await ask("GET", "/murmur/status")).json.result as {
      readonly set_aside: { readonly total: number; readonly operations: readonly { readonly since: string }[] };
      readonly ready: boolean;
    };
    const [{ since, ...operation } = { since: "" }, ...others] = set_aside.operations;
    const dot = { shard: database.collection("things").id, origin: 2, sequence: 1 };
    const what = { code: "corrupt", reason: "", from: 2, attempts: 1 };
    assert.deepEqual([set_aside.total, { ...operation, reason: "" }, others], [1, { ...dot, ...what }, []]);
    assert.match(since, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.equal(ready, true);
  });

  it("stay in reach while a replica joins, which refuses every other route and says whom it waits for", async () => {
    const { ask, database, written } = await testApp({}, { cluster: silentCluster(1) });
    await until("it says why", () => /must hear 1 others/.test(database.refusesReads() ?? ""));
    for (const path of ["/", "/healthz", "/livez", "/metrics", "/murmur/status", "/murmur/cluster", "/telemetry"])
      assert.equal((await ask("GET", path)).statusCode, 200, path);
    const writtenBefore = written.length;
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
      assert.deepEqual([statusCode, /must hear 1 others/.test(error)], [503, true], `${method} ${path}`);
    }
    assert.equal(written.length, writtenBefore);
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
    const validated = async (body: object | undefined) => {
      const { json } = await ask("POST", "/murmur/collections/things/validate", body);
      const { graphs, recall } = json.result as {
        readonly graphs: { readonly "": { readonly violations: readonly unknown[] } };
        readonly recall: unknown;
      };
      return [graphs[""].violations, recall];
    };
    assert.deepEqual(await validated(undefined), [[], { "": { recall_at_10: 1, samples: 3 } }]);
    assert.deepEqual(await validated({ samples: 2 }), [[], { "": { recall_at_10: 1, samples: 2 } }]);
    const { result } = (await ask("GET", "/murmur/collections/named/points/1/links?vector=text")).json;
    // how many levels a node has follows from its name, which has the id of the replica in it: a random one
    const levels = result as readonly { readonly level: number; readonly neighbours: readonly unknown[] }[];
    assert.ok(levels.length >= 1);
    assert.deepEqual(
      levels,
      levels.map((_, level) => ({ level, neighbours: [] })),
    );
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
