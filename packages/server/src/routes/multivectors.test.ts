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

  it("take a single dense vector for one part, wherever a vector is given", async () => {
    const { ask } = await filled();
    const points = [{ id: 4, vector: { dot: [3, 4], cosine: [3, 4] } }];
    assert.equal((await ask("PUT", "/collections/parts/points?wait=true", { points })).statusCode, 200);
    const { vector } = (await ask("GET", "/collections/parts/points/4")).json.result as { readonly vector: unknown };
    assert.deepEqual(vector, { dot: [[3, 4]], cosine: [[0.6, 0.8]] });
    const query = { query: [1, 0], using: "dot", limit: 2 };
    const { json } = await ask("POST", "/collections/parts/points/query", query);
    assert.deepEqual(scoresOf(json.result), [
      [4, 3],
      [1, 1],
    ]);
    const older = await ask("POST", "/collections/parts/points/search", {
      vector: { name: "dot", vector: [1, 0] },
      limit: 1,
    });
    assert.deepEqual(older.json.result, [{ id: 4, version: 4, score: 3 }]);
    const set = { points: [{ id: 1, vector: { dot: [7, 0] } }] };
    assert.equal((await ask("PUT", "/collections/parts/points/vectors?wait=true", set)).statusCode, 200);
    // what another vector has is looked up, too
    const lookup = {
      query: { recommend: { positive: [1] } },
      using: "dot",
      lookup_from: { collection: "parts", vector: "plain" },
    };
    assert.deepEqual(scoresOf((await ask("POST", "/collections/parts/points/query", lookup)).json.result), [
      [4, 7],
      [2, 0],
    ]);
  });

  it("are compared with examples, with each other, and picked to be unlike each other", async () => {
    const { ask } = await filled();
    const query = async (body: object) =>
      scoresOf((await ask("POST", "/collections/parts/points/query", { using: "dot", query: body })).json.result);
    const one = [[1, 0]];
    const two = [[0, 1]];
    // by the average: all parts, those of negative ones turned around: 1: 1 + max(0, −2); 2: −1 − 1
    assert.deepEqual(await query({ recommend: { positive: [one], negative: [two] } }), [
      [1, 1],
      [2, -2],
    ]);
    assert.deepEqual(await query({ recommend: { positive: [one, two], negative: [two], strategy: "sum_scores" } }), [
      [1, 1],
      [2, -1],
    ]);
    assert.deepEqual(await query({ recommend: { positive: [1], strategy: "best_score" } }), [[2, 0.75]]);
    assert.deepEqual(await query({ discover: { target: one, context: [{ positive: two, negative: one }] } }), [
      [1, 1.75],
      [2, 1.25],
    ]);
    assert.deepEqual(await query({ context: [{ positive: one, negative: two }] }), [
      [1, -0.50000006],
      [2, -0.6666667],
    ]);
    const naive = { a: 1, b: 1, c: 1 };
    const feedback = [
      { example: two, score: 1 },
      { example: one, score: 0 },
    ];
    assert.deepEqual(await query({ relevance_feedback: { target: one, feedback, strategy: { naive } } }), [
      [1, 2],
      [2, 1],
    ]);
    assert.deepEqual(await query({ nearest: [1, 1], mmr: { diversity: 0.5 } }), [
      [1, 2],
      [2, 0],
    ]);
    const { json } = await ask("POST", "/collections/parts/points/search/matrix/pairs", { using: "dot" });
    // not the same both ways: 2 has one part, 1 has two
    assert.deepEqual(json.result, {
      pairs: [
        { a: 1, b: 2, score: 1 },
        { a: 2, b: 1, score: 2 },
      ],
    });
  });

  it("are found by distances: the least to each part of the query, added up", async () => {
    const { ask } = await testApp();
    const space = (distance: string) => ({ size: 2, distance, multivector_config: { comparator: "max_sim" } });
    const body = { vectors: { euclid: space("Euclid"), manhattan: space("Manhattan") } };
    assert.equal((await ask("PUT", "/collections/far", body)).statusCode, 200);
    const both = (parts: number[][]) => ({ euclid: parts, manhattan: parts });
    const points = [
      {
        id: 1,
        vector: both([
          [0, 0],
          [3, 4],
        ]),
      },
      { id: 2, vector: both([[0, 3]]) },
    ];
    assert.equal((await ask("PUT", "/collections/far/points?wait=true", { points })).statusCode, 200);
    const found = async (query: unknown, more: object) =>
      scoresOf((await ask("POST", "/collections/far/points/query", { query, ...more })).json.result);
    const query = [
      [0, 0],
      [3, 0],
    ];
    // 1: 0 and 3² (of 3² and 4²); 2: 3² and 3² + 3²
    assert.deepEqual(await found(query, { using: "euclid" }), [
      [1, 3],
      [2, 5.196152],
    ]);
    // 1: 0 and 3 (of 3 and 4); 2: 3 and 6
    assert.deepEqual(await found(query, { using: "manhattan" }), [
      [1, 3],
      [2, 9],
    ]);
    assert.deepEqual(await found(query, { using: "manhattan", score_threshold: 8 }), [[1, 3]]);
    // as by other distances, what is nearer is more similar
    const recommend = { positive: [query], negative: [[[0, 3]]], strategy: "sum_scores" };
    assert.deepEqual(await found({ recommend }, { using: "manhattan" }), [
      [1, 0],
      [2, -9],
    ]);
    const { json } = await ask("POST", "/collections/far/points/search/matrix/pairs", { using: "euclid" });
    assert.deepEqual(json.result, {
      pairs: [
        { a: 1, b: 2, score: 4.358899 },
        { a: 2, b: 1, score: 3 },
      ],
    });
  });

  it("have finite scores, also where sums are beyond float32", async () => {
    const { ask } = await testApp();
    const space = { size: 2, distance: "Dot", multivector_config: { comparator: "max_sim" } };
    await ask("PUT", "/collections/far", { vectors: space });
    const far = 3e38;
    const points = [
      { id: 1, vector: [[far, 0]] },
      { id: 2, vector: [[-far, 0]] },
    ];
    assert.equal((await ask("PUT", "/collections/far/points?wait=true", { points })).statusCode, 200);
    const query = async (body: object) =>
      scoresOf((await ask("POST", "/collections/far/points/query", body)).json.result);
    const most = 3.4028235e38;
    const both = [
      [far, 0],
      [-far, 0],
    ];
    assert.deepEqual(await query({ query: [[far, 0]] }), [
      [1, most],
      [2, -most],
    ]);
    // first as far as can be, then as far the other way
    assert.deepEqual(await query({ query: both }), [
      [1, 0],
      [2, 0],
    ]);
    const recommend = { positive: both.map((part) => [part]), negative: [[[1, 1]]], strategy: "sum_scores" };
    assert.deepEqual(await query({ query: { recommend } }), [
      [2, 3e38],
      [1, -3e38],
    ]);
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
    assert.deepEqual(await refused([1, 2, 3]), [400, "Wrong input: Vector dimension error: expected dim: 2, got 3"]);
    const conversion = [400, "Wrong input: Conversion between sparse and regular vectors failed"];
    assert.deepEqual(await refused({ indices: [1], values: [1] }), conversion);
    const many = Array.from({ length: 1 << 19 }, () => [0, 1]);
    assert.deepEqual(await refused(many), of("Total size of all vectors (1048576) must be less than 1048576"));
    const { statusCode, error } = await ask("POST", "/collections/parts/points/query", { query: [[1]], using: "dot" });
    assert.deepEqual([statusCode, error], [400, "Wrong input: Vector dimension error: expected dim: 2, got 1"]);
  });
});
