import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { Condition, Filter } from "../filter/condition.js";
import { emptyFilter } from "../filter/parse.js";
import { parseFormula } from "../formula/parse-formula.js";
import { finish } from "../sliced.js";
import type { CollectionReader } from "./collection-reader.js";
import { PlanRecorder, type PlanReport, type SourceReport } from "./plan-recorder.js";
import type { PointsQuery, Source } from "./query.js";
import type { QueryNode, QueryTarget } from "./query-node.js";
import type { ReadPart, ReadWatch } from "./read-watch.js";
import { bare, collectionOf, point, space } from "./reads.test-support.js";

const POINTS = 700;

/** Points on a circle, `tag` and `count` indexed, `note` not. */
function filled(): CollectionReader {
  const points = Array.from({ length: POINTS }, (_, i) =>
    point(i + 1, [Math.cos(i), Math.sin(i)], {
      tag: ["red", "green", "blue"][i % 3] as string,
      count: i,
      note: `n${i % 50}`,
    }),
  );
  const { written, reader } = collectionOf({ "": space(2) }, points);
  written.createColumn("tag", { kind: "keyword" });
  written.createColumn("count", { kind: "integer" });
  return reader;
}

/** How a query is carried out, and what parts it went through; `isDry`: how it would be. */
function told(reader: CollectionReader, query: PointsQuery, isDry: boolean) {
  const parts = new Set<ReadPart>();
  const watch: ReadWatch = { plan: new PlanRecorder(), isDry, enter: (part) => parts.add(part) };
  const snapshot = reader.begin(undefined, watch);
  let emitted = 0;
  try {
    finish(
      snapshot.query(query, () => {
        emitted++;
      }),
    );
  } finally {
    snapshot.release();
  }
  return { report: watch.plan.report(), parts, emitted };
}

/** What is decided, without what came of it. */
function decided({ sources }: PlanReport): unknown {
  const of = ({ kind, using, limit, filters, plans, prefetch }: SourceReport): unknown => ({
    kind,
    using,
    limit,
    plans,
    // one that is known is not carried out again
    filters: filters.map(({ filter, points, matches }) => ({ filter, points, matches })),
    prefetch: prefetch.map(of),
  });
  return sources.map(of);
}

const number = fc.integer({ min: 0, max: POINTS });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom("red", "green", "none").map((value): Condition => ({ kind: "match-value", key: "tag", value })),
  number.map((gte): Condition => ({ kind: "range", key: "count", gte })),
  number.map((lt): Condition => ({ kind: "range", key: "count", lt })),
  fc.constantFrom("n1", "n2", "x").map((value): Condition => ({ kind: "match-value", key: "note", value })),
  fc.array(fc.integer({ min: 1, max: POINTS }), { maxLength: 5 }).map((ids): Condition => ({ kind: "has-id", ids })),
);
const conditions = fc.array(condition, { maxLength: 2 });
const filter: fc.Arbitrary<Filter> = fc
  .record({ must: conditions, should: conditions, mustNot: conditions, inner: fc.option(conditions) })
  .map(({ must, should, mustNot, inner }) => {
    const nested: Condition[] =
      inner === null ? [] : [{ kind: "filter", filter: { ...emptyFilter, must: inner, mustNot } }];
    return { must: [...must, ...nested], should, mustNot };
  });
const target: fc.Arbitrary<QueryTarget> = fc.oneof(
  fc.integer({ min: 1, max: POINTS }).map((id): QueryTarget => ({ kind: "point", id })),
  fc.double({ min: 0, max: 7, noNaN: true }).map((angle): QueryTarget => {
    return { kind: "vector", vector: Float32Array.of(Math.cos(angle), Math.sin(angle)) };
  }),
);
const pairs = fc.array(fc.record({ positive: target, negative: target }), { minLength: 1, maxLength: 2 });
const examples: fc.Arbitrary<QueryNode> = fc.oneof(
  fc.record({
    kind: fc.constant("recommend" as const),
    positive: fc.array(target, { minLength: 1, maxLength: 2 }),
    negative: fc.array(target, { maxLength: 1 }),
    strategy: fc.constantFrom("average-vector" as const, "best-score" as const, "sum-scores" as const),
  }),
  fc.record({ kind: fc.constant("discover" as const), target, context: pairs }),
  fc.record({ kind: fc.constant("context" as const), context: pairs }),
  fc.record({ kind: fc.constant("mmr" as const), target, diversity: fc.constantFrom(0, 0.5) }),
);
const leafNode: fc.Arbitrary<QueryNode> = fc.oneof(
  { weight: 3, arbitrary: target.map((to): QueryNode => ({ kind: "nearest", target: to })) },
  examples,
  fc.constant<QueryNode>({ kind: "by-id" }),
  fc.constant<QueryNode>({ kind: "sample", seed: 7 }),
  fc.constant<QueryNode>({ kind: "order-by", orderBy: { key: "count", direction: "desc" } }),
);
const rankingNode: fc.Arbitrary<QueryNode> = fc.oneof(
  target.map((to): QueryNode => ({ kind: "nearest", target: to })),
  examples,
  fc.constant<QueryNode>({ kind: "rrf", k: 2 }),
  fc.constant<QueryNode>({ kind: "dbsf" }),
  fc.constant<QueryNode>({ kind: "sample", seed: 9 }),
  fc.constant<QueryNode>({ kind: "formula", formula: parseFormula("$score", {}, "query.formula") }),
);
const parameters = fc.record({ efSearch: fc.integer({ min: 1, max: 60 }), exact: fc.boolean() }, { requiredKeys: [] });
const sourceOf = (node: fc.Arbitrary<QueryNode>) =>
  fc
    .record({
      node,
      filter: fc.option(filter, { nil: undefined }),
      limit: fc.integer({ min: 1, max: 12 }),
      parameters,
    })
    .map(({ filter: given, ...rest }): Source => ({ using: "", ...rest, ...(given && { filter: given }) }));
const source = fc.oneof(
  { weight: 2, arbitrary: sourceOf(leafNode) },
  fc
    .tuple(sourceOf(rankingNode), fc.array(sourceOf(leafNode), { minLength: 1, maxLength: 2 }))
    .map(([outer, prefetch]): Source => ({ ...outer, prefetch })),
);

describe("a query that is explained", () => {
  test("is carried out exactly so, of whatever kind it is and whatever it is filtered by", () => {
    const reader = filled();
    const methods = new Set<string>();
    const steps = new Set<string>();
    assertUntil(
      () => ({ methods: [methods.size, 6], "ways of filtering": [steps.size, 3] }),
      fc.property(source, (one) => {
        const query: PointsQuery = { ...one, offset: 0, selection: bare };
        const before = told(reader, query, true);
        const done = told(reader, query, false);
        assert.deepEqual(decided(before.report), decided(done.report));
        assert.equal(before.emitted, 0);
        assert.ok(!before.parts.has("fetch"));
        const look = ({ plans, filters, prefetch }: SourceReport) => {
          for (const { method } of plans) methods.add(method);
          for (const { steps: done } of filters) for (const { by } of done) steps.add(by);
          prefetch.forEach(look);
        };
        before.report.sources.forEach(look);
      }),
      { numRuns: 150 },
    );
    assert.deepEqual([...methods].sort(), ["exact", "graph", "ids", "order", "prefetched", "sample"]);
    assert.deepEqual([...steps].sort(), ["index", "partly", "scan"]);
  });

  test("says of each condition what answers it, what was guessed, and what is left", () => {
    const reader = filled();
    const must: Condition[] = [
      { kind: "match-value", key: "note", value: "n7" },
      { kind: "match-value", key: "tag", value: "red" },
      { kind: "range", key: "count", lt: 60 },
    ];
    const query: PointsQuery = {
      node: { kind: "nearest", target: { kind: "vector", vector: Float32Array.of(1, 0) } },
      using: "",
      limit: 3,
      offset: 0,
      parameters: {},
      selection: bare,
      filter: { ...emptyFilter, must },
    };
    const [only] = told(reader, query, true).report.sources;
    assert.deepEqual(only?.filters[0]?.steps, [
      { depth: 0, conditions: [{ kind: "range", key: "count" }], by: "index", estimate: 61, before: 700, left: 60 },
      { depth: 0, conditions: [{ kind: "match-value", key: "tag" }], by: "index", estimate: 234, before: 60, left: 20 },
      { depth: 0, conditions: [{ kind: "match-value", key: "note" }], by: "scan", before: 20, left: 1 },
    ]);
    assert.deepEqual(only?.plans, [
      { method: "exact", because: "cheaper", limit: 1, matches: 1, width: 2_289, nodes: 700 },
    ]);
  });

  test("tells of very many sources only how many they are", () => {
    const recorder = new PlanRecorder();
    const one: Source = { node: { kind: "by-id" }, using: "", limit: 1, parameters: {} };
    for (let i = 0; i < 100; i++) {
      recorder.begin(one);
      for (let plan = 0; plan < 100; plan++) recorder.decided({ method: "sample", limit: 1, matches: 1 });
      recorder.end();
    }
    const { sources, sourcesLeftOut } = recorder.report();
    assert.deepEqual([sources.length, sourcesLeftOut, sources[0]?.plans.length], [64, 36, 64]);
  });
});
