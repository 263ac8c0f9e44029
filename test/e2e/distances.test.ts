import assert from "node:assert/strict";
import { test } from "node:test";
import { close, startE2eServer } from "./e2e-server.js";

const { client, request } = await startE2eServer();

const stored = [
  [1, 2, 3, 4],
  [-4, 0.5, 0, 2],
  [0.19, 0.81, 0.75, 0.11],
  [3, -3, 3, -3],
  [0, 0, 0, 0],
];
const target = [0.5, 1, -1, 2];
type Distance = "Cosine" | "Dot" | "Euclid" | "Manhattan";

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, d) => sum + value * (b[d] ?? 0), 0);
const norm = (a: readonly number[]) => Math.sqrt(dot(a, a)) || 1;
const measures: Record<Distance, (a: readonly number[], b: readonly number[]) => number> = {
  Cosine: (a, b) => dot(a, b) / (norm(a) * norm(b)),
  Dot: dot,
  Euclid: (a, b) => Math.sqrt(a.reduce((sum, value, d) => sum + (value - (b[d] ?? 0)) ** 2, 0)),
  Manhattan: (a, b) => a.reduce((sum, value, d) => sum + Math.abs(value - (b[d] ?? 0)), 0),
};

async function collection(distance: Distance): Promise<string> {
  const name = distance.toLowerCase();
  if (!(await client.collectionExists(name)).exists) {
    await client.createCollection(name, { vectors: { size: 4, distance } });
    await client.upsert(name, { wait: true, points: stored.map((vector, i) => ({ id: i + 1, vector })) });
  }
  return name;
}

for (const distance of ["Cosine", "Dot", "Euclid", "Manhattan"] as const) {
  const smallerIsNearer = distance === "Euclid" || distance === "Manhattan";
  const expected = stored
    .map((vector, i) => ({ id: i + 1, score: measures[distance](vector, target) }))
    .sort((a, b) => (smallerIsNearer ? a.score - b.score : b.score - a.score));

  for (const exact of [false, true]) {
    test(`${distance}: scores and their order are those of the formula (exact: ${exact})`, async () => {
      const { points } = await client.query(await collection(distance), { query: target, params: { exact } });
      assert.deepEqual(
        points.map(({ id }) => id),
        expected.map(({ id }) => id),
      );
      for (const [i, { score }] of points.entries()) close(score, expected[i]?.score ?? Number.NaN);
    });
  }

  test(`${distance}: a score threshold keeps the nearer ones`, async () => {
    const threshold = (expected[1]?.score ?? 0) * 0.5 + (expected[2]?.score ?? 0) * 0.5;
    const name = await collection(distance);
    const { points } = await client.query(name, { query: target, score_threshold: threshold });
    assert.deepEqual(
      points.map(({ id }) => id),
      expected.slice(0, 2).map(({ id }) => id),
    );
  });
}

test("cosine vectors come back normalised, a zero vector as it is", async () => {
  const records = await client.retrieve(await collection("Cosine"), { ids: [1, 5], with_vector: true });
  const [first, zero] = records.map(({ vector }) => vector as number[]);
  for (const [d, value] of (first ?? []).entries()) close(value, (stored[0]?.[d] ?? 0) / norm(stored[0] ?? []));
  assert.deepEqual(zero, [0, 0, 0, 0]);
});

test("other vectors come back as they were sent", async () => {
  for (const distance of ["Dot", "Euclid", "Manhattan"] as const) {
    const records = await client.retrieve(await collection(distance), { ids: [1, 2, 3, 4, 5], with_vector: true });
    assert.deepEqual(
      records.map(({ vector }) => vector),
      stored,
    );
  }
});

test("float32 values are printed in the shortest decimal that reads back to them", async () => {
  await client.createCollection("floats", { vectors: { size: 6, distance: "Dot" } });
  const vector = [0.19, 1 / 3, 1e-30, 16_777_216, -0.1, 3.4028234663852886e38];
  await client.upsert("floats", { wait: true, points: [{ id: 1, vector }] });
  const { text, body } = await request("GET", "/collections/floats/points/1");
  const back = (body.result as { vector: number[] }).vector;
  assert.deepEqual([...Float32Array.from(back)], [...Float32Array.from(vector)]);
  assert.ok(text.includes("[0.19,0.33333334,1e-30,16777216,-0.1,3.4028235e+38]"), text);

  await client.createCollection("score", { vectors: { size: 1, distance: "Dot" } });
  await client.upsert("score", { wait: true, points: [{ id: 1, vector: [0.19] }] });
  const answer = await request("POST", "/collections/score/points/query", { query: [1] });
  assert.match(answer.text, /"score":0\.19[,}]/);
});

test("a vector whose numbers are whole or in exponent form is read as the same floats", async () => {
  const body = '{"points":[{"id":7,"vector":[1,-0,1e0,2.50E+0]}]}';
  const name = await collection("Dot");
  assert.equal((await request("PUT", `/collections/${name}/points?wait=true`, body)).status, 200);
  const records = await client.retrieve(name, { ids: [7], with_vector: true });
  const [, ...others] = records.flatMap(({ vector }) => vector as number[]);
  assert.deepEqual(others.map(Math.abs), [0, 1, 2.5]);
});
