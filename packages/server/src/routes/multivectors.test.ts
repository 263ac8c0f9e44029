import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type TestApp, testApp } from "../testing/test-app.js";

async function filled(): Promise<TestApp> {
  const made = await testApp();
  const space = (distance: string) => ({ size: 2, distance, multivector_config: { comparator: "max_sim" } });
  const body = { vectors: { dot: space("Dot"), cosine: space("Cosine"), plain: { size: 2, distance: "Dot" } } };
  assert.equal((await made.ask("PUT", "/collections/parts", body)).statusCode, 200);
  const points = [
    {
      id: 1,
      vector: {
        dot: [
          [1, 0],
          [0, 2],
        ],
        cosine: [[3, 4]],
        plain: [1, 1],
      },
    },
    {
      id: 2,
      vector: {
        dot: [[-1, 1]],
        cosine: [
          [0, 5],
          [5, 0],
        ],
      },
      payload: { a: 1 },
    },
    { id: 3, vector: { plain: [2, 2] } },
  ];
  assert.equal((await made.ask("PUT", "/collections/parts/points?wait=true", { points })).statusCode, 200);
  return made;
}

const scoresOf = (result: unknown) =>
  (result as { readonly points: readonly { readonly id: number; readonly score: number }[] }).points.map(
    ({ id, score }) => [id, score],
  );

describe("multivectors", () => {
  it("are found by the sum of the largest similarities to the parts of the query", async () => {
    const { ask } = await filled();
    const query = async (body: object) =>
      scoresOf((await ask("POST", "/collections/parts/points/query", body)).json.result);
    // 1: max(1, 0) + max(1, 2); 2: −1 + 0
    assert.deepEqual(
      await query({
        query: [
          [1, 0],
          [1, 1],
        ],
        using: "dot",
      }),
      [
        [1, 3],
        [2, -1],
      ],
    );
    assert.deepEqual(
      await query({
        query: [
          [0, 9],
          [7, 0],
        ],
        using: "cosine",
      }),
      [
        [2, 2],
        [1, 1.4000001],
      ],
    );
    const filter = { must: [{ key: "a", match: { value: 1 } }] };
    assert.deepEqual(await query({ query: [[1, 1]], using: "dot", filter }), [[2, 0]]);
    assert.deepEqual(await query({ query: 2, using: "dot" }), [[1, 2]]);
    const prefetch = { query: [1, 1], using: "plain" };
    assert.deepEqual(await query({ prefetch, query: [[1, 0]], using: "dot" }), [[1, 1]]);
  });

  it("are kept part by part, shown as they were given, and changed", async () => {
    const { ask } = await filled();
    const vectorOf = async (id: number) =>
      ((await ask("GET", `/collections/parts/points/${id}`)).json.result as { readonly vector: unknown }).vector;
    assert.deepEqual(await vectorOf(1), {
      cosine: [[0.6, 0.8]],
      dot: [
        [1, 0],
        [0, 2],
      ],
      plain: [1, 1],
    });
    const set = {
      points: [
        {
          id: 3,
          vector: {
            dot: [
              [5, 5],
              [6, 6],
              [7, 7],
            ],
          },
        },
      ],
    };
    assert.equal((await ask("PUT", "/collections/parts/points/vectors?wait=true", set)).statusCode, 200);
    assert.deepEqual(await vectorOf(3), {
      dot: [
        [5, 5],
        [6, 6],
        [7, 7],
      ],
      plain: [2, 2],
    });
    const info = (await ask("GET", "/collections/parts")).json.result as {
      readonly config: { readonly params: { readonly vectors: { readonly [name: string]: unknown } } };
    };
    assert.deepEqual(info.config.params.vectors["dot"], {
      size: 2,
      distance: "Dot",
      multivector_config: { comparator: "max_sim" },
    });
  });

  it("refuse parts that do not fit, by the dialect's words", async () => {
    const { ask } = await filled();
    const refused = async (dot: unknown) => {
      const answer = await ask("PUT", "/collections/parts/points", { points: [{ id: 9, vector: { dot } }] });
      return [answer.statusCode, answer.error];
    };
    const of = (problem: string) => [422, `Validation error in JSON body: [points[0].vector.dot: ${problem}]`];
    assert.deepEqual(await refused([[1, 2], []]), of("all vectors must be non-empty"));
    const other = "all vectors must have the same dimension, found vector with dimension 1";
    assert.deepEqual(await refused([[1, 2], [3]]), of(other));
    assert.deepEqual(await refused([[1, 2, 3]]), [400, "Wrong input: Vector dimension error: expected dim: 2, got 3"]);
    assert.deepEqual(await refused([1, 2]), [400, "Wrong input: Conversion between multi and regular vectors failed"]);
    const { statusCode, error } = await ask("POST", "/collections/parts/points/query", { query: [[1]], using: "dot" });
    assert.deepEqual([statusCode, error], [400, "Wrong input: Vector dimension error: expected dim: 2, got 1"]);
  });
});
