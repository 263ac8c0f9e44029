import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type TestApp, testApp } from "../testing/test-app.js";

const idf = (total: number, df: number) => Math.fround(Math.log((total - df + 0.5) / (df + 0.5) + 1));

async function filled(): Promise<TestApp> {
  const made = await testApp();
  const body = { sparse_vectors: { plain: {}, rare: { modifier: "idf", index: { on_disk: true } } } };
  assert.equal((await made.ask("PUT", "/collections/texts", body)).statusCode, 200);
  const points = [
    { id: 1, vector: { plain: { indices: [7, 3], values: [0.5, 2] }, rare: { indices: [1, 2], values: [1, 1] } } },
    { id: 2, vector: { plain: { indices: [3], values: [1] }, rare: { indices: [2], values: [1] } }, payload: { a: 1 } },
    { id: 3, vector: { plain: { indices: [], values: [] } }, payload: { a: 1 } },
    { id: 4, vector: {} },
  ];
  assert.equal((await made.ask("PUT", "/collections/texts/points?wait=true", { points })).statusCode, 200);
  return made;
}

const scoresOf = (result: unknown) =>
  (result as { readonly points: readonly { readonly id: number; readonly score: number }[] }).points.map(
    ({ id, score }) => [id, score],
  );

describe("sparse vectors", () => {
  it("are kept sorted by index, and shown as they were described", async () => {
    const { ask } = await filled();
    const { json } = await ask("POST", "/collections/texts/points", { ids: [1, 3, 4], with_vector: ["plain"] });
    assert.deepEqual(json.result, [
      { id: 1, payload: {}, vector: { plain: { indices: [3, 7], values: [2, 0.5] } } },
      { id: 3, payload: { a: 1 }, vector: { plain: { indices: [], values: [] } } },
      { id: 4, payload: {}, vector: {} },
    ]);
    const info = (await ask("GET", "/collections/texts")).json.result as {
      readonly config: { readonly params: { readonly vectors: unknown; readonly sparse_vectors: unknown } };
    };
    assert.deepEqual(info.config.params.sparse_vectors, {
      plain: {},
      rare: { modifier: "idf", index: { on_disk: true } },
    });
  });

  it("are found by their dot products, with filters, by id and in the older form", async () => {
    const { ask } = await filled();
    const query = async (body: object) =>
      scoresOf((await ask("POST", "/collections/texts/points/query", { using: "plain", ...body })).json.result);
    assert.deepEqual(await query({ query: { indices: [9, 3], values: [1, 2] } }), [
      [1, 4],
      [2, 2],
    ]);
    assert.deepEqual(await query({ query: { indices: [8], values: [1] } }), []);
    assert.deepEqual(await query({ query: { indices: [], values: [] } }), []);
    assert.deepEqual(await query({ query: { indices: [3], values: [-1] }, score_threshold: -1.5 }), [[2, -1]]);
    const filter = { must: [{ key: "a", match: { value: 1 } }] };
    assert.deepEqual(await query({ query: { indices: [3], values: [1] }, filter }), [[2, 1]]);
    assert.deepEqual(await query({ query: 1 }), [[2, 2]]);
    const { json } = await ask("POST", "/collections/texts/points/search", {
      vector: { name: "plain", vector: { indices: [7], values: [1] } },
      limit: 3,
    });
    assert.deepEqual(json.result, [{ id: 1, version: 1, score: 0.5 }]);
  });

  it("weight what is rare among the points that there are, or those of a corpus", async () => {
    const { ask } = await filled();
    const query = async (params?: object) =>
      scoresOf(
        (
          await ask("POST", "/collections/texts/points/query", {
            query: { indices: [1, 2], values: [1, 1] },
            using: "rare",
            ...(params && { params }),
          })
        ).json.result,
      );
    const shown = (score: number) => Number(score.toPrecision(6));
    const close = (found: (readonly unknown[])[]) => found.map(([id, score]) => [id, shown(score as number)]);
    assert.deepEqual(close(await query()), [
      [1, shown(idf(2, 1) + idf(2, 2))],
      [2, shown(idf(2, 2))],
    ]);
    const corpus = { must: [{ has_id: [2, 3] }] };
    assert.deepEqual(close(await query({ idf: { corpus } })), [
      [1, shown(idf(1, 0) + idf(1, 1))],
      [2, shown(idf(1, 1))],
    ]);
    assert.deepEqual(await query({ idf: "global" }), await query());
    await ask("POST", "/collections/texts/points/delete?wait=true", { points: [1] });
    assert.deepEqual(close(await query()), [[2, shown(idf(1, 1))]]);
  });

  it("are compared with examples, with each other, and picked to be unlike each other", async () => {
    const { ask } = await filled();
    const query = async (body: object, using = "plain") =>
      scoresOf((await ask("POST", "/collections/texts/points/query", { using, query: body })).json.result);
    const at = (index: number, value = 1) => ({ indices: [index], values: [value] });
    // points without a common index are compared with examples, as nothing, and are none of the nearest
    assert.deepEqual(await query({ recommend: { positive: [at(3), at(7, 3)], negative: [at(3)] } }), [
      [1, 1.5],
      [2, 0],
    ]);
    assert.deepEqual(await query({ recommend: { positive: [at(7)], strategy: "sum_scores" } }), [
      [1, 0.5],
      [2, 0],
      [3, 0],
    ]);
    assert.deepEqual(await query({ recommend: { positive: [2], negative: [at(7)], strategy: "best_score" } }), [
      [1, 0.8333334],
      [3, -0.5],
    ]);
    assert.deepEqual(await query({ discover: { target: at(3), context: [{ positive: at(7), negative: at(9) }] } }), [
      [1, 1.8333334],
      [2, 0.75],
      [3, 0.5],
    ]);
    assert.deepEqual(await query({ context: [{ positive: at(9), negative: at(7) }] }), [
      [2, -1.19209275e-7],
      [3, -1.19209275e-7],
      [1, -0.33333337],
    ]);
    assert.deepEqual(await query({ nearest: at(3), mmr: { diversity: 1, candidates_limit: 2 } }), [
      [1, 2],
      [2, 1],
    ]);
    const close = (found: (readonly unknown[])[]) =>
      found.map(([id, score]) => [id, Number((score as number).toPrecision(6))]);
    const weighted = (score: number) => Number(score.toPrecision(6));
    // examples are weighted by how rare their indices are
    const sum = { recommend: { positive: [at(1)], negative: [at(2, 3)], strategy: "sum_scores" } };
    assert.deepEqual(close(await query(sum, "rare")), [
      [1, weighted(idf(2, 1) - 3 * idf(2, 2))],
      [2, weighted(-3 * idf(2, 2))],
    ]);
    const matrix = async (using: string) =>
      (await ask("POST", "/collections/texts/points/search/matrix/pairs", { using })).json.result;
    assert.deepEqual(await matrix("plain"), {
      pairs: [
        { a: 1, b: 2, score: 2 },
        { a: 2, b: 1, score: 2 },
      ],
    });
    const { pairs } = (await matrix("rare")) as { readonly pairs: readonly { readonly score: number }[] };
    assert.deepEqual(
      pairs.map(({ score }) => weighted(score)),
      [weighted(idf(2, 2)), weighted(idf(2, 2))],
    );
  });

  it("have finite scores, also where sums are beyond float32", async () => {
    const { ask } = await testApp();
    await ask("PUT", "/collections/far", { sparse_vectors: { plain: {}, rare: { modifier: "idf" } } });
    const far = 3e38;
    const of = (first: number, second: number) => ({ indices: [1, 2], values: [first, second] });
    const points = [of(far, far), of(far, -far), of(-far, -far)].map((plain, i) => ({
      id: i + 1,
      vector: { plain, rare: plain },
    }));
    assert.equal((await ask("PUT", "/collections/far/points?wait=true", { points })).statusCode, 200);
    const query = async (body: object, using = "plain") =>
      scoresOf((await ask("POST", "/collections/far/points/query", { using, ...body })).json.result);
    const most = 3.4028235e38;
    const expected = [
      [1, most],
      [2, 0],
      [3, -most],
    ];
    assert.deepEqual(await query({ query: of(far, far) }), expected);
    const rare = await query({ query: of(far, far) }, "rare");
    assert.deepEqual(rare, expected);
    assert.deepEqual(
      await query({ query: { recommend: { positive: [of(far, far)], strategy: "sum_scores" } } }),
      expected,
    );
    assert.deepEqual(await query({ query: of(0, 0) }, "rare"), [
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
  });

  it("are replaced, updated and removed like others", async () => {
    const { ask } = await filled();
    const vectorOf = async (id: number) =>
      ((await ask("GET", `/collections/texts/points/${id}`)).json.result as { readonly vector: unknown }).vector;
    const set = { points: [{ id: 4, vector: { plain: { indices: [1], values: [3] } } }] };
    assert.equal((await ask("PUT", "/collections/texts/points/vectors?wait=true", set)).statusCode, 200);
    assert.deepEqual(await vectorOf(4), { plain: { indices: [1], values: [3] } });
    await ask("POST", "/collections/texts/points/vectors/delete?wait=true", { points: [1], vector: ["plain"] });
    assert.deepEqual(await vectorOf(1), { rare: { indices: [1, 2], values: [1, 1] } });
    const batch = { batch: { ids: [2], vectors: { plain: [{ indices: [5, 4], values: [1, 2] }] } } };
    assert.equal((await ask("PUT", "/collections/texts/points?wait=true", batch)).statusCode, 200);
    assert.deepEqual(await vectorOf(2), { plain: { indices: [4, 5], values: [2, 1] } });
  });

  it("are made of documents by the built-in model, and found by texts", async () => {
    const { ask } = await testApp();
    const body = { vectors: { d: { size: 2, distance: "Dot" } }, sparse_vectors: { bm25: { modifier: "idf" } } };
    await ask("PUT", "/collections/docs", body);
    const texts = ["The quick brown fox jumps", "Foxes are quick; foxes are brown", "A lazy dog sleeps"];
    const points = texts.map((text, i) => ({
      id: i,
      vector: { d: [i, 1], bm25: { text, model: i === 0 ? "Qdrant/bm25" : "qdrant/BM25", options: { avg_len: 5 } } },
    }));
    assert.equal((await ask("PUT", "/collections/docs/points?wait=true", { points })).statusCode, 200);
    const find = async (query: object) =>
      scoresOf((await ask("POST", "/collections/docs/points/query", query)).json.result).map(([id]) => id);
    const document = { text: "fox", model: "qdrant/bm25" };
    assert.deepEqual(await find({ query: document, using: "bm25" }), [1, 0]);
    assert.deepEqual(await find({ query: { nearest: { ...document, text: "dogs" } }, using: "bm25" }), [2]);
    const prefetch = [
      { query: document, using: "bm25" },
      { query: [1, 0], using: "d" },
    ];
    assert.deepEqual(await find({ prefetch, query: { fusion: "rrf" } }), [1, 0, 2]);
    const refused = async (vector: object) => {
      const { statusCode, error } = await ask("PUT", "/collections/docs/points", { points: [{ id: 1, vector }] });
      return [statusCode, error];
    };
    assert.deepEqual(await refused({ bm25: { ...document, options: { k: -1 } } }), [
      422,
      "Validation error in JSON body: [points[0].vector.bm25.options.k: value -1 invalid, must be from 0 to 1000]",
    ]);
    assert.equal((await refused({ bm25: { text: "x", model: "other/model" } }))[0], 400);
    assert.equal(
      (await refused({ d: document }))[1],
      "Wrong input: Conversion between sparse and regular vectors failed",
    );
  });
});
