import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();
await client.createCollection("a", { vectors: { size: 2, distance: "Dot" } });
await client.upsert("a", { wait: true, points: [{ id: 1, vector: [1, 2], payload: { n: 1 } }] });

test("the official client asks for consistency as it always did", async () => {
  for (const consistency of [1, "majority", "quorum", "all"] as const) {
    const { points } = await client.query("a", {
      query: [1, 1],
      limit: 1,
      with_payload: true,
      consistency,
      timeout: 5,
    });
    assert.deepEqual(points[0]?.payload, { n: 1 });
    assert.equal((await client.retrieve("a", { ids: [1], consistency })).length, 1);
    assert.equal((await client.scroll("a", { limit: 10, consistency })).points.length, 1);
  }
  for (const ordering of ["weak", "medium", "strong"] as const) {
    const answer = await client.upsert("a", {
      wait: true,
      ordering,
      points: [{ id: 1, vector: [1, 2], payload: { n: 1 } }],
    });
    assert.equal(answer.status, "completed");
  }
  assert.equal((await client.retrieve("a", { ids: [1], consistency: 2 })).length, 1, "it stands alone");
  const asked = client.retrieve("a", { ids: [1], consistency: 0 });
  await refused(asked, 422, /consistency: value 0 invalid, must be 1 or larger/);
});

test("a token goes from answer to request, and a write is in the token of its answer", async () => {
  const search = "/collections/a/points/query";
  const first = await request("POST", search, { query: [1, 1], limit: 1 });
  const before = first.headers.get("x-murmur-token") ?? "";
  assert.match(before, /^[\w-]+$/);
  const points = [{ id: 2, vector: [5, 5] }];
  const written = await request("PUT", "/collections/a/points?wait=true&write_consistency=all", { points });
  assert.match(written.headers.get("x-murmur-consistency") ?? "", /^done; agreed=1; needed=1; members=1$/);
  const token = written.headers.get("x-murmur-token") ?? "";
  assert.notEqual(token, before);
  const again = await request("POST", search, { query: [1, 1], limit: 1 }, { "x-murmur-token": token });
  assert.deepEqual([again.status, again.headers.get("x-murmur-token")], [200, token]);
  const garbage = await request("POST", search, { query: [1, 1], limit: 1 }, { "x-murmur-token": `${token}A` });
  assert.equal(garbage.status, 400);
});

test("an answer carries its frontier and the digests that the collection has there", async () => {
  const asked = { "x-murmur-frontier": "1", "x-murmur-digest": "1" };
  const { headers } = await request("POST", "/collections/a/points/query", { query: [1, 1], limit: 1 }, asked);
  const { body } = await request("GET", "/murmur/collections/a/digest");
  const digest = body.result as { frontier: object; points_digest: string; graph_digest: string };
  const frontier = Object.entries(digest.frontier).map(([origin, sequence]) => `${origin}:${sequence}`);
  assert.equal(headers.get("x-murmur-frontier"), frontier.join(","));
  assert.equal(headers.get("x-murmur-digest"), `points=${digest.points_digest}; graph=${digest.graph_digest}`);
});
