import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../support/server.js";
import { until } from "../support/until.js";
import { startE2eServer } from "./e2e-server.js";

const DIMENSIONS = 16;
const POINTS = 1_500;

const server = await startE2eServer();

/** Numbers that look drawn, and are the same each time. */
function vectorOf(seed: number): number[] {
  return Array.from(
    { length: DIMENSIONS },
    (_, i) => ((Math.imul(seed + 1, 2_654_435_761 + 40_503 * i) >>> 8) % 1_000) / 500 - 1,
  );
}

const points = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: from + i, vector: vectorOf(from + i) }));

interface Graph {
  readonly m: number;
  readonly ef_construct: number;
  readonly points: number | null;
  readonly bytes: number;
  readonly recall: number | null;
  readonly p99_us: number | null;
}

interface Answer {
  readonly canary: {
    readonly state: string;
    readonly reason: string | null;
    readonly lag: { readonly vectors: number | null };
    readonly queries: { readonly seen: number; readonly passed_over: number; readonly compared: number };
    readonly first: Graph;
    readonly canary: Graph;
  } | null;
  readonly promotions: readonly { readonly m: number }[];
}

const PATH = "/murmur/collections/c/canary";
const status = async () => (await server.request("GET", PATH)).body.result as Answer;
const query = (seed: number, more: object = {}) =>
  server.request("POST", "/collections/c/points/query", { query: vectorOf(seed), limit: 5, ...more });
const errorOf = ({ body }: { readonly body: { readonly status?: unknown } }) =>
  (body.status as { readonly error: string }).error;

test("a canary follows the graph that serves, is asked what that is asked, and is promoted", async () => {
  await server.request("PUT", "/collections/c", {
    vectors: { size: DIMENSIONS, distance: "Euclid" },
    hnsw_config: { m: 4, ef_construct: 8 },
  });
  await server.request("PUT", "/collections/c/points?wait=true", { points: points(0, POINTS) });
  assert.deepEqual(await status(), { canary: null, promotions: [] });
  const before = (await query(7)).body.result;

  const started = await server.request("POST", PATH, { m: 16, ef_construct: 100, share: 1 });
  assert.equal(started.status, 200, started.text);
  assert.equal((await server.request("POST", PATH, {})).status, 409);
  await until(async () => (await status()).canary?.state === "following", "the canary is complete");
  await server.request("PUT", "/collections/c/points?wait=true", { points: points(POINTS, 100) });
  await server.request("POST", "/collections/c/points/delete?wait=true", { points: [1, 2, 3] });
  await until(async () => {
    const { canary } = await status();
    return canary?.lag.vectors === 0 && canary.canary.points === POINTS + 97;
  }, "the canary has what was written");

  await until(async () => {
    for (let seed = 0; seed < 20; seed++) await query(10_000 + seed);
    return ((await status()).canary?.queries.compared ?? 0) >= 40;
  }, "queries are compared");
  await query(3, { filter: { must: [{ has_id: [5] }] } });
  const { canary } = await status();
  assert.ok(canary !== null);
  assert.deepEqual([canary.first.m, canary.canary.m, canary.canary.ef_construct], [4, 16, 100]);
  assert.ok((canary.canary.recall ?? 0) >= (canary.first.recall ?? 1), JSON.stringify(canary));
  assert.ok(canary.canary.bytes > canary.first.bytes);
  assert.ok(canary.first.p99_us !== null && canary.canary.p99_us !== null);
  const metrics = (await server.request("GET", "/metrics")).text;
  assert.match(metrics, /^murmur_canary_recall\{graph="canary"\} [01]/m);

  const shown = runCli("canary", "status", "--collection", "c", "--url", server.address);
  assert.match(shown.out, /canary of c: following[\s\S]*ef_construct +8 +100/);

  assert.equal((await server.request("POST", `${PATH}/promote`)).status, 200);
  await until(async () => (await status()).promotions.length === 0, "the other graph serves");
  const { config } = (await server.request("GET", "/collections/c")).body.result as {
    readonly config: { readonly params: { readonly vectors: { readonly hnsw_config: object } } };
  };
  assert.deepEqual(config.params.vectors.hnsw_config, { m: 16, ef_construct: 100 });
  const after = (await status()).canary;
  assert.deepEqual([after?.state, after?.reason], ["ended", "it was promoted"]);
  await server.request("PUT", "/collections/c/points?wait=true", { points: points(5_000, 50) });
  await until(
    async () => JSON.stringify((await query(5_007)).body.result).includes('"id":5007'),
    "what was written is found",
  );
  // the nearest of what was there are the same
  assert.deepEqual((await query(7, { params: { exact: true } })).body.result, before);
  const validated = (await server.request("POST", "/murmur/collections/c/validate", { samples: 50 })).body.result as {
    readonly recall: { readonly [vector: string]: { readonly recall_at_10: number } };
  };
  assert.ok((validated.recall[""]?.recall_at_10 ?? 0) > 0.9, JSON.stringify(validated));
  assert.equal((await server.request("DELETE", PATH)).body.result, true);
  assert.equal((await server.request("DELETE", PATH)).body.result, false);
});

test("what is wrong is refused, and changes nothing", async () => {
  await server.request("PUT", "/collections/d", {
    sparse_vectors: { s: {} },
    vectors: { v: { size: 2, distance: "Dot" } },
  });
  const start = (body: unknown, name = "d") => server.request("POST", `/murmur/collections/${name}/canary`, body);
  assert.equal((await start({ vector: "v" }, "nobody")).status, 404);
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    [{ vector: "w" }, 400, /Not existing vector name error: w/],
    [{ vector: "s" }, 400, /only dense vectors have a graph/],
    [{ vector: "v", m: 1 }, 422, /m.*from 2 to 128/],
    [{ vector: "v", ef_construct: 1e9 }, 422, /ef_construct.*from 4 to 4096/],
    [{ vector: "v", share: 0 }, 422, /share/],
    [{ vector: "v", share: "all" }, 400, /share/],
    [{ vector: 7 }, 400, /vector/],
    [[], 400, /./],
  ];
  for (const [body, expected, words] of cases) {
    const answer = await start(body);
    assert.equal(answer.status, expected, `${JSON.stringify(body)}: ${answer.text}`);
    assert.match(errorOf(answer), words);
  }
  assert.equal((await server.request("POST", "/murmur/collections/d/canary/promote")).status, 404);
  assert.deepEqual((await server.request("GET", "/murmur/collections/d/canary")).body.result, {
    canary: null,
    promotions: [],
  });
});
