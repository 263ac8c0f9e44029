import assert from "node:assert/strict";
import { test } from "node:test";
import type { PointsQuery } from "@murmuration/index";
import { QueryTap, type SampledQuery, type TapCounts } from "./query-tap.js";
import type { Reading } from "./reading.js";

const vector = Float32Array.of(1, 2);

function reading(more: Partial<PointsQuery> = {}): Reading {
  const search: PointsQuery = {
    node: { kind: "nearest", target: { kind: "vector", vector } },
    using: "a",
    limit: 5,
    offset: 2,
    parameters: {},
    selection: { payload: false, vectors: false },
    ...more,
  };
  return { kind: "searches", searches: [search], isBatch: false, shape: "points" };
}

function tapped(share: number) {
  const tap = new QueryTap();
  const queries: SampledQuery[] = [];
  const counts: TapCounts = { seen: 0, passedOver: 0 };
  tap.set({ shard: "1-1", vector: "a", share }, (query, { seen, passedOver }) => {
    if (query !== undefined) queries.push(query);
    counts.seen += seen;
    counts.passedOver += passedOver;
  });
  return { tap, queries, counts };
}

test("of the queries that can be compared exactly the share is taken", () => {
  const { tap, queries, counts } = tapped(0.25);
  for (let i = 0; i < 100; i++) tap.offer("1-1", reading());
  assert.equal(queries.length, 25);
  assert.equal(counts.seen, 100);
  assert.deepEqual(queries[0], { vector, limit: 7 });
});

test("a query of another collection or vector is not counted", () => {
  const { tap, queries, counts } = tapped(1);
  tap.offer("1-2", reading());
  tap.offer(undefined, reading());
  tap.offer("1-1", reading({ using: "b" }));
  tap.offer("1-1", { kind: "count" });
  assert.deepEqual([queries.length, counts.seen], [0, 0]);
});

test("what does not walk the graph alone is passed over, and counted", () => {
  const { tap, queries, counts } = tapped(1);
  const odd: Partial<PointsQuery>[] = [
    { filter: { must: [], should: [], mustNot: [] } as never },
    { parameters: { exact: true } },
    { parameters: { rescore: false } },
    { limit: 1_000 },
    { limit: 0, offset: 0 },
    { node: { kind: "nearest", target: { kind: "point", id: 1 as never } } },
  ];
  for (const one of odd) tap.offer("1-1", reading(one));
  tap.offer("1-1", reading({ parameters: { efSearch: 99 } }));
  assert.deepEqual(queries, [{ vector, limit: 7, efSearch: 99 }]);
  assert.deepEqual(counts, { seen: odd.length + 1, passedOver: odd.length });
});

test("nothing is taken any more when nobody taps", () => {
  const { tap, queries } = tapped(1);
  tap.set(undefined, () => assert.fail("nobody taps"));
  tap.offer("1-1", reading());
  assert.equal(queries.length, 0);
});
