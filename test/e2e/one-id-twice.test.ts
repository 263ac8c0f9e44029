import assert from "node:assert/strict";
import { test } from "node:test";
import { startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();

const vectors = { a: { size: 2, distance: "Dot" }, b: { size: 2, distance: "Dot" } } as const;

/** A collection with the point 1: both vectors, and a payload. */
async function collection(name: string): Promise<string> {
  await client.createCollection(name, { vectors });
  const points = [{ id: 1, vector: { a: [1, 1], b: [2, 2] }, payload: { kept: true } }];
  await client.upsert(name, { wait: true, points });
  return name;
}

async function point(name: string) {
  const [record] = await client.retrieve(name, { ids: [1], with_vector: true });
  return { vector: record?.vector, payload: record?.payload };
}

test("in an update of vectors, entries merge by name", async () => {
  const name = await collection("update");
  await client.updateVectors(name, {
    wait: true,
    points: [
      { id: 1, vector: { a: [7, 7] } },
      { id: 1, vector: { b: [9, 9] } },
      { id: 1, vector: { a: [8, 8] } },
    ],
  });
  assert.deepEqual(await point(name), { vector: { a: [8, 8], b: [9, 9] }, payload: { kept: true } });
  assert.equal((await client.query(name, { query: [1, 1], using: "a" })).points[0]?.score, 16);
  assert.equal((await client.query(name, { query: [1, 1], using: "b" })).points[0]?.score, 18);
});

test("in an upsert, as a list and as columns, the last point wins whole", async () => {
  const name = await collection("upsert");
  const points = [
    { id: 1, vector: { a: [3, 3], b: [3, 3] }, payload: { x: 1 } },
    { id: 1, vector: { b: [4, 4] }, payload: { y: 2 } },
  ];
  await client.upsert(name, { wait: true, points });
  assert.deepEqual(await point(name), { vector: { b: [4, 4] }, payload: { y: 2 } });
  await client.upsert(name, {
    wait: true,
    batch: {
      ids: [1, 1],
      vectors: {
        a: [
          [5, 5],
          [6, 6],
        ],
      },
      payloads: [{ x: 1 }, null],
    },
  });
  assert.deepEqual(await point(name), { vector: { a: [6, 6] }, payload: {} });
  assert.equal((await client.count(name)).count, 1);
});

test("in writes of payload, deletes and reads it counts once", async () => {
  const name = await collection("rest");
  await client.setPayload(name, { wait: true, points: [1, 1], payload: { n: 1 } });
  await client.deletePayload(name, { wait: true, points: [1, 1], keys: ["kept", "kept"] });
  assert.deepEqual((await point(name)).payload, { n: 1 });
  assert.equal((await client.retrieve(name, { ids: [1, 1] })).length, 1);
  await client.deleteVectors(name, { wait: true, points: [1, 1], vector: ["a", "a"] });
  assert.deepEqual((await point(name)).vector, { b: [2, 2] });
  await client.clearPayload(name, { wait: true, points: [1, 1] });
  await client.delete(name, { wait: true, points: [1, 1] });
  assert.equal((await client.count(name)).count, 0);
});
