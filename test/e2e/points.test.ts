import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();

async function collection(name: string): Promise<string> {
  await client.createCollection(name, { vectors: { size: 2, distance: "Dot" } });
  return name;
}

async function namedCollection(name: string): Promise<string> {
  const vectors = { title: { size: 2, distance: "Dot" }, body: { size: 3, distance: "Euclid" } } as const;
  await client.createCollection(name, { vectors });
  return name;
}

test("points are upserted as a list and read back by id, in the order asked for", async () => {
  const name = await collection("list");
  const answer = await client.upsert(name, {
    wait: true,
    points: [
      { id: 1, vector: [1, 2], payload: { word: "one", nested: { a: [1, null, "x"] } } },
      { id: 2, vector: [3, 4] },
    ],
  });
  assert.equal(answer.status, "completed");
  const records = await client.retrieve(name, { ids: [2, 99, 1], with_vector: true });
  assert.deepEqual(records, [
    { id: 2, payload: {}, vector: [3, 4] },
    { id: 1, payload: { word: "one", nested: { a: [1, null, "x"] } }, vector: [1, 2] },
  ]);
  const [withoutVectors] = await client.retrieve(name, { ids: [1], with_payload: false });
  assert.deepEqual(withoutVectors, { id: 1 });
});

test("points are upserted as a batch of columns", async () => {
  const name = await collection("columns");
  await client.upsert(name, {
    wait: true,
    batch: {
      ids: [1, 2],
      vectors: [
        [1, 2],
        [3, 4],
      ],
      payloads: [{ a: 1 }, null],
    },
  });
  const records = await client.retrieve(name, { ids: [1, 2], with_vector: true });
  assert.deepEqual(records, [
    { id: 1, payload: { a: 1 }, vector: [1, 2] },
    { id: 2, payload: {}, vector: [3, 4] },
  ]);
});

test("named vectors go in and out by name, as a list and as columns; the missing ones are missing", async () => {
  const name = await namedCollection("named");
  await client.upsert(name, {
    wait: true,
    points: [
      { id: 1, vector: { title: [1, 2], body: [1, 2, 3] } },
      { id: 2, vector: { title: [5, 6] } },
      { id: 3, vector: {} },
    ],
  });
  await client.upsert(name, {
    wait: true,
    batch: {
      ids: [4, 5],
      vectors: {
        title: [
          [1, 1],
          [2, 2],
        ],
        body: [
          [1, 1, 1],
          [2, 2, 2],
        ],
      },
    },
  });
  const vectors = async (with_vector: boolean | string[]) => {
    const records = await client.retrieve(name, { ids: [1, 2, 3, 4], with_payload: false, with_vector });
    return records.map(({ vector }) => vector ?? {});
  };
  assert.deepEqual(await vectors(true), [
    { title: [1, 2], body: [1, 2, 3] },
    { title: [5, 6] },
    {},
    { title: [1, 1], body: [1, 1, 1] },
  ]);
  assert.deepEqual(await vectors(["body"]), [{ body: [1, 2, 3] }, {}, {}, { body: [1, 1, 1] }]);
});

test("an upsert replaces the whole point: payload and vectors it does not give are gone", async () => {
  const name = await namedCollection("replaced");
  await client.upsert(name, {
    wait: true,
    points: [{ id: 1, vector: { title: [1, 2], body: [1, 2, 3] }, payload: { a: 1, b: 2 } }],
  });
  await client.upsert(name, { wait: true, points: [{ id: 1, vector: { title: [7, 8] }, payload: { b: 3 } }] });
  const records = await client.retrieve(name, { ids: [1], with_vector: true });
  assert.deepEqual(records, [{ id: 1, payload: { b: 3 }, vector: { title: [7, 8] } }]);
  assert.equal((await client.query(name, { query: [1, 2, 3], using: "body" })).points.length, 0);
  assert.equal((await client.count(name)).count, 1);
});

test("of points with one id in a request the last is kept", async () => {
  const name = await collection("twice");
  await client.upsert(name, {
    wait: true,
    points: [
      { id: 1, vector: [1, 1] },
      { id: 1, vector: [2, 2] },
    ],
  });
  const { points } = await client.scroll(name, { with_vector: true });
  assert.deepEqual(
    points.map(({ vector }) => vector),
    [[2, 2]],
  );
});

test("one point is read with payload and vectors; a missing one is 404", async () => {
  const name = await collection("one");
  await client.upsert(name, { wait: true, points: [{ id: 1, vector: [0.19, 0.81], payload: { a: "b" } }] });
  const { body } = await request("GET", `/collections/${name}/points/1`);
  assert.deepEqual(body.result, { id: 1, payload: { a: "b" }, vector: [0.19, 0.81] });
  const missing = await request("GET", `/collections/${name}/points/5`);
  assert.equal(missing.status, 404);
  assert.match(missing.text, /Not found: Point with id 5 does not exists!/);
  const malformed = await request("GET", `/collections/${name}/points/x1`);
  assert.equal(malformed.status, 400);
  assert.match(malformed.text, /Can not recognize \\"x1\\" as point id/);
});

test("points are deleted by id and by filter; unknown ids are fine", async () => {
  const name = await collection("deleted");
  const points = Array.from({ length: 10 }, (_, i) => ({ id: i + 1, vector: [i, 1], payload: { even: i % 2 === 1 } }));
  await client.upsert(name, { wait: true, points });
  const answer = await client.delete(name, { wait: true, points: [1, 77] });
  assert.equal(answer.status, "completed");
  assert.deepEqual(await client.retrieve(name, { ids: [1] }), []);
  assert.equal((await client.query(name, { query: [1, 0], limit: 20 })).points.length, 9);

  await client.delete(name, { wait: true, filter: { must: [{ key: "even", match: { value: true } }] } });
  const left = await client.scroll(name);
  assert.deepEqual(
    left.points.map(({ id }) => id),
    [3, 5, 7, 9],
  );

  await client.delete(name, { wait: true, filter: {} });
  assert.equal((await client.count(name)).count, 0);
  await client.upsert(name, { wait: true, points: [{ id: 1, vector: [1, 1] }] });
  assert.equal((await client.count(name)).count, 1);
});

test("insert_only leaves existing points alone, update_only ignores new ones, a filter guards the rest", async () => {
  const name = await collection("modes");
  await client.upsert(name, { wait: true, points: [{ id: 1, vector: [1, 1], payload: { v: 1 } }] });
  const payloads = async () =>
    (await client.scroll(name)).points.map(({ id, payload }) => `${id}:${JSON.stringify(payload?.v)}`).join(" ");
  const points = (v: number) => [1, 2].map((id) => ({ id, vector: [v, v], payload: { v } }));
  await client.upsert(name, { wait: true, points: points(2), update_mode: "insert_only" });
  assert.equal(await payloads(), "1:1 2:2");
  await client.delete(name, { wait: true, points: [2] });
  await client.upsert(name, { wait: true, points: points(3), update_mode: "update_only" });
  assert.equal(await payloads(), "1:3");
  const update_filter = { must: [{ key: "v", match: { value: 9 } }] };
  await client.upsert(name, { wait: true, points: points(4), update_filter });
  assert.equal(await payloads(), "1:3 2:4");
});

test("operation ids increase, and without wait a write is acknowledged and yet visible at once", async () => {
  const name = await collection("operations");
  const first = await client.upsert(name, { wait: true, points: [{ id: 1, vector: [1, 1] }] });
  const second = await client.upsert(name, { wait: false, points: [{ id: 2, vector: [1, 1] }] });
  assert.equal(second.status, "acknowledged");
  assert.ok((second.operation_id ?? 0) > (first.operation_id ?? 0));
  assert.equal((await client.count(name)).count, 2);
});

test("the write options of the dialect are accepted", async () => {
  const name = await collection("options");
  for (const ordering of ["weak", "medium", "strong"] as const) {
    await client.upsert(name, { wait: true, ordering, timeout: 5, points: [{ id: 1, vector: [1, 1] }] });
  }
  for (const consistency of [1, "majority", "quorum", "all"] as const) {
    assert.equal((await client.retrieve(name, { ids: [1], consistency })).length, 1);
  }
});

test("every route of points answers 404 for a collection that does not exist", async () => {
  const missing = /^Not found: Collection `nowhere` doesn't exist!/;
  await refused(client.upsert("nowhere", { points: [{ id: 1, vector: [1] }] }), 404, missing);
  await refused(client.retrieve("nowhere", { ids: [1] }), 404, missing);
  await refused(client.delete("nowhere", { points: [1] }), 404, missing);
  await refused(client.query("nowhere", { query: [1] }), 404, missing);
  await refused(client.queryBatch("nowhere", { searches: [] }), 404, missing);
  await refused(client.search("nowhere", { vector: [1] }), 404, missing);
  await refused(client.searchBatch("nowhere", { searches: [] }), 404, missing);
  await refused(client.scroll("nowhere"), 404, missing);
  await refused(client.count("nowhere"), 404, missing);
  await refused(client.setPayload("nowhere", { payload: {}, points: [1] }), 404, missing);
  await refused(client.overwritePayload("nowhere", { payload: {}, points: [1] }), 404, missing);
  await refused(client.deletePayload("nowhere", { keys: ["a"], points: [1] }), 404, missing);
  await refused(client.clearPayload("nowhere", { points: [1] }), 404, missing);
  await refused(client.updateVectors("nowhere", { points: [{ id: 1, vector: [1] }] }), 404, missing);
  await refused(client.deleteVectors("nowhere", { points: [1], vector: [""] }), 404, missing);
  await refused(client.createPayloadIndex("nowhere", { field_name: "a", field_schema: "keyword" }), 404, missing);
  await refused(client.deletePayloadIndex("nowhere", "a"), 404, missing);
});
