import assert from "node:assert/strict";
import { test } from "node:test";
import { QdrantClient } from "@qdrant/js-client-rest";
import { startE2eServer } from "./e2e-server.js";

const [apiKey, readOnlyKey] = ["key-of-an-end-to-end-test", "read-only-key-of-an-end-to-end-test"];
const { address } = await startE2eServer(["--api-key", apiKey, "--read-only-api-key", readOnlyKey, "--jwt-rbac"]);
const clientWith = (key?: string) => new QdrantClient({ url: address, ...(key === undefined ? {} : { apiKey: key }) });

const base64url = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("base64url");

/** A token as users make one, with no library. */
async function token(claims: object): Promise<string> {
  const [head, body] = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    base64url(Buffer.from(JSON.stringify(part))),
  );
  const key = await crypto.subtle.importKey("raw", Buffer.from(apiKey), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  const signature = await crypto.subtle.sign("HMAC", key, Buffer.from(`${head}.${body}`));
  return `${head}.${body}.${base64url(new Uint8Array(signature))}`;
}

async function statusOf(call: Promise<unknown>): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    return (error as { readonly status: number }).status;
  }
}

test("the official client works with a key, and is told what a lesser one may not do", async () => {
  const client = clientWith(apiKey);
  await client.createCollection("ours", { vectors: { size: 2, distance: "Cosine" } });
  await client.createCollection("theirs", { vectors: { size: 2, distance: "Cosine" } });
  await client.upsert("ours", { wait: true, points: [{ id: 1, vector: [1, 0] }] });

  const reader = clientWith(readOnlyKey);
  assert.equal((await reader.query("ours", { query: [1, 0] })).points.length, 1);
  assert.equal((await reader.getCollections()).collections.length, 2);
  assert.equal(await statusOf(reader.upsert("ours", { points: [{ id: 2, vector: [1, 0] }] })), 403);
  assert.equal(await statusOf(reader.deleteCollection("ours")), 403);

  for (const nobody of [clientWith(), clientWith("another")]) {
    assert.equal(await statusOf(nobody.getCollections()), 401);
    assert.equal(await statusOf(nobody.query("ours", { query: [1, 0] })), 401);
  }
});

test("the official client works with a token for one collection, as long as it lasts", async () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const access = [{ collection: "ours", access: "prw" }];
  const client = clientWith(await token({ access, exp: nowSeconds + 3600 }));
  await client.upsert("ours", { wait: true, points: [{ id: 3, vector: [0, 1] }] });
  assert.equal((await client.query("ours", { query: [0, 1], limit: 1 })).points[0]?.id, 3);
  assert.deepEqual((await client.getCollections()).collections, [{ name: "ours" }]);
  assert.equal(await statusOf(client.createPayloadIndex("ours", { field_name: "n", field_schema: "integer" })), 403);
  assert.equal(await statusOf(client.getCollection("theirs")), 403);
  assert.equal(await statusOf(client.createSnapshot("ours")), 403);
  const over = clientWith(await token({ access, exp: nowSeconds - 60 }));
  assert.equal(await statusOf(over.getCollections()), 401);
});
