import assert from "node:assert/strict";
import { test } from "node:test";
import { queryBody } from "../http/schemas/query.js";
import { validate } from "../http/schemas/validate.js";
import { testApp } from "../testing/test-app.js";
import { planQuery, ReadNames } from "./plan-query.js";

test("nothing is found by a graph while m is 0: of the collection, of a vector, and changed", async () => {
  const { ask, database } = await testApp();
  const space = { size: 2, distance: "Dot" };
  const multi = { ...space, multivector_config: { comparator: "max_sim" } };
  await ask("PUT", "/collections/c", {
    vectors: { a: { ...space, hnsw_config: { m: 8 } }, b: space, parts: multi },
    sparse_vectors: { words: {} },
    hnsw_config: { m: 0 },
    strict_mode_config: { enabled: true, search_allow_exact: false },
  });
  const isExact = (using: string, asked: object = {}) => {
    const body = validate(queryBody, { query: [1, 2], using, ...asked });
    const { parameters, prefetch = [] } = planQuery(database, body, new ReadNames("c"));
    return [parameters, ...prefetch.map((one) => one.parameters)].map(({ exact }) => exact === true);
  };
  assert.deepEqual([isExact("a"), isExact("b"), isExact("parts")], [[false], [true], [true]]);
  const prefetch = [
    { query: [1, 2], using: "b" },
    { query: [1, 2], using: "a" },
  ];
  assert.deepEqual(isExact("a", { prefetch }), [false, true, false]);
  // nobody asked for it: strict mode does not refuse it
  const { statusCode } = await ask("POST", "/collections/c/points/query", { query: [1, 2], using: "b" });
  assert.equal(statusCode, 200);
  await ask("PATCH", "/collections/c", { vectors: { a: { hnsw_config: { m: 0 } } }, hnsw_config: { m: 16 } });
  assert.deepEqual([isExact("a"), isExact("b"), isExact("parts")], [[true], [false], [false]]);
});

test("answers without a graph are those of comparing all", async () => {
  const { ask } = await testApp();
  await ask("PUT", "/collections/c", { vectors: { size: 24, distance: "Cosine" }, hnsw_config: { m: 0 } });
  const vectorOf = (seed: number) => Array.from({ length: 24 }, (_, i) => Math.sin((seed + 1) * (i + 1) * 1.37));
  const points = Array.from({ length: 2_000 }, (_, i) => ({ id: i, vector: vectorOf(i) }));
  assert.equal((await ask("PUT", "/collections/c/points?wait=true", { points })).statusCode, 200);
  const searches = (params: object) => ({
    searches: Array.from({ length: 8 }, (_, i) => ({ query: vectorOf(i + 0.4), limit: 10, params })),
  });
  const found = async (params: object) =>
    (await ask("POST", "/collections/c/points/query/batch", searches(params))).json.result;
  const exact = await found({ exact: true });
  assert.deepEqual(await found({ hnsw_ef: 1 }), exact);
  await ask("PATCH", "/collections/c", { hnsw_config: { m: 16 } });
  assert.notDeepEqual(await found({ hnsw_ef: 1 }), exact);
});
