import assert from "node:assert/strict";
import { test } from "node:test";
import { QdrantClient } from "qdrant-newest";
import { startE2eServer } from "../e2e-server.js";

const { address } = await startE2eServer();
const client = new QdrantClient({ url: address });
const name = "books";

const books = [
  { id: 1, vector: { cover: [1, 0, 0], text: [1, 0] }, payload: { title: "Dune", year: 1965, tags: ["sf", "desert"] } },
  { id: 2, vector: { cover: [0, 1, 0], text: [0, 1] }, payload: { title: "Emma", year: 1815, tags: ["novel"] } },
  { id: 3, vector: { cover: [0, 0, 1], text: [1, 1] }, payload: { title: "Solaris", year: 1961, tags: ["sf"] } },
];
const sf = { must: [{ key: "tags", match: { value: "sf" } }] };
const ids = (points: readonly { readonly id: string | number }[]) => points.map(({ id }) => id);

test("the client finds a server of its version", async () => {
  assert.match((await client.versionInfo()).version, /^1\.19\./);
  assert.deepEqual(await client.collectionExists(name), { exists: false });
});

test("a collection of named vectors is made, described and changed", async () => {
  const made = await client.createCollection(name, {
    vectors: { cover: { size: 3, distance: "Cosine" }, text: { size: 2, distance: "Dot" } },
    replication_factor: 2,
    metadata: { owner: "library" },
  });
  assert.equal(made, true);
  assert.equal(await client.updateCollection(name, { optimizers_config: { indexing_threshold: 20_000 } }), true);
  const info = await client.getCollection(name);
  assert.deepEqual(Object.keys(info.config.params.vectors ?? {}), ["cover", "text"]);
  assert.equal(info.config.optimizer_config.indexing_threshold, 20_000);
  assert.deepEqual(ids((await client.scroll(name)).points), []);
});

test("points are written, indexed, read and counted", async () => {
  assert.equal((await client.upsert(name, { points: books })).status, "completed");
  for (const [field_name, field_schema] of [
    ["tags", "keyword"],
    ["year", "integer"],
  ] as const) {
    assert.equal((await client.createPayloadIndex(name, { wait: true, field_name, field_schema })).status, "completed");
  }
  assert.deepEqual((await client.retrieve(name, { ids: [2], with_vector: true }))[0], books[1]);
  assert.deepEqual(ids((await client.scroll(name, { filter: sf })).points), [1, 3]);
  assert.deepEqual(await client.count(name, { filter: sf }), { count: 2 });
  assert.equal((await client.getCollection(name)).payload_schema.tags?.points, 3);
});

test("queries by vector, by id and in batches, with filters", async () => {
  const { points } = await client.query(name, { query: [1, 0, 0], using: "cover", limit: 1, with_payload: ["title"] });
  assert.deepEqual(
    points.map(({ id, payload }) => [id, payload]),
    [[1, { title: "Dune" }]],
  );
  const near = await client.query(name, { query: 1, using: "text", filter: sf });
  assert.deepEqual(ids(near.points), [3]);
  const searches = [
    { query: [0, 1], using: "text", limit: 1, filter: { must: [{ key: "year", range: { lt: 1900 } }] } },
    { query: [0, 1], using: "text", limit: 1, filter: sf },
  ];
  const batch = await client.queryBatch(name, { searches });
  assert.deepEqual(
    batch.map((answer) => ids(answer.points)),
    [[2], [3]],
  );
});

test("payloads and vectors are changed, points deleted", async () => {
  await client.setPayload(name, { payload: { read: true }, filter: sf });
  await client.setPayload(name, { payload: { stars: 5 }, key: "review", points: [1] });
  await client.overwritePayload(name, { payload: { title: "Emma" }, points: [2] });
  await client.deletePayload(name, { keys: ["tags"], points: [3] });
  await client.updateVectors(name, { points: [{ id: 3, vector: { text: [2, 2] } }] });
  await client.deleteVectors(name, { points: [3], vector: ["cover"] });
  const [dune, emma, solaris] = (await client.scroll(name, { with_vector: true })).points;
  assert.deepEqual(dune?.payload, { ...books[0]?.payload, read: true, review: { stars: 5 } });
  assert.deepEqual(emma?.payload, { title: "Emma" });
  assert.deepEqual(solaris?.payload, { title: "Solaris", year: 1961, read: true });
  assert.deepEqual(solaris?.vector, { text: [2, 2] });
  await client.clearPayload(name, { points: [2] });
  await client.delete(name, { wait: true, filter: { must: [{ key: "year", range: { gt: 1962 } }] } });
  assert.deepEqual(
    (await client.scroll(name)).points.map(({ id, payload }) => [id, payload]),
    [
      [2, {}],
      [3, { title: "Solaris", year: 1961, read: true }],
    ],
  );
});

test("a batch of writes is done in order", async () => {
  const answers = await client.batchUpdate(name, {
    operations: [
      { upsert: { points: books } },
      { set_payload: { payload: { read: false }, filter: sf } },
      { overwrite_payload: { payload: { title: "Emma" }, points: [2] } },
      { delete_payload: { keys: ["year"], points: [1] } },
      { clear_payload: { points: [2] } },
      { update_vectors: { points: [{ id: 2, vector: { text: [3, 3] } }] } },
      { delete_vectors: { points: [2], vector: ["cover"] } },
      { delete: { points: [1] } },
    ],
  });
  assert.equal(answers.length, 8);
  assert.ok(answers.every(({ status }) => status === "completed"));
  const [emma, solaris, none] = (await client.scroll(name, { with_vector: true })).points;
  assert.deepEqual([emma?.id, emma?.payload, emma?.vector], [2, {}, { text: [3, 3] }]);
  assert.deepEqual([solaris?.id, solaris?.payload], [3, { ...books[2]?.payload, read: false }]);
  assert.equal(none, undefined);
});

test("hybrid search, groups, facets, recommendations, texts, places, days and pairs", async () => {
  const shop = "shop";
  await client.createCollection(shop, {
    vectors: { look: { size: 3, distance: "Cosine" } },
    sparse_vectors: { words: { modifier: "idf" } },
  });
  const goods = [
    [1, [1, 0, 0], "red woollen scarf", "clothes", { lat: 52.5, lon: 13.4 }, "2024-01-10"],
    [2, [0.9, 0.1, 0], "blue woollen hat", "clothes", { lat: 48.1, lon: 11.6 }, "2024-02-10"],
    [3, [0, 1, 0], "red kitchen chair", "furniture", { lat: 52.4, lon: 13.5 }, "2024-03-10"],
    [4, [0, 0.9, 0.1], "oak table", "furniture", { lat: 50.9, lon: 6.9 }, "2024-04-10"],
  ] as const;
  const document = (text: string) => ({ text, model: "qdrant/bm25" });
  const points = goods.map(([id, look, text, kind, place, day]) => ({
    id,
    vector: { look: [...look], words: document(text) },
    payload: { text, kind, place, day },
  }));
  await client.upsert(shop, { points });
  for (const [field_name, field_schema] of [
    ["kind", "keyword"],
    ["text", { type: "text", stemmer: { type: "snowball", language: "english" } }],
    ["place", "geo"],
    ["day", "datetime"],
  ] as const) {
    await client.createPayloadIndex(shop, { wait: true, field_name, field_schema });
  }
  const hybrid = {
    prefetch: [
      { query: [0, 1, 0], using: "look", limit: 4 },
      { query: document("red scarfs"), using: "words", limit: 4 },
    ],
    query: { fusion: "rrf" as const },
  };
  const fused = await client.query(shop, { ...hybrid, limit: 2 });
  assert.deepEqual(fused.points[0]?.id, 3);
  const filter = { must: [{ key: "kind", match: { value: "clothes" } }] };
  assert.deepEqual(ids((await client.query(shop, { ...hybrid, filter, limit: 1 })).points), [1]);
  const { groups } = await client.queryGroups(shop, { ...hybrid, group_by: "kind", group_size: 1 });
  assert.deepEqual(
    groups.map(({ id, hits }) => [id, hits[0]?.id]),
    [
      ["furniture", 3],
      ["clothes", 1],
    ],
  );
  const { hits } = await client.facet(shop, { key: "kind" });
  assert.deepEqual(hits, [
    { value: "clothes", count: 2 },
    { value: "furniture", count: 2 },
  ]);
  const like = { recommend: { positive: [1], negative: [4] } };
  assert.deepEqual((await client.query(shop, { query: like, using: "look", limit: 1 })).points[0]?.id, 2);
  const count = async (must: object) => (await client.count(shop, { filter: { must: [must] } })).count;
  assert.equal(await count({ key: "text", match: { text: "wool scarf" } }), 0);
  assert.equal(await count({ key: "text", match: { text: "scarfs" } }), 1);
  assert.equal(await count({ key: "place", geo_radius: { center: { lat: 52.5, lon: 13.4 }, radius: 50_000 } }), 2);
  assert.equal(await count({ key: "day", range: { gte: "2024-02-10T00:00:00Z", lt: "2024-04-10" } }), 2);
  const { pairs } = await client.searchMatrixPairs(shop, { sample: 4, limit: 1, using: "look" });
  assert.equal(pairs.length, 4);
  const latest = { order_by: { key: "day", direction: "desc" } } as const;
  assert.deepEqual(ids((await client.query(shop, { query: latest, limit: 2 })).points), [4, 3]);
});

test("a snapshot is made, listed and deleted", async () => {
  const made = await client.createSnapshot("shop");
  assert.match(made?.name ?? "", /^shop-.*\.snapshot$/);
  assert.deepEqual(
    (await client.listSnapshots("shop")).map(({ name: of }) => of),
    [made?.name],
  );
  assert.equal(await client.deleteSnapshot("shop", made?.name ?? ""), true);
  assert.deepEqual(await client.listSnapshots("shop"), []);
  assert.equal(await client.deleteCollection("shop"), true);
});

test("aliases stand for their collection, and all is deleted", async () => {
  const alias = { collection_name: name, alias_name: "shelf" };
  assert.equal(await client.updateCollectionAliases({ actions: [{ create_alias: alias }] }), true);
  assert.deepEqual((await client.getAliases()).aliases, [alias]);
  assert.deepEqual((await client.getCollectionAliases(name)).aliases, [alias]);
  assert.deepEqual(await client.count("shelf"), { count: 2 });
  await client.deletePayloadIndex("shelf", "year");
  assert.equal(await client.deleteCollection(name), true);
  assert.deepEqual((await client.getCollections()).collections, []);
});
