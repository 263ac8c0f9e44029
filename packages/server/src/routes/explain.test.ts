import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filledApp, type TestApp } from "../testing/test-app.js";

const path = "/murmur/collections/things/explain";
const near = [1, 0, 0, 0];
const inBerlin = { must: [{ key: "city", match: { value: "Berlin" } }] };

async function explained({ ask }: Pick<TestApp, "ask">, body: unknown) {
  const { statusCode, json, text } = await ask("POST", path, body);
  assert.equal(statusCode, 200, text);
  return json.result;
}

describe("explain", () => {
  it("says how a query would find its points, with the reason, and searches nothing", async () => {
    const test = await filledApp();
    assert.deepEqual(await explained(test, { query: near, limit: 2 }), {
      refused: null,
      sources: [
        {
          kind: "nearest",
          using: "",
          limit: 2,
          method: "exact",
          because: "cheaper",
          matches: 3,
          width: 192,
          nodes: 3,
          reason: "comparing with the 3 that match costs less than a walk that keeps 192 candidates of 3",
        },
      ],
    });
    const { json } = await test.ask("POST", "/collections/things/points/query", { query: near, limit: 2 });
    assert.equal((json.result as { points: unknown[] }).points.length, 2);
  });

  it("shows the steps of a filter: what answers each, rows guessed and left, and what lacks an index", async () => {
    const test = await filledApp();
    const filter = { must: [...inBerlin.must, { key: "count", range: { gte: 2 } }] };
    const steps = async () => {
      const { sources } = (await explained(test, { query: near, filter })) as {
        sources: { filters: { points: number; matches: number; steps: Record<string, unknown>[] }[] }[];
      };
      const [first] = sources[0]?.filters ?? [];
      assert.deepEqual([first?.points, first?.matches], [3, 2]);
      return first?.steps;
    };
    const conditions = [
      { kind: "match-value", key: "city" },
      { kind: "range", key: "count" },
    ];
    const scanned = 'there is no payload index on "city"; there is no payload index on "count"';
    assert.deepEqual(await steps(), [
      {
        conditions,
        by: "scan",
        before: 3,
        left: 2,
        reason: `every point that is left is looked at, payload and all: ${scanned}`,
      },
    ]);
    await test.ask("PUT", "/collections/things/index?wait=true", { field_name: "city", field_schema: "keyword" });
    assert.deepEqual(await steps(), [
      {
        conditions: [conditions[0]],
        by: "index",
        estimated: 2,
        before: 3,
        left: 2,
        reason: 'answered by the keyword index on "city"',
      },
      {
        conditions: [conditions[1]],
        by: "scan",
        before: 2,
        left: 2,
        reason: 'every point that is left is looked at, payload and all: there is no payload index on "count"',
      },
    ]);
  });

  it("goes into prefetches and groups, whatever kind they are", async () => {
    const test = await filledApp();
    const prefetch = [
      { query: near, limit: 2 },
      { query: { sample: "random" }, limit: 3 },
    ];
    const fused = (await explained(test, { prefetch, query: { fusion: "rrf" } })) as {
      sources: { kind: string; method: string; reason: string; prefetch: { kind: string; method: string }[] }[];
    };
    assert.deepEqual(
      fused.sources.map(({ kind, method, reason, prefetch: inner }) => [
        kind,
        method,
        reason,
        inner.map((one) => [one.kind, one.method]),
      ]),
      [
        [
          "rrf",
          "prefetched",
          "only what the prefetches find, 5 points at most, is ranked, all of it",
          [
            ["nearest", "exact"],
            ["sample", "sample"],
          ],
        ],
      ],
    );
    const grouped = (await explained(test, { query: near, group_by: "city", limit: 2 })) as typeof fused;
    assert.deepEqual(
      grouped.sources.map(({ kind, method }) => [kind, method]),
      [["nearest", "exact"]],
    );
  });

  it("refuses what the query would refuse, in its words", async () => {
    const { ask } = await filledApp();
    for (const body of [
      { query: [1, 2] },
      { query: near, limit: 0 },
      { query: 77 },
      { query: { order_by: "count" } },
    ]) {
      const [one, other] = [await ask("POST", path, body), await ask("POST", "/collections/things/points/query", body)];
      assert.ok(one.statusCode >= 400);
      assert.deepEqual([one.statusCode, one.error], [other.statusCode, other.error]);
    }
    const unknown = await ask("POST", "/murmur/collections/nothing/explain", { query: near });
    assert.equal(unknown.statusCode, 404);
  });

  it("says what strict mode would refuse, and looks at nothing then", async () => {
    const test = await filledApp();
    await test.ask("PATCH", "/collections/things", {
      strict_mode_config: { enabled: true, search_allow_exact: false, unindexed_filtering_retrieve: false },
    });
    assert.deepEqual(await explained(test, { query: near, params: { exact: true } }), {
      refused: "Exact search disabled!. Help: Set exact=false.",
      sources: [],
    });
    const { refused, sources } = (await explained(test, { query: near, filter: inBerlin })) as {
      refused: string;
      sources: unknown[];
    };
    assert.match(refused, /Index required but not found for "city"/);
    assert.deepEqual(sources, []);
  });
});
