import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp } from "../testing/test-app.js";

interface Hit {
  readonly id: number;
  readonly score: number;
  readonly version: number;
}

const path = "/collections/things/points";
const ids = (hits: unknown) => (hits as readonly Hit[]).map((hit) => hit.id);

describe("query", () => {
  it("answers scored points, by default without payload and vector", async () => {
    const { ask } = await filledApp();
    const { json, text } = await ask("POST", `${path}/query`, { query: [0.2, 0.1, 0.9, 0.7], limit: 2 });
    const { points } = json.result as { points: readonly Hit[] };
    assert.deepEqual(points.map(Object.keys), [
      ["id", "version", "score"],
      ["id", "version", "score"],
    ]);
    assert.deepEqual(ids(points), [1, 3]);
    assert.equal(typeof points[0]?.version, "number");
    assert.match(text, /"score":1\.273[,}]/);
  });

  it("takes a point's own vector for its id, in every form of a query", async () => {
    const { ask } = await filledApp();
    for (const query of [1, { nearest: 1 }]) {
      const { result } = (await ask("POST", `${path}/query`, { query })).json;
      assert.deepEqual(ids((result as { points: Hit[] }).points), [3, 2]);
    }
    const { result } = (await ask("POST", `${path}/query`, { query: { nearest: [1, 0, 0, 0] } })).json;
    assert.deepEqual(ids((result as { points: Hit[] }).points), [3, 2, 1]);
    const missing = await ask("POST", `${path}/query`, { query: 77 });
    assert.deepEqual([missing.statusCode, missing.error], [404, "Not found: No point with id 77 found"]);
  });

  it("lists points by id with score 0 when there is no query", async () => {
    const { ask } = await filledApp();
    const { result } = (await ask("POST", `${path}/query`, { limit: 1, offset: 1, with_payload: ["count"] })).json;
    assert.deepEqual(result, { points: [{ id: 2, payload: { count: 1 }, version: 2, score: 0 }] });
  });

  it("honours filter, offset, threshold and search parameters", async () => {
    const { ask } = await filledApp();
    const run = async (fields: object) => {
      const { json } = await ask("POST", `${path}/query`, { query: [0.2, 0.1, 0.9, 0.7], ...fields });
      return ids((json.result as { points: Hit[] }).points);
    };
    assert.deepEqual(await run({ filter: { must: [{ key: "city", match: { value: "Berlin" } }] } }), [1, 3]);
    assert.deepEqual(await run({ filter: {} }), [1, 3, 2]);
    assert.deepEqual(await run({ filter: null }), [1, 3, 2]);
    assert.deepEqual(await run({ offset: 2 }), [2]);
    assert.deepEqual(await run({ score_threshold: 1.25 }), [1]);
    assert.deepEqual(
      await run({
        params: {
          hnsw_ef: 64,
          exact: true,
          quantization: { ignore: true, rescore: true, oversampling: 2 },
          indexed_only: true,
        },
      }),
      [1, 3, 2],
    );
  });

  it("uses the vector that is named and looks ids up elsewhere", async () => {
    const { ask } = await filledApp();
    const { result } = (await ask("POST", "/collections/named/points/query", { query: [1, 2], using: "image" })).json;
    assert.deepEqual(result, {
      points: [
        { id: 1, version: 1, score: 0 },
        { id: 2, version: 2, score: 1 },
      ],
    });
    const lookup = { query: 2, using: "image", lookup_from: { collection: "named", vector: "image" } };
    assert.equal((await ask("POST", "/collections/named/points/query", lookup)).statusCode, 200);
    const missing = await ask("POST", "/collections/named/points/query", {
      ...lookup,
      lookup_from: { collection: "none" },
    });
    assert.deepEqual([missing.statusCode, missing.error], [404, "Not found: Collection none not found"]);
  });

  const query = [1, 2, 3, 4];
  const refused: readonly (readonly [string, unknown, number, RegExp])[] = [
    ["wrong dimension", { query: [1, 2] }, 400, /^Wrong input: Vector dimension error: expected dim: 4, got 2$/],
    ["an empty vector", { query: [] }, 422, /query/],
    ["text in the vector", { query: [1, "x", 3, 4] }, 400, /^Format error in JSON body: query\[1\]: /],
    ["text in a nearest vector", { query: { nearest: [1, 2, 3, true] } }, 400, /query\.nearest\[3\]/],
    ["a number beyond float32", { query: [1, 2, 3, -4e38] }, 422, /query\[3\]/],
    ["an unknown vector name", { query, using: "x" }, 400, /^Wrong input: Not existing vector name error: x$/],
    [
      "limit 0",
      { query, limit: 0 },
      422,
      /^Validation error in JSON body: \[internal\.limit: value 0 invalid, must be 1 or larger\]$/,
    ],
    ["a negative limit", { query, limit: -1 }, 400, /limit: invalid value: integer -1/],
    ["a fractional limit", { query, limit: 1.5 }, 400, /limit/],
    ["a negative offset", { query, offset: -1 }, 400, /offset: invalid value: integer -1/],
    ["hnsw_ef 0", { query, params: { hnsw_ef: 0 } }, 422, /params\.hnsw_ef/],
    [
      "oversampling below 1",
      { query, params: { quantization: { oversampling: 0.5 } } },
      422,
      /params\.quantization\.oversampling/,
    ],
    ["exact as text", { query, params: { exact: "yes" } }, 400, /params\.exact/],
    ["text as a threshold", { query, score_threshold: "1" }, 400, /score_threshold/],
    ["a filter that is none", { query, filter: { must: [{ key: "a", matches: 1 }] } }, 400, /filter\.must\[0\]/],
    [
      "a threshold without a query",
      { score_threshold: 1 },
      400,
      /^Bad request: A query is needed to use the score_threshold/,
    ],
    [
      "prefetch without a query",
      { prefetch: { query } },
      400,
      /^Bad request: A query is needed to merge the prefetches/,
    ],
    [
      "prefetches inside of prefetches without a query",
      { query, prefetch: [{ query }, { prefetch: [] }, { prefetch: { query } }] },
      400,
      /^Bad request: A query is needed to merge the prefetches/,
    ],
    ["a prefetch with a bad limit", { query, prefetch: [{ query, limit: -1 }] }, 400, /prefetch\[0\]\.limit: invalid/],
    [
      "a prefetch with limit 0",
      { query, prefetch: [{ query, limit: 0 }] },
      422,
      /internal\.limit: value 0 invalid, must be 1 or larger/,
    ],
    [
      "prefetches nested too deep",
      { query, prefetch: Array.from({ length: 32 }).reduce((prefetch) => ({ query, prefetch }), { query }) },
      422,
      /prefetch: nested more than 32 levels deep/,
    ],
    [
      "too many prefetches",
      { query, prefetch: Array.from({ length: 257 }, () => ({ query })) },
      422,
      /prefetch: more than 256 prefetches/,
    ],
    ["a prefetch with another dimension", { query, prefetch: { query: [1] } }, 400, /expected dim: 4, got 1/],
    [
      "fusion with using",
      { query: { fusion: "rrf" }, using: "a", prefetch: { query } },
      400,
      /^Bad request: Fusion queries cannot be combined with the 'using' field\.$/,
    ],
    ["fusion without prefetch", { query: { fusion: "rrf" } }, 400, /^Bad request: Fusion queries need at least one/],
    ["another fusion", { query: { fusion: "sum" }, prefetch: { query } }, 400, /query\.fusion: unknown value "sum"/],
    ["rrf with k of 0", { query: { rrf: { k: 0 } }, prefetch: { query } }, 422, /query\.rrf\.k: value 0 invalid/],
    [
      "rrf with a weight too many",
      { query: { rrf: { weights: [1, 2] } }, prefetch: { query } },
      400,
      /^Bad request: The number of weights must be the number of prefetches, there are 2 weights and 1 prefetches/,
    ],
    [
      "an average of nothing",
      { query: { recommend: { negative: [1] } } },
      400,
      /^Bad request: At least one positive vector ID required with this strategy$/,
    ],
    [
      "a recommendation by nothing",
      { query: { recommend: { strategy: "best_score" } } },
      400,
      /^Bad request: At least one positive or negative vector ID required with this strategy$/,
    ],
    ["another strategy", { query: { recommend: { strategy: "x" } } }, 400, /query\.recommend\.strategy: unknown value/],
    ["an unknown example", { query: { recommend: { positive: [77] } } }, 404, /^Not found: No point with id 77 found$/],
    ["an example of another size", { query: { recommend: { positive: [[1]] } } }, 400, /expected dim: 4, got 1/],
    ["half a pair", { query: { context: { positive: 1 } } }, 400, /query\.context\.negative: missing field/],
    ["a discovery without context", { query: { discover: { target: 1 } } }, 400, /query\.discover\.context: missing/],
    [
      "feedback with a power below 0",
      { query: { relevance_feedback: { target: 1, feedback: [], strategy: { naive: { a: 1, b: -1, c: 1 } } } } },
      422,
      /query\.relevance_feedback\.strategy\.naive\.b: value -1 invalid, must be 0 or larger/,
    ],
    ["another sample", { query: { sample: "best" } }, 400, /query\.sample: unknown value "best"/],
    [
      "an order without an index",
      { query: { order_by: "a" } },
      400,
      /^Wrong input: No range index for `order_by` key: `a`\. /,
    ],
    [
      "an order with a threshold",
      { query: { order_by: "a" }, score_threshold: 1 },
      400,
      /^Bad request: Can't use score_threshold with an order_by query\.$/,
    ],
    ["a formula without prefetch", { query: { formula: 1 } }, 400, /^Bad request: Formula queries need at least one/],
    [
      "a formula of another shape",
      { query: { formula: { sum: [{ pow: {} }] } }, prefetch: { query } },
      400,
      /^Format error in JSON body: query\.formula\.sum\[0\]\.pow\.base: an object is expected$/,
    ],
    [
      "a formula of what is not there",
      { query: { formula: "nowhere" }, prefetch: { query } },
      400,
      /^Wrong input: Expected number value for nowhere in the payload and\/or in the formula defaults\. Error: No value/,
    ],
    ["diversity beyond 1", { query: { nearest: query, mmr: { diversity: 1.5 } } }, 422, /mmr\.diversity: value 1\.5/],
    [
      "too many candidates",
      { query: { nearest: query, mmr: { candidates_limit: 16385 } } },
      422,
      /mmr\.candidates_limit: value 16385 invalid, must be from 0 to 16384/,
    ],
    ["documents", { query: { text: "a", model: "b" } }, 400, /query: inference/],
    [
      "sparse vectors",
      { query: { indices: [1], values: [1] } },
      400,
      /^Wrong input: Conversion between sparse and regular vectors failed/,
    ],
    ["multi-vectors", { query: [[1, 2]] }, 400, /^Wrong input: Conversion between multi and regular vectors failed/],
    ["a query of another shape", { query: { odd: 1 } }, 400, /^Format error in JSON body: query: /],
    ["a query that is a flag", { query: true }, 400, /^Format error in JSON body: query: /],
    ["shard keys", { query, shard_key: ["a"] }, 404, /^Not found: Shard key "a" not found/],
    ["no shard key", { query, shard_key: { target: "a" } }, 400, /shard_key: expected a shard key/],
  ];
  for (const [what, body, expectedCode, expectedMessage] of refused) {
    it(`refuses ${what}`, async () => {
      const { ask } = await filledApp();
      const { statusCode, error } = await ask("POST", `${path}/query`, body);
      assert.equal(statusCode, expectedCode, error);
      assert.match(error ?? "", expectedMessage);
    });
  }

  it("answers batches in order, or not at all", async () => {
    const { ask } = await filledApp();
    const good = { query: [1, 0, 0, 0], limit: 1 };
    const { result } = (
      await ask("POST", `${path}/query/batch`, { searches: [good, { query: [0, 1, 0, 0], limit: 1 }] })
    ).json;
    assert.deepEqual(
      (result as { points: Hit[] }[]).map(({ points }) => ids(points)),
      [[3], [2]],
    );
    assert.deepEqual((await ask("POST", `${path}/query/batch`, { searches: [] })).json.result, []);
    const second = await ask("POST", `${path}/query/batch`, { searches: [good, { query: [1], limit: 1 }] });
    assert.match(second.error ?? "", /^Wrong input: Vector dimension error/);
    const shape = await ask("POST", `${path}/query/batch`, { searches: [good, { ...good, limit: 0 }] });
    assert.match(
      shape.error ?? "",
      /^Validation error in JSON body: \[searches\[1\]\.internal\.limit: value 0 invalid/,
    );
    const filter = await ask("POST", `${path}/query/batch`, {
      searches: [good, { ...good, filter: { must: [{ odd: 1 }] } }],
    });
    assert.match(filter.error ?? "", /searches\[1\]\.filter\.must\[0\]/);
    assert.equal((await ask("POST", "/collections/none/points/query/batch", { searches: [] })).statusCode, 404);
  });

  it("says whether an operation was applied to the graph meanwhile, and walks again until none was where that is asked for", async () => {
    const { ask } = await filledApp();
    const searches = [{ query: [1, 0, 0, 0], limit: 1 }];
    for (const [at, body] of [
      ["query", searches[0]],
      ["query?settled=true", searches[0]],
      ["query/batch?settled=true", { searches }],
      ["search?settled=false", { vector: [1, 0, 0, 0], limit: 1 }],
    ] as const) {
      const { statusCode, headers } = await ask("POST", `${path}/${at}`, body);
      assert.deepEqual([statusCode, headers["x-murmur-settled"]], [200, "true"], at);
    }
    const { headers } = await ask("POST", `${path}/count`, {});
    assert.equal(headers["x-murmur-settled"], undefined);
    const odd = await ask("POST", `${path}/query?settled=1`, searches[0]);
    assert.equal(odd.statusCode, 400);
    assert.match(odd.error ?? "", /query parameters: settled: expected true or false/);
  });
});
