import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();
const vectors = { size: 2, distance: "Dot" } as const;

await client.createCollection("first", { vectors });
await client.createCollection("second", { vectors });
await client.upsert("first", { points: [{ id: 1, vector: [1, 0], payload: { from: "first" } }] });
await client.upsert("second", { points: [{ id: 2, vector: [0, 1], payload: { from: "second" } }] });

const create = (alias_name: string, collection_name: string) => ({ create_alias: { alias_name, collection_name } });
const drop = (alias_name: string) => ({ delete_alias: { alias_name } });

async function aliases(): Promise<readonly string[]> {
  const list = await client.getAliases();
  return list.aliases.map(({ alias_name, collection_name }) => `${alias_name}→${collection_name}`).sort();
}

test("an alias stands for its collection in every path", async () => {
  assert.equal(await client.updateCollectionAliases({ actions: [create("current", "first")] }), true);
  assert.deepEqual(await aliases(), ["current→first"]);
  assert.deepEqual((await client.getCollectionAliases("first")).aliases, [
    { alias_name: "current", collection_name: "first" },
  ]);
  assert.deepEqual((await client.getCollectionAliases("second")).aliases, []);

  assert.deepEqual(await client.collectionExists("current"), { exists: true });
  assert.equal((await client.getCollection("current")).points_count, 1);
  await client.upsert("current", { points: [{ id: 5, vector: [2, 0] }] });
  await client.setPayload("current", { payload: { by: "alias" }, points: [5] });
  await client.createPayloadIndex("current", { wait: true, field_name: "by", field_schema: "keyword" });
  assert.deepEqual(Object.keys((await client.getCollection("first")).payload_schema), ["by"]);
  assert.deepEqual((await client.retrieve("first", { ids: [5] }))[0]?.payload, { by: "alias" });
  assert.deepEqual((await client.query("current", { query: [1, 0], limit: 1 })).points[0]?.id, 5);
  assert.equal((await client.search("current", { vector: [1, 0], limit: 1 }))[0]?.id, 5);
  assert.equal((await client.scroll("current")).points.length, 2);
  await client.delete("current", { wait: true, points: [5] });
  assert.equal((await client.count("first")).count, 1);
  assert.deepEqual((await client.getCollections()).collections.map(({ name }) => name).sort(), ["first", "second"]);
});

test("creating an alias again re-points it", async () => {
  await client.updateCollectionAliases({ actions: [create("current", "second")] });
  assert.deepEqual(await aliases(), ["current→second"]);
  assert.deepEqual((await client.scroll("current")).points[0]?.payload, { from: "second" });
});

test("an alias can be renamed and deleted; the collection stays", async () => {
  const rename = { rename_alias: { old_alias_name: "current", new_alias_name: "live" } };
  await client.updateCollectionAliases({ actions: [rename] });
  assert.deepEqual(await aliases(), ["live→second"]);
  await refused(client.getCollection("current"), 404, /^Not found: Collection `current` doesn't exist!/);
  await client.updateCollectionAliases({ actions: [drop("live")] });
  assert.deepEqual(await aliases(), []);
  await refused(client.scroll("live"), 404, /^Not found/);
  assert.equal((await client.count("second")).count, 1);
});

test("an alias is moved in one request without a moment without it", async () => {
  await client.updateCollectionAliases({ actions: [create("live", "first")] });
  await client.updateCollectionAliases({ actions: [drop("live"), create("live", "second"), create("old", "first")] });
  assert.deepEqual(await aliases(), ["live→second", "old→first"]);
  await client.updateCollectionAliases({ actions: [drop("live"), drop("old")] });
});

test("of several actions all are done or none", async () => {
  const actions = [create("half", "first"), create("other", "nowhere")];
  await refused(client.updateCollectionAliases({ actions }), 404, /^Not found: Collection `nowhere` doesn't exist!/);
  assert.deepEqual(await aliases(), []);
});

test("an alias and a collection cannot have one name", async () => {
  await refused(
    client.updateCollectionAliases({ actions: [create("second", "first")] }),
    409,
    /^Wrong input: .*second/,
  );
  await client.updateCollectionAliases({ actions: [create("name", "first")] });
  await refused(client.createCollection("name", { vectors }), 400, /^Wrong input: .*name/);
  await client.updateCollectionAliases({ actions: [drop("name")] });
});

test("deleting a collection deletes its aliases", async () => {
  await client.createCollection("gone", { vectors });
  await client.updateCollectionAliases({ actions: [create("of-gone", "gone"), create("of-first", "first")] });
  await client.deleteCollection("gone");
  assert.deepEqual(await aliases(), ["of-first→first"]);
});
