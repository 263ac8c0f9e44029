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

test("the version is the newest whose routes are spoken", async () => {
  const { version } = JSON.parse((await request("GET", "/")).text) as { version: string };
  assert.match(version, /^1\.19\.\d+$/);
});
