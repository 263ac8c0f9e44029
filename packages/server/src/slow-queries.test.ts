import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SlowQueries, type SlowQueryLine } from "./slow-queries.js";
import { filledApp } from "./testing/test-app.js";

const query = {
  method: "POST",
  endpoint: "/x",
  collection: "things",
  kind: "searches",
  statusCode: 200,
  tookMs: 12.34567,
  parts: [{ name: "total", ms: 12.34567 }],
};

/** So little that everything is slow. */
const slowQueryMs = 1e-9;

interface Shown {
  readonly threshold_ms: number;
  readonly noted: number;
  readonly left_out: number;
  readonly queries: readonly (SlowQueryLine & {
    readonly parts_ms: object;
    readonly plan?: {
      readonly sources: readonly {
        readonly plans: readonly object[];
        readonly filters: readonly { steps: object[] }[];
      }[];
    };
  })[];
}

describe("slow queries", () => {
  it("are logged in lines of which there are so many in a minute, and the next one says how many there were else", () => {
    let nowMs = 0;
    const lines: SlowQueryLine[] = [];
    const slow = new SlowQueries(
      5,
      (line) => lines.push(line),
      () => nowMs,
    );
    for (let i = 0; i < 100; i++) slow.note(query);
    assert.deepEqual([lines.length, slow.counts, lines[0]?.["took_ms"]], [60, { noted: 100, leftOut: 40 }, 12.346]);
    nowMs = 60_000;
    slow.note(query);
    slow.note(query);
    assert.deepEqual(
      lines.slice(60).map((line) => line["left_out_before"]),
      [40, undefined],
    );
    assert.equal(slow.list(2)[1], lines[60]);
    for (nowMs = 120_000; nowMs < 400_000; nowMs += 60_000) for (let i = 0; i < 60; i++) slow.note(query);
    assert.equal(slow.list(1_000).length, 128);
  });

  it("tell how a search was carried out, and nothing of what it looked for or found", async () => {
    const { ask } = await filledApp({ slowQueryMs });
    const secret = "Atlantis";
    const filter = { must: [{ key: "city", match: { value: secret } }] };
    const body = { query: [0.123, 1, 0, 0], filter, with_payload: true, limit: 7 };
    await ask("POST", "/collections/things/points/query", body);
    const { json, text } = await ask("GET", "/murmur/slow-queries?limit=1");
    const { threshold_ms, queries } = json.result as Shown;
    assert.equal(threshold_ms, slowQueryMs);
    const [line] = queries;
    assert.deepEqual(
      [line?.["collection"], line?.["kind"], line?.["endpoint"], line?.["status"]],
      ["things", "searches", "/collections/{collection_name}/points/query", 200],
    );
    assert.deepEqual(Object.keys(line?.parts_ms ?? {}), ["parse", "wait", "filter", "walk", "total"]);
    assert.deepEqual(line?.plan?.sources[0]?.plans, [{ method: "exact", because: "none-match", limit: 0, matches: 0 }]);
    for (const word of [secret, "0.123"]) assert.ok(!text.includes(word), text);
  });

  it("are carried out as explain says they would be", async () => {
    const { ask } = await filledApp({ slowQueryMs });
    await ask("PUT", "/collections/things/index?wait=true", { field_name: "count", field_schema: "integer" });
    const filter = {
      must: [{ key: "count", range: { gte: 2 } }],
      must_not: [{ key: "city", match: { value: "London" } }],
    };
    for (const body of [
      { query: [1, 0, 0, 0], filter, limit: 3 },
      { query: { recommend: { positive: [1], strategy: "best_score" } }, filter },
      { prefetch: { query: 1, filter }, query: { formula: "$score" } },
      { filter },
    ]) {
      const { json } = await ask("POST", "/murmur/collections/things/explain", body);
      const { sources } = json.result as { sources: { method: string; filters?: { steps: { left: number }[] }[] }[] };
      await ask("POST", "/collections/things/points/query", body);
      const { queries } = (await ask("GET", "/murmur/slow-queries?limit=1")).json.result as Shown;
      const done = queries[0]?.plan?.sources ?? [];
      const methods = (of: readonly { readonly plans: readonly object[] }[]) =>
        of.map(({ plans }) => (plans[0] as { method: string }).method);
      assert.deepEqual(
        sources.map(({ method }) => method),
        methods(done),
      );
    }
  });

  it("tell of writes by the engine's parts, and are counted", async () => {
    const { ask } = await filledApp({ slowQueryMs });
    await ask("PUT", "/collections/things/points?wait=true", { points: [{ id: 4, vector: [1, 2, 3, 4] }] });
    const { queries, noted } = (await ask("GET", "/murmur/slow-queries?limit=1")).json.result as Shown;
    assert.deepEqual([queries[0]?.["kind"], queries[0]?.["status"]], ["upsert-points", 200]);
    assert.deepEqual(Object.keys(queries[0]?.parts_ms ?? {}), ["parse", "wait", "plan", "append", "publish", "total"]);
    const metrics = await ask("GET", "/metrics");
    assert.match(metrics.text, new RegExp(`^murmur_slow_queries_total ${noted}$`, "m"));
  });

  it("are none where it is turned off", async () => {
    const { ask } = await filledApp();
    await ask("POST", "/collections/things/points/query", { query: [1, 0, 0, 0] });
    const { json } = await ask("GET", "/murmur/slow-queries");
    assert.deepEqual(json.result, { threshold_ms: 0, noted: 0, left_out: 0, queries: [] });
  });
});
