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
