import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();

test("a collection can be created, found, listed, read and deleted", async () => {
  assert.deepEqual(await client.collectionExists("life"), { exists: false });
  assert.equal(await client.createCollection("life", { vectors: { size: 4, distance: "Cosine" } }), true);
  assert.deepEqual(await client.collectionExists("life"), { exists: true });
  const { collections } = await client.getCollections();
  assert.deepEqual(collections, [{ name: "life" }]);
  assert.equal((await client.getCollection("life")).points_count, 0);

  assert.equal(await client.deleteCollection("life"), true);
  assert.deepEqual(await client.collectionExists("life"), { exists: false });
  assert.deepEqual((await client.getCollections()).collections, []);
  assert.equal(await client.deleteCollection("life"), false);
  await refused(client.getCollection("life"), 404, /^Not found: Collection `life` doesn't exist!/);
});

test("a name that is taken is refused with 409 and the first collection stays", async () => {
  await client.createCollection("taken", { vectors: { size: 2, distance: "Dot" } });
  await client.upsert("taken", { points: [{ id: 1, vector: [1, 2] }] });
  await refused(
    client.createCollection("taken", { vectors: { size: 3, distance: "Dot" } }),
    409,
    /^Wrong input: Collection `taken` already exists!/,
  );
  const info = await client.getCollection("taken");
  assert.equal(info.points_count, 1);
  assert.deepEqual(info.config.params.vectors, { size: 2, distance: "Dot" });
});

test("a collection that is deleted and made again is empty and may have another shape", async () => {
  await client.createCollection("again", { vectors: { size: 2, distance: "Dot" } });
  await client.upsert("again", { points: [{ id: 1, vector: [1, 2] }] });
  await client.deleteCollection("again");
  await client.createCollection("again", { vectors: { size: 3, distance: "Euclid" } });
  assert.equal((await client.count("again")).count, 0);
  await client.upsert("again", { points: [{ id: 1, vector: [1, 2, 3] }] });
  const { points } = await client.query("again", { query: [1, 2, 3], with_vector: true });
  assert.deepEqual(
    points.map(({ id, score, vector }) => ({ id, score, vector })),
    [{ id: 1, score: 0, vector: [1, 2, 3] }],
  );
});

test("the info shows what was configured and the dialect's defaults", async () => {
  await client.createCollection("info", {
    vectors: { size: 4, distance: "Manhattan", on_disk: true },
    hnsw_config: { m: 8, ef_construct: 64 },
    optimizers_config: { default_segment_number: 2 },
    replication_factor: 2,
    write_consistency_factor: 2,
  });
  await client.upsert("info", { points: [{ id: 1, vector: [1, 2, 3, 4] }] });
  const info = await client.getCollection("info");
  assert.equal(info.status, "green");
  assert.equal(info.optimizer_status, "ok");
  assert.equal(info.points_count, 1);
  assert.equal(info.indexed_vectors_count, 1);
  assert.equal(typeof info.segments_count, "number");
  assert.deepEqual(info.payload_schema, {});
  assert.deepEqual(info.config.params.vectors, { size: 4, distance: "Manhattan", on_disk: true });
  const { shard_number, replication_factor, write_consistency_factor, on_disk_payload } = info.config.params;
  assert.deepEqual(
    { shard_number, replication_factor, write_consistency_factor, on_disk_payload },
    { shard_number: 1, replication_factor: 2, write_consistency_factor: 2, on_disk_payload: true },
  );
  const { m, ef_construct, full_scan_threshold, max_indexing_threads, on_disk } = info.config.hnsw_config;
  assert.deepEqual(
    { m, ef_construct, full_scan_threshold, max_indexing_threads, on_disk },
    { m: 8, ef_construct: 64, full_scan_threshold: 10_000, max_indexing_threads: 0, on_disk: false },
  );
  assert.equal(info.config.optimizer_config.default_segment_number, 2);
  assert.equal(typeof info.config.optimizer_config.flush_interval_sec, "number");
});

test("named vectors are shown as they were given, each with its own distance", async () => {
  const vectors = { title: { size: 2, distance: "Cosine" }, body: { size: 3, distance: "Euclid" } } as const;
  await client.createCollection("named", { vectors });
  assert.deepEqual((await client.getCollection("named")).config.params.vectors, vectors);
});

test("an update merges each given setting over the stored one and refuses unknown vectors", async () => {
  await client.createCollection("patched", {
    vectors: { a: { size: 2, distance: "Dot" } },
    optimizers_config: { default_segment_number: 3, flush_interval_sec: 7 },
  });
  assert.equal(
    await client.updateCollection("patched", {
      optimizers_config: { flush_interval_sec: 9 },
      params: { replication_factor: 4 },
      vectors: { a: { on_disk: true } },
      hnsw_config: { full_scan_threshold: 20 },
    }),
    true,
  );
  const { config } = await client.getCollection("patched");
  assert.equal(config.optimizer_config.default_segment_number, 3);
  assert.equal(config.optimizer_config.flush_interval_sec, 9);
  assert.equal(config.params.replication_factor, 4);
  assert.equal(config.hnsw_config.full_scan_threshold, 20);
  assert.deepEqual(config.params.vectors, { a: { size: 2, distance: "Dot", on_disk: true } });

  assert.equal(await client.updateCollection("patched", {}), true);
  await refused(
    client.updateCollection("patched", { vectors: { b: { on_disk: true } } }),
    400,
    /^Wrong input: Not existing vector name error: b/,
  );
  await refused(client.updateCollection("nowhere", {}), 404, /^Not found: Collection `nowhere` doesn't exist!/);
});

test("metadata is merged by key", async () => {
  const create = { vectors: { size: 2, distance: "Dot" }, metadata: { owner: "a", kept: true } };
  assert.equal((await request("PUT", "/collections/meta", create)).status, 200);
  assert.equal((await request("PATCH", "/collections/meta", { metadata: { owner: "b" } })).status, 200);
  const { body } = await request("GET", "/collections/meta");
  assert.deepEqual((body.result as { config: { metadata: unknown } }).config.metadata, { owner: "b", kept: true });
  assert.equal((await request("PATCH", "/collections/meta", { metadata: { owner: null, unknown: null } })).status, 200);
  const after = (await request("GET", "/collections/meta")).body.result as { config: { metadata: unknown } };
  assert.deepEqual(after.config.metadata, { kept: true });
});

test("a name is 1 to 255 characters and none of the forbidden ones", async () => {
  const vectors = { size: 2, distance: "Dot" } as const;
  const longest = "n".repeat(255);
  assert.equal(await client.createCollection(longest, { vectors }), true);
  assert.equal(await client.createCollection("größe ünd 語", { vectors }), true);
  assert.deepEqual(await client.collectionExists("größe ünd 語"), { exists: true });
  await refused(client.createCollection("n".repeat(256), { vectors }), 422, /length must be from 1 to 255/);
  for (const character of ["/", "\\", "<", ">", ":", '"', "|", "?", "*", "\u001f"]) {
    const { status } = await request("PUT", `/collections/${encodeURIComponent(`a${character}b`)}`, { vectors });
    assert.equal(status, 422, `a name with ${JSON.stringify(character)} is refused`);
  }
});

test("a collection may have no vectors at all", async () => {
  const { status } = await request("PUT", "/collections/bare", {});
  assert.equal(status, 200);
  await client.upsert("bare", { points: [{ id: 1, vector: {}, payload: { a: 1 } }] });
  assert.equal((await client.count("bare")).count, 1);
});
