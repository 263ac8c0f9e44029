import assert from "node:assert/strict";
import { test } from "node:test";
import { ok as okOf } from "../support/ok.js";
import { startE2eServer } from "./e2e-server.js";

const { request } = await startE2eServer();

interface Hit {
  readonly id: number;
  readonly score: number;
}

const ok = (method: string, path: string, body?: unknown) => okOf({ request }, method, path, body);

async function fill(name: string, params: object, vectors: readonly (readonly number[])[]): Promise<void> {
  await ok("PUT", `/collections/${name}`, { vectors: { size: vectors[0]?.length, ...params } });
  const points = vectors.map((vector, i) => ({ id: i + 1, vector }));
  await ok("PUT", `/collections/${name}/points?wait=true`, { points });
}

async function query(name: string, body: object): Promise<readonly Hit[]> {
  return ((await ok("POST", `/collections/${name}/points/query`, body)) as { points: readonly Hit[] }).points;
}

/** Pseudo-random numbers of one decimal place between −1 and 1. */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return ((state >> 8) % 21) / 10 - 1;
  });
}

for (const distance of ["Cosine", "Dot", "Euclid", "Manhattan"]) {
  test(`${distance}: a point's own printed score as a threshold keeps it, in both forms of a search`, async () => {
    const name = `threshold-${distance}`;
    await fill(
      name,
      { distance },
      Array.from({ length: 60 }, (_, i) => numbers(5, i + 1)),
    );
    for (let seed = 100; seed < 110; seed++) {
      const vector = numbers(5, seed);
      const all = await query(name, { query: vector, limit: 60 });
      for (const { id, score } of all.slice(0, 5)) {
        const kept = await query(name, { query: vector, limit: 60, score_threshold: score });
        assert.ok(
          kept.some((hit) => hit.id === id),
          `${score}`,
        );
        const search = { vector, limit: 60, score_threshold: score };
        const legacy = (await ok("POST", `/collections/${name}/points/search`, search)) as readonly Hit[];
        assert.deepEqual(
          legacy,
          kept.map(({ id: same }) => legacy.find((hit) => hit.id === same)),
        );
      }
    }
  });
}

for (const more of [{}, { datatype: "float16" }, { encoding: "sq8" }, { quantization_config: "Disabled" }]) {
  test(`cosine stays within ±1: ${JSON.stringify(more)}`, async () => {
    const name = `cosine-${Object.values(more).join("")}`;
    const vectors = Array.from({ length: 50 }, (_, i) => numbers(7, i + 1));
    await fill(name, { distance: "Cosine", ...more }, vectors);
    for (const vector of vectors) {
      for (const target of [vector, vector.map((x) => -3 * x)]) {
        for (const params of [{}, { exact: true }, { quantization: { rescore: false } }]) {
          const hits = await query(name, { query: target, limit: 50, params });
          assert.ok(hits.every(({ score }) => Math.abs(score) <= 1));
        }
      }
    }
  });
}

test("sums beyond float32 are cut to it on both sides, and what fits is right", async () => {
  const far = [
    [3e38, 3e38, 3e38, 3e38],
    [-3e38, -3e38, -3e38, -3e38],
    [3e38, -3e38, 3e38, -3e38],
    [1, 1, 1, 1],
  ];
  const max = 3.4028235e38;
  await fill("far-dot", { distance: "Dot" }, far);
  const ranked = (hits: readonly Hit[]) => hits.map(({ id, score }) => [id, score]);
  for (const params of [{}, { exact: true }]) {
    assert.deepEqual(ranked(await query("far-dot", { query: [1, 1, 1, 1], params })), [
      [1, max],
      [4, 4],
      [3, 0],
      [2, -max],
    ]);
  }
  await fill("far-euclid", { distance: "Euclid" }, [...far, [3e19, 0, 0, 0], [2e19, 0, 0, 0]]);
  assert.deepEqual(ranked(await query("far-euclid", { query: [0, 0, 0, 0] })), [
    [4, 2],
    [6, 2e19],
    [5, 3e19],
    [1, max],
    [2, max],
    [3, max],
  ]);
  await fill("far-manhattan", { distance: "Manhattan" }, far);
  assert.deepEqual(ranked(await query("far-manhattan", { query: [3e38, 0, 0, 0] })), [
    [4, 3e38],
    [1, max],
    [2, max],
    [3, max],
  ]);
});
