import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp, type TestApp } from "../testing/test-app.js";

const walk = "/murmur/collections/things/graph/walk";
const quality = "/murmur/collections/things/quality";
const conflicts = "/murmur/collections/things/conflicts";

interface Walked {
  readonly nodes: readonly { readonly id: unknown; readonly dot: string; readonly distance: number }[];
  readonly walks: readonly { readonly ef: number; readonly steps: readonly { readonly kept: readonly number[] }[] }[];
  readonly points: readonly { readonly id: number; readonly score: number; readonly node: number | null }[];
  readonly exact: boolean;
  readonly end: string;
}

/** So many points that a walk is worth it. */
async function many({ ask }: TestApp): Promise<void> {
  const points = Array.from({ length: 300 }, (_, i) => ({
    id: 100 + i,
    vector: [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i), Math.cos(i * i)],
    payload: { n: i },
  }));
  assert.equal((await ask("PUT", "/collections/things/points", { points })).statusCode, 200);
}

describe("the walk of a query", () => {
  it("is told step by step, and comes to what the query answers", async () => {
    const app = await filledApp();
    await many(app);
    const { ask } = app;
    for (const query of [[1, 0, 0, 1], 105]) {
      const body = { query, limit: 3, params: { hnsw_ef: 12 } };
      const answer = await ask("POST", walk, body);
      assert.equal(answer.statusCode, 200, answer.text);
      const { nodes, walks, points, exact, end } = answer.json.result as Walked;
      assert.deepEqual([walks.length, walks[0]?.ef, exact], [1, 12, false]);
      assert.match(end, /^every candidate that is kept was expanded/);
      const asked = await ask("POST", "/collections/things/points/query", body);
      const right = (asked.json.result as Pick<Walked, "points">).points;
      assert.deepEqual(
        points.map(({ id, score }) => [id, score]),
        right.map(({ id, score }) => [id, score]),
      );
      for (const { id, node } of points) assert.equal(nodes[node as number]?.id, id);
      assert.ok((walks[0]?.steps.length ?? 0) > 3);
      assert.ok(answer.headers["x-murmur-token"] !== undefined, "it takes part in sessions");
    }
  });

  it("says where all are compared, with a filter too", async () => {
    const { ask } = await filledApp();
    const filter = { must: [{ key: "city", match: { value: "Berlin" } }] };
    const { result } = (await ask("POST", walk, { query: [1, 0, 0, 0], filter })).json;
    const { nodes, walks, points, exact, end } = result as Walked;
    assert.deepEqual([nodes, walks, exact], [[], [], true]);
    assert.deepEqual(
      points.map(({ id, node }) => [id, node]),
      [
        [3, null],
        [1, null],
      ],
    );
    assert.match(end, /^all points that match were compared/);
  });

  it("refuses what a query refuses, and what has no graph", async () => {
    const { ask } = await filledApp();
    const refused = async (body: unknown, status: number, error: RegExp, url = walk) => {
      const answer = await ask("POST", url, body);
      assert.equal(answer.statusCode, status, answer.text);
      assert.match(answer.error ?? "", error);
    };
    await refused({}, 400, /query: missing field|query/);
    await refused({ query: [1, 2] }, 400, /expected dim: 4, got 2/);
    await refused({ query: 999 }, 404, /No point with id 999 found/);
    await refused({ query: [1, 0, 0, 0], limit: 101 }, 422, /limit.*101.*from 1 to 100/);
    await refused({ query: [1, 0, 0, 0], limit: 0 }, 422, /limit/);
    await refused({ query: [1, 0, 0, 0], using: "none" }, 400, /Not existing vector name error: none/);
    await refused({ query: [1, 0, 0, 0], params: { hnsw_ef: 70_000 } }, 422, /hnsw_ef/);
    await refused({ query: { indices: [1], values: [1] } }, 400, /./);
    await refused({ query: [1] }, 404, /none/, "/murmur/collections/none/graph/walk");
    await ask("PUT", "/collections/sparse", { sparse_vectors: { s: {} } });
    await ask("PUT", "/collections/sparse/points", {
      points: [{ id: 1, vector: { s: { indices: [1], values: [1] } } }],
    });
    const sparse = { query: { indices: [1], values: [1] }, using: "s" };
    await refused(sparse, 400, /it has no graph and is searched exactly/, "/murmur/collections/sparse/graph/walk");
    await refused({ using: "s" }, 400, /it has no graph/, "/murmur/collections/sparse/quality");
  });
});

describe("the quality of the search", () => {
  it("is measured by width, with what is asked for or without", async () => {
    const app = await filledApp();
    await many(app);
    const answer = await app.ask("POST", quality, { samples: 30, hnsw_ef: [4, 4, 64], limit: 5, seed: 7 });
    assert.equal(answer.statusCode, 200, answer.text);
    const result = answer.json.result as {
      readonly points: number;
      readonly sampled: number;
      readonly seed: number;
      readonly widths: readonly { readonly ef: number; readonly recall: number; readonly latency_ms: object }[];
    };
    assert.deepEqual([result.points, result.sampled, result.seed], [303, 30, 7]);
    assert.deepEqual(
      result.widths.map(({ ef }) => ef),
      [4, 64],
      "each width once",
    );
    assert.ok(result.widths.every(({ recall }) => recall > 0.5 && recall <= 1));
    assert.deepEqual(Object.keys(result.widths[0]?.latency_ms ?? {}), ["p50", "p95", "p99", "mean"]);
    const plain = await app.ask("POST", quality);
    assert.equal(plain.statusCode, 200, plain.text);
    assert.equal((plain.json.result as { sampled: number }).sampled, 100);
  });

  it("is nothing to measure where no graph is walked, and then nothing is walked", async () => {
    const { ask } = await filledApp();
    await ask("PATCH", "/collections/things", { hnsw_config: { m: 0 } });
    const refused = await ask("POST", quality);
    assert.equal(refused.statusCode, 400);
    assert.match(refused.error ?? "", /m is 0: every search of this vector compares all points/);
    const walked = (await ask("POST", walk, { query: [1, 0, 0, 1] })).json.result as Walked;
    assert.deepEqual([walked.walks, walked.exact, walked.points.length], [[], true, 3]);
  });

  it("is bounded, and as strict as its collection", async () => {
    const { ask } = await filledApp();
    for (const [body, error] of [
      [{ samples: 1_001 }, /samples.*1001.*from 1 to 1000/],
      [{ samples: 0 }, /samples/],
      [{ hnsw_ef: [] }, /hnsw_ef/],
      [{ hnsw_ef: Array.from({ length: 17 }, (_, i) => i + 1) }, /hnsw_ef/],
      [{ hnsw_ef: [0] }, /hnsw_ef/],
      [{ limit: 101 }, /limit/],
      [{ seed: 2 ** 32 }, /seed/],
    ] as const) {
      const answer = await ask("POST", quality, body);
      assert.equal(answer.statusCode, 422, `${JSON.stringify(body)}: ${answer.text}`);
      assert.match(answer.error ?? "", error);
    }
    assert.equal((await ask("POST", quality, { using: "none" })).statusCode, 400);
    const strict = { strict_mode_config: { enabled: true, search_max_hnsw_ef: 50 } };
    await ask("PATCH", "/collections/things", strict);
    assert.match((await ask("POST", quality, { hnsw_ef: [16, 60] })).error ?? "", /hnsw_ef/);
    await ask("PATCH", "/collections/things", { strict_mode_config: { enabled: true, search_allow_exact: false } });
    assert.match((await ask("POST", quality, { hnsw_ef: [16] })).error ?? "", /Exact search disabled/);
  });
});

describe("the latest conflicts", () => {
  it("are none where one replica writes", async () => {
    const { ask } = await filledApp();
    await ask("POST", "/collections/things/points/payload", { payload: { a: 1 }, points: [1] });
    const { result } = (await ask("GET", conflicts)).json;
    const { replica, ...rest } = result as { readonly replica: number };
    assert.ok(replica > 0);
    assert.deepEqual(rest, { seen: 0, conflicts: [] });
  });

  it("refuse a limit out of bounds, and a collection that is not there", async () => {
    const { ask } = await filledApp();
    assert.equal((await ask("GET", `${conflicts}?limit=0`)).statusCode, 422);
    assert.equal((await ask("GET", `${conflicts}?limit=101`)).statusCode, 422);
    assert.equal((await ask("GET", `${conflicts}?limit=x`)).statusCode, 400);
    assert.equal((await ask("GET", "/murmur/collections/none/conflicts")).statusCode, 404);
  });
});
