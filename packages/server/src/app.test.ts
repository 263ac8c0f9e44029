import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { pino } from "pino";
import { filledApp, testApp } from "./testing/test-app.js";

describe("envelope", () => {
  it("wraps a result with status and seconds", async () => {
    const { ask } = await testApp();
    const { statusCode, json, headers } = await ask("GET", "/collections");
    assert.equal(statusCode, 200);
    assert.deepEqual(Object.keys(json), ["result", "status", "time"]);
    assert.equal(json.status, "ok");
    assert.ok(typeof json.time === "number" && json.time > 0 && json.time < 10);
    assert.match(String(headers["content-type"]), /^application\/json/);
  });

  it("wraps an error with its message and seconds", async () => {
    const { ask } = await testApp();
    const { statusCode, json } = await ask("GET", "/collections/none");
    assert.equal(statusCode, 404);
    assert.deepEqual(json.status, { error: "Not found: Collection `none` doesn't exist!" });
    assert.equal(typeof json.time, "number");
  });
});

describe("transport", () => {
  it("answers 404 for an unknown path and 405 with the methods for a known one", async () => {
    const { ask } = await testApp();
    const unknown = await ask("GET", "/nothing");
    assert.equal(unknown.statusCode, 404);
    assert.match(unknown.error ?? "", /^Not found: /);
    const wrongMethod = await ask("DELETE", "/collections");
    assert.equal(wrongMethod.statusCode, 405);
    assert.equal(wrongMethod.headers.allow, "GET");
  });

  it("ignores a trailing slash", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("GET", "/collections/things/")).statusCode, 200);
  });

  it("answers 400 for broken JSON, 415 for another content type and 413 for a body beyond the limit", async () => {
    const { app, ask } = await testApp({ bodyLimitMebibytes: 1 });
    const broken = await ask("PUT", "/collections/a", '{"vectors":');
    assert.equal(broken.statusCode, 400);
    assert.match(broken.error ?? "", /^Format error in JSON body: /);
    const form = await app.inject({
      method: "PUT",
      url: "/collections/a",
      headers: { "content-type": "text/plain" },
      payload: "x",
    });
    assert.equal(form.statusCode, 415);
    assert.match(form.json<{ status: { error: string } }>().status.error, /application\/json/);
    const large = await ask("PUT", "/collections/a", `{"x":"${"x".repeat(1024 * 1024)}"}`);
    assert.equal(large.statusCode, 413);
    assert.ok(large.error);
  });

  it("answers 400 where a body is needed and none is sent", async () => {
    const { ask } = await filledApp();
    for (const path of [
      "/collections/things/points/query",
      "/collections/things/points/scroll",
      "/collections/things/points",
    ]) {
      assert.equal((await ask("POST", path)).statusCode, 400, path);
      assert.equal((await ask("POST", path, "")).statusCode, 400, path);
      assert.equal((await ask("POST", path, "[]")).statusCode, 400, path);
      assert.equal((await ask("POST", path, "null")).statusCode, 400, path);
    }
  });

  it("answers 400 for a path that is not valid percent-encoding", async () => {
    const { ask } = await testApp();
    const { statusCode, error, json } = await ask("GET", "/collections/%E0%A4%A");
    assert.equal(statusCode, 400);
    assert.ok(error);
    assert.equal(typeof json.time, "number");
  });

  it("survives deep nesting and keys that reach for prototypes", async () => {
    const { ask } = await filledApp();
    const deep = `{"points":[{"id":1,"vector":[1,2,3,4],"payload":{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}}]}`;
    assert.equal((await ask("PUT", "/collections/things/points", deep)).statusCode, 400);
    const prototype = '{"points":[{"id":1,"vector":[1,2,3,4],"payload":{"__proto__":{"polluted":1}}}]}';
    assert.equal((await ask("PUT", "/collections/things/points", prototype)).statusCode, 400);
    assert.equal((await ask("GET", "/collections/constructor")).statusCode, 404);
    assert.equal((await ask("GET", "/collections/__proto__")).statusCode, 404);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  });

  it("takes repeated slashes for one", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("GET", "//collections")).statusCode, 200);
    assert.equal((await ask("GET", "///collections//things//points///1/")).statusCode, 200);
    const wrongMethod = await ask("DELETE", "//collections");
    assert.deepEqual([wrongMethod.statusCode, wrongMethod.headers.allow], [405, "GET"]);
    // a slash in a name is one of the name, and the query is not the path
    assert.equal((await ask("GET", "/collections/%2F%2Fthings")).statusCode, 404);
    assert.match((await ask("GET", "/telemetry?timeout=1//2")).error ?? "", /"1\/\/2"/);
  });

  it("compresses answers and takes compressed bodies; an encoding that it does not know is named", async () => {
    const { app } = await filledApp();
    const headers = { "accept-encoding": "gzip" };
    const response = await app.inject({ method: "GET", url: "/openapi.json", headers });
    assert.equal(response.headers["content-encoding"], "gzip");
    assert.ok(JSON.parse(gunzipSync(response.rawPayload).toString()));
    // one that is made by a promise, and compressed while that is over already
    const metrics = await app.inject({ method: "GET", url: "/metrics", headers });
    assert.equal(metrics.headers["content-encoding"], "gzip");
    assert.match(gunzipSync(metrics.rawPayload).toString(), /murmur_info/);
    const nothing = Buffer.of(0x7b, 0x7d);
    const count = (encoding: string, payload: Buffer) =>
      app.inject({
        method: "POST",
        url: "/collections/things/points/count",
        headers: { "content-type": "application/json", "content-encoding": encoding },
        payload,
      });
    assert.equal((await count("gzip", gzipSync(nothing))).json<{ result: { count: number } }>().result.count, 3);
    assert.equal((await count("identity", nothing)).statusCode, 200);
    const unknown = await count("zstd", nothing);
    assert.equal(unknown.statusCode, 415);
    assert.match(unknown.body, /content-encoding .*zstd.* is not supported, only br, gzip, deflate and identity/);
    const broken = await count("gzip", nothing);
    assert.equal(broken.statusCode, 400);
    assert.match(broken.body, /the body is not what its content-encoding gzip says/);
    const bomb = await count("gzip", gzipSync(Buffer.alloc(33 * 1024 * 1024, 0x20)));
    assert.equal(bomb.statusCode, 413);
  });

  const preflight = async (origin: string, corsOrigins: readonly string[]) => {
    const { app } = await filledApp({ corsOrigins });
    const headers = { origin, "access-control-request-method": "DELETE", "access-control-request-headers": "api-key" };
    const asked = await app.inject({ method: "OPTIONS", url: "/collections/things", headers });
    const read = await app.inject({ method: "GET", url: "/collections", headers: { origin } });
    const allowed = read.headers["access-control-allow-origin"];
    assert.equal(asked.headers["access-control-allow-origin"], allowed);
    assert.equal(
      asked.statusCode === 204 && /DELETE/.test(String(asked.headers["access-control-allow-methods"])),
      allowed !== undefined,
    );
    return allowed;
  };

  it("lets pages of this machine use it, and of no other origin unless it is told to", async () => {
    for (const origin of ["http://localhost", "http://localhost:3000", "https://127.0.0.1:8443", "http://[::1]:5173"]) {
      assert.equal(await preflight(origin, []), origin);
    }
    const others = [
      "http://example.org",
      "null",
      "http://localhost.example.org",
      "http://127.0.0.1.example.org:80",
      "file://localhost",
    ];
    for (const origin of others) assert.equal(await preflight(origin, []), undefined, origin);
    assert.equal(await preflight("https://app.example.org", ["https://app.example.org"]), "https://app.example.org");
    assert.equal(await preflight("http://app.example.org", ["https://app.example.org"]), undefined);
    assert.equal(await preflight("http://localhost:1", ["https://app.example.org"]), "http://localhost:1");
    assert.equal(await preflight("http://example.org", ["*"]), "*");
  });

  it("refuses a name of more than 255 characters with 422 on every route", async () => {
    const { app, ask } = await testApp();
    const long = "x".repeat(256);
    for (const [method, rest] of [
      ["GET", ""],
      ["PUT", ""],
      ["PATCH", ""],
      ["DELETE", ""],
      ["GET", "/exists"],
      ["POST", "/points/count"],
      ["PUT", "/points"],
      ["PUT", "/index"],
    ] as const) {
      const { statusCode, error } = await ask(method, `/collections/${long}${rest}`, method === "GET" ? undefined : {});
      assert.equal(statusCode, 422, `${method} ${rest}`);
      assert.match(error ?? "", /^Validation error in path parameters: \[collection_name: /);
    }
    assert.equal((await ask("GET", `/collections/${"é".repeat(255)}`.normalize())).statusCode, 404);
    await app.close();
  });

  it("logs one line for a slow request and none for a fast one", async () => {
    const lines: string[] = [];
    const log = pino({ level: "info" }, { write: (line) => void lines.push(line) });
    const fast = await testApp({ log, slowRequestMs: 60_000 });
    await fast.ask("GET", "/collections");
    assert.equal(lines.length, 0);
    const slow = await testApp({ log, slowRequestMs: 0.000_001 });
    await slow.ask("GET", "/collections");
    assert.equal(lines.filter((line) => line.includes("slow request")).length, 1);
    assert.equal(lines.length, 1);
  });

  it("sends a streamed answer whole after it has waited for something", async () => {
    const { ask } = await filledApp();
    const points = Array.from({ length: 1_500 }, (_, id) => ({
      id,
      vector: [1, 2, 3, 4],
      payload: { text: "x".repeat(80) },
    }));
    assert.equal((await ask("PUT", "/collections/things/points", { points })).statusCode, 200);
    const body = { limit: points.length, with_payload: true };
    const at = "/collections/things/points/scroll";
    const atOnce = await ask("POST", at, body);
    const waited = await ask("POST", at, body, { "x-murmur-digest": "1" });
    assert.ok(atOnce.text.length > 100_000);
    assert.deepEqual(waited.json.result, atOnce.json.result);
  });
});
