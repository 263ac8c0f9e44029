import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

const { request } = await startE2eServer(["--cors-origin", "https://app.example.org"]);

test("repeated slashes are one, with a body and without", async () => {
  const vectors = { size: 2, distance: "Dot" };
  assert.equal((await request("PUT", "//collections///slashes/", { vectors })).status, 200);
  assert.equal((await request("GET", "//collections")).status, 200);
  assert.equal((await request("POST", "/collections//slashes//points//count", {})).status, 200);
});

test("a content-encoding that is unknown is named", async () => {
  const answer = await request("POST", "/collections/slashes/points/count", "{}", { "content-encoding": "snappy" });
  assert.equal(answer.status, 415);
  assert.match(answer.text, /content-encoding .*snappy.* is not supported/);
});

test("pages of this machine and of the given origin may use it, others may not", async () => {
  for (const [origin, allowed] of [
    ["http://localhost:3000", true],
    ["https://app.example.org", true],
    ["https://example.org", false],
  ] as const) {
    const preflight = await request("OPTIONS", "/collections/slashes", undefined, {
      origin,
      "access-control-request-method": "DELETE",
    });
    assert.equal(preflight.headers.get("access-control-allow-origin"), allowed ? origin : null);
    const answer = await request("GET", "/collections", undefined, { origin });
    assert.deepEqual(
      [answer.status, answer.headers.get("access-control-allow-origin")],
      [200, allowed ? origin : null],
    );
  }
});

test("pages of other origins can send nothing that changes, with a body or without", async () => {
  const send = async (
    origin: string | undefined,
    path = "/collections/slashes/points/delete?wait=true",
    body?: object,
  ) => (await request("POST", path, body, origin === undefined ? {} : { origin })).status;
  for (const origin of [
    "https://example.org",
    "null",
    "http://localhost.example.org",
    "https://app.example.org.evil",
  ]) {
    assert.equal(await send(origin, "/murmur/cluster/members/1/evict"), 403, origin);
    assert.equal(await send(origin, undefined, { points: [1] }), 403, origin);
  }
  for (const origin of [undefined, "https://app.example.org", "http://127.0.0.1:8080"])
    assert.equal(await send(origin, undefined, { points: [1] }), 200, origin);
});

test("the version is the newest whose routes are spoken", async () => {
  const { version } = JSON.parse((await request("GET", "/")).text) as { version: string };
  assert.match(version, /^1\.19\.\d+$/);
});
