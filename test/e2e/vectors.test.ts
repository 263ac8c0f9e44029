import assert from "node:assert/strict";
import { test } from "node:test";
import { refused, startE2eServer } from "./e2e-server.js";

const { client } = await startE2eServer();

async function collection(name: string): Promise<string> {
  const vectors = { a: { size: 2, distance: "Dot" }, b: { size: 2, distance: "Dot" } } as const;
  await client.createCollection(name, { vectors });
  const points = [1, 2].map((id) => ({ id, vector: { a: [id, 0], b: [0, id] }, payload: { kept: id } }));
  await client.upsert(name, { wait: true, points });
  return name;
}

async function vectorsOf(name: string): Promise<readonly unknown[]> {
  return (await client.scroll(name, { with_vector: true })).points.map(({ vector }) => vector);
}

test("given vectors are set, others and the payload stay", async () => {
  const name = await collection("update");
  const answer = await client.updateVectors(name, { wait: true, points: [{ id: 1, vector: { a: [9, 9] } }] });
  assert.equal(answer.status, "completed");
  assert.deepEqual(await vectorsOf(name), [
    { a: [9, 9], b: [0, 1] },
    { a: [2, 0], b: [0, 2] },
  ]);
  assert.deepEqual((await client.scroll(name)).points[0]?.payload, { kept: 1 });
  const { points } = await client.query(name, { query: [1, 1], using: "a", limit: 1 });
  assert.deepEqual([points[0]?.id, points[0]?.score], [1, 18]);
});

test("the unnamed vector is set too", async () => {
  await client.createCollection("unnamed", { vectors: { size: 2, distance: "Dot" } });
  await client.upsert("unnamed", { wait: true, points: [{ id: 1, vector: {}, payload: { a: 1 } }] });
  assert.equal((await client.query("unnamed", { query: [1, 1] })).points.length, 0);
  await client.updateVectors("unnamed", { wait: true, points: [{ id: 1, vector: [3, 4] }] });
  assert.deepEqual(await vectorsOf("unnamed"), [[3, 4]]);
  assert.equal((await client.query("unnamed", { query: [1, 1] })).points[0]?.score, 7);
  await client.deleteVectors("unnamed", { wait: true, points: [1], vector: [""] });
  assert.equal((await client.query("unnamed", { query: [1, 1] })).points.length, 0);
  assert.equal((await client.count("unnamed")).count, 1);
});

test("an update of an unknown point is 404 and changes nothing", async () => {
  const name = await collection("unknown");
  const points = [1, 77].map((id) => ({ id, vector: { a: [5, 5] } }));
  await refused(client.updateVectors(name, { wait: true, points }), 404, /^Not found: No point with id 77 found/);
  assert.deepEqual((await vectorsOf(name))[0], { a: [1, 0], b: [0, 1] });
});

test("vectors are deleted by name, for ids and for a filter, and are found no more", async () => {
  const name = await collection("delete");
  await client.deleteVectors(name, { wait: true, points: [1], vector: ["a"] });
  assert.deepEqual(await vectorsOf(name), [{ b: [0, 1] }, { a: [2, 0], b: [0, 2] }]);
  const found = async (using: string) =>
    (await client.query(name, { query: [1, 1], using })).points.map(({ id }) => id);
  assert.deepEqual(await found("a"), [2]);
  assert.deepEqual(await found("b"), [2, 1]);
  const filter = { must: [{ key: "kept", match: { value: 2 } }] };
  await client.deleteVectors(name, { wait: true, filter, vector: ["a", "b"] });
  assert.deepEqual(await vectorsOf(name), [{ b: [0, 1] }, {}]);
  assert.equal((await client.count(name)).count, 2);
});

test("unknown names, wrong sizes and empty lists are refused", async () => {
  const name = await collection("wrong");
  const update = (vector: Record<string, number[]>) => client.updateVectors(name, { points: [{ id: 1, vector }] });
  await refused(update({ c: [1, 2] }), 400, /^Wrong input: Not existing vector name error: c/);
  await refused(update({ a: [1, 2, 3] }), 400, /^Wrong input: Vector dimension error: expected dim: 2, got 3/);
  await refused(client.deleteVectors(name, { points: [1], vector: ["c"] }), 400, /Not existing vector name error: c/);
  await refused(client.deleteVectors(name, { points: [1], vector: [] }), 422, /vector/);
});

test("vectors of datatype float16, or of another encoding of ours, come back as every replica will hold them", async () => {
  const vectors = {
    half: { size: 2, distance: "Dot", datatype: "float16" },
    byte: { size: 2, distance: "Dot", encoding: "sq8" },
  } as const;
  await client.createCollection("encoded", { vectors });
  const given = { half: [0.1, 1], byte: [0.1, 1] };
  await client.upsert("encoded", { wait: true, points: [{ id: 1, vector: given }] });
  const [vector] = (await vectorsOf("encoded")) as [{ half: number[]; byte: number[] }];
  assert.equal(vector.half[0], 0.099975586);
  assert.ok(Math.abs((vector.byte[0] as number) - 13 / 127) < 1e-5);
  const { config } = await client.getCollection("encoded");
  assert.deepEqual(config.params.vectors, vectors);
  const tooLarge = { id: 2, vector: { half: [1e6, 0] } };
  await refused(client.upsert("encoded", { wait: true, points: [tooLarge] }), 400, /beyond 65504/);
});

test("vectors are added to a collection that stands, and dropped from it, with the clients that are out", async () => {
  const name = await collection("later");
  const added = await client.createVectorName(name, "c", { dense: { size: 3, distance: "Dot" } }, { wait: true });
  assert.equal(added.status, "completed");
  await client.createVectorName(name, "words", { sparse: { modifier: "idf" } }, { wait: true });
  await client.updateVectors(name, { wait: true, points: [{ id: 2, vector: { c: [1, 2, 3] } }] });
  assert.deepEqual(
    (await client.query(name, { query: [1, 1, 1], using: "c" })).points.map(({ id, score }) => [id, score]),
    [[2, 6]],
  );
  assert.deepEqual((await vectorsOf(name))[1], { a: [2, 0], b: [0, 2], c: [1, 2, 3] });
  assert.equal((await client.deleteVectorName(name, "c", { wait: true })).status, "completed");
  assert.deepEqual((await vectorsOf(name))[1], { a: [2, 0], b: [0, 2] });
});
