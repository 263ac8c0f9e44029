import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();

test("the root names the dialect and a version that the client takes", async () => {
  const { status, text } = await request("GET", "/");
  assert.equal(status, 200);
  const root = JSON.parse(text) as { title: string; version: string; commit: string };
  assert.deepEqual(Object.keys(root).sort(), ["commit", "title", "version"]);
  assert.equal(root.title, "qdrant - vector search engine");
  assert.match(root.version, /^1\.19\.\d+$/);
  assert.match(root.commit, /^[0-9a-f]{40}$/);
  assert.equal((await client.versionInfo()).version, root.version);
});

test("the probes answer in plain text", async () => {
  for (const [path, text] of [
    ["/healthz", "healthz check passed"],
    ["/livez", "healthz check passed"],
    ["/readyz", "all shards are ready"],
  ] as const) {
    const answer = await request("GET", path);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, text);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/);
  }
});

test("telemetry tells name and version", async () => {
  for (const query of ["", "?details_level=10&anonymize=true"]) {
    const { status, body } = await request("GET", `/telemetry${query}`);
    assert.equal(status, 200);
    const { app, collections } = body.result as { app: { name: string; version: string }; collections: object };
    assert.equal(app.name, "qdrant");
    assert.match(app.version, /^\d+\.\d+\.\d+$/);
    assert.equal((collections as { number_of_collections: number }).number_of_collections, 0);
  }
});

test("the OpenAPI document lists every route of the first tier", async () => {
  const { status, text } = await request("GET", "/openapi.json");
  assert.equal(status, 200);
  const { openapi, paths } = JSON.parse(text) as { openapi: string; paths: Record<string, Record<string, unknown>> };
  assert.match(openapi, /^3\./);
  const c = "/collections/{collection_name}";
  const expected = {
    "/collections": ["get"],
    [c]: ["get", "put", "patch", "delete"],
    [`${c}/exists`]: ["get"],
    [`${c}/points`]: ["put", "post"],
    [`${c}/points/{id}`]: ["get"],
    [`${c}/points/delete`]: ["post"],
    [`${c}/points/query`]: ["post"],
    [`${c}/points/query/batch`]: ["post"],
    [`${c}/points/scroll`]: ["post"],
    [`${c}/points/count`]: ["post"],
    [`${c}/points/payload`]: ["post", "put"],
    [`${c}/points/payload/delete`]: ["post"],
    [`${c}/points/payload/clear`]: ["post"],
    [`${c}/points/vectors`]: ["put"],
    [`${c}/index`]: ["put"],
    [`${c}/index/{field_name}`]: ["delete"],
    [`${c}/points/search`]: ["post"],
    [`${c}/points/search/batch`]: ["post"],
    "/collections/aliases": ["post"],
    "/telemetry": ["get"],
  };
  for (const [path, methods] of Object.entries(expected)) {
    assert.deepEqual(
      methods.filter((method) => paths[path]?.[method] === undefined),
      [],
      `${path} is described`,
    );
  }
});

test("answers may be compressed, and pages of this machine may ask", async () => {
  await client.createCollection("wide", { vectors: { size: 512, distance: "Dot" } });
  const vector = Array.from({ length: 512 }, (_, i) => i / 3);
  await client.upsert("wide", { wait: true, points: [{ id: 1, vector }] });
  for (const encoding of ["gzip", "br"]) {
    const headers = { "accept-encoding": encoding, origin: "http://localhost:3000" };
    const answer = await request("GET", "/collections/wide/points/1", undefined, headers);
    assert.equal(answer.headers.get("content-encoding"), encoding);
    assert.equal((answer.body.result as { vector: number[] }).vector.length, 512);
    assert.equal(answer.headers.get("access-control-allow-origin"), headers.origin);
  }
});

test("a slash at the end of a path is ignored; an unknown path is 404, a wrong method 405", async () => {
  assert.equal((await request("GET", "/collections/")).status, 200);
  assert.equal((await request("GET", "/collections/wide/exists/")).status, 200);
  assert.equal((await request("GET", "/no/such/path")).status, 404);
  const wrong = await request("DELETE", "/collections/wide/points/query/batch");
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "POST");
});
