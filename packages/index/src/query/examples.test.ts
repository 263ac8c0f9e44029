import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PointId } from "../point/point-id.js";
import { clusteredVectors } from "../vector-index/graphs.test-support.js";
import type { Metric } from "../vector-index/options.js";
import type { CollectionReader } from "./collection-reader.js";
import type { PointsQuery } from "./query.js";
import type { QueryNode, QueryTarget, RecommendStrategy } from "./query-node.js";
import { bare, collectionOf, foundBy, point, readNow, space, tagIs, toVector } from "./reads.test-support.js";

type Scores = (readonly [PointId, number])[];

function ask(reader: CollectionReader, node: QueryNode, more: Partial<PointsQuery> = {}): Scores {
  const query: PointsQuery = { node, using: "", limit: 10, offset: 0, parameters: {}, selection: bare, ...more };
  return foundBy<{ id: PointId; score: number }>(reader, (snapshot, emit) => snapshot.query(query, emit)).map(
    ({ id, score }) => [id, score] as const,
  );
}

/** Does it walk, instead of scoring every point? */
function walks(reader: CollectionReader, node: QueryNode, more: Partial<PointsQuery>): boolean {
  const parameters = { efSearch: 64 };
  const query: PointsQuery = { node, using: "", limit: 10, offset: 0, parameters, selection: bare, ...more };
  return readNow(reader, (snapshot) => snapshot.query(query, () => undefined)).isSettled === true;
}

const f = Math.fround;
const sigmoid = (x: number) => f(x / f(1 + Math.abs(x)));
const scaled = (x: number) => f(f(sigmoid(x) + 1) / 2);
const at = (id: PointId): QueryTarget => ({ kind: "point", id });
const vector = (...values: number[]): QueryTarget => ({ kind: "vector", vector: Float32Array.from(values) });

function filled(metric: Metric = "dot"): CollectionReader {
  return collectionOf({ "": space(2, metric), other: space(2) }, [
    point(1, [4, 0], { tag: "red" }),
    point(2, [3, 1], { tag: "red" }),
    point(3, [1, 3], { tag: "blue" }),
    point(4, [0, 4], { tag: "red" }),
    point(5, [-2, -2], { tag: "blue" }),
    point(6, { other: [1, 1] }, { tag: "red" }),
  ]).reader;
}

describe("recommendations", () => {
  const recommend = (
    strategy: RecommendStrategy,
    positive: readonly QueryTarget[],
    negative: readonly QueryTarget[] = [],
  ): QueryNode => ({ kind: "recommend", strategy, positive, negative });

  test("by the average are the nearest to it, those that are named left out", () => {
    // (4, 0) and (1, 3): (2.5, 1.5)
    assert.deepEqual(ask(filled(), recommend("average-vector", [at(1), at(3)])), [
      [2, 9],
      [4, 6],
      [5, -8],
    ]);
    // twice that less (0, 4): (5, −1)
    const away = recommend("average-vector", [at(1), at(3)], [vector(0, 4)]);
    assert.deepEqual(ask(filled(), away, { limit: 2 }), [
      [2, 14],
      [4, -4],
    ]);
    assert.deepEqual(ask(filled("euclid"), recommend("average-vector", [vector(0, 0), vector(0, 8)]), { limit: 1 }), [
      [4, 0],
    ]);
  });

  test("refuse examples of other dimensions, wherever they are looked up", () => {
    const { reader } = collectionOf({ "": space(2), other: space(1) }, [point(1, { "": [1, 0], other: [1] })]);
    const elsewhere: QueryTarget = { kind: "point", id: 1, lookupFrom: { collection: 0, vector: "other" } };
    for (const strategy of ["average-vector", "best-score"] as const) {
      const node = recommend(strategy, [vector(1, 0), elsewhere]);
      assert.throws(() => ask(reader, node), { code: "wrong-input", message: /expected dim: 2, got 1/ });
    }
  });

  test("by the best score are as near to an example as can be, and nearer than to what is not wanted", () => {
    const node = recommend("best-score", [at(1), vector(0, 1)], [at(5)]);
    assert.deepEqual(ask(filled(), node), [
      [2, scaled(12)],
      [3, scaled(4)],
      [4, scaled(4)],
    ]);
    assert.deepEqual(ask(filled(), recommend("best-score", [], [at(1)]), { limit: 2 }), [
      [5, f(-scaled(-8))],
      [4, f(-scaled(0))],
    ]);
    assert.deepEqual(ask(filled(), node, { scoreThreshold: scaled(4), filter: tagIs("red") }), [
      [2, scaled(12)],
      [4, scaled(4)],
    ]);
  });

  test("by sums add up what speaks for and against", () => {
    assert.deepEqual(ask(filled(), recommend("sum-scores", [at(1), vector(1, 1)], [vector(0, 2)])), [
      [2, 14],
      [3, 2],
      [4, -4],
      [5, -8],
    ]);
    assert.deepEqual(ask(filled("manhattan"), recommend("sum-scores", [vector(0, 0)]), { limit: 2 }), [
      [1, -4],
      [2, -4],
    ]);
  });
});

describe("pairs", () => {
  const pair = (positive: QueryTarget, negative: QueryTarget) => ({ positive, negative });

  test("of a discovery decide before the target does", () => {
    const context = [pair(vector(0, 1), vector(1, 0))];
    assert.deepEqual(ask(filled(), { kind: "discover", target: vector(1, 0), context }), [
      [3, f(1 + scaled(1))],
      [4, f(1 + scaled(0))],
      [5, scaled(-2)],
      [1, f(-1 + scaled(4))],
      [2, f(-1 + scaled(3))],
    ]);
    assert.deepEqual(ask(filled(), { kind: "discover", target: at(1), context: [] }, { limit: 1 }), [[2, scaled(12)]]);
  });

  test("of a context cost what is on the wrong side; nothing is better than 0", () => {
    const node = { kind: "context", context: [pair(vector(0, 1), vector(1, 0)), pair(at(4), vector(0, 0))] } as const;
    assert.deepEqual(ask(filled(), node), [
      [3, 0],
      [2, sigmoid(f(-2 - 2 ** -23))],
      [1, f(sigmoid(f(-4 - 2 ** -23)) + sigmoid(f(0 - 2 ** -23)))],
      [5, f(sigmoid(f(0 - 2 ** -23)) + sigmoid(-8))],
    ]);
  });

  test("of prefetched points rank these alone", () => {
    const prefetch = [{ ...toVector([1, 0]), limit: 2 }];
    const node = { kind: "context", context: [pair(vector(0, 1), vector(1, 0))] } as const;
    assert.deepEqual(
      ask(filled(), node, { prefetch }).map(([id]) => id),
      [2, 1],
    );
  });
});

describe("feedback", () => {
  test("pulls towards examples that were liked, and away from those that were not", () => {
    const feedback = [
      { example: vector(0, 1), score: 0.9 },
      { example: vector(1, 0), score: 0.4 },
    ];
    const node = { kind: "relevance-feedback", target: vector(1, 1), feedback, a: 2, b: 1, c: 3 } as const;
    const weight = f(f(f(0.9) - f(0.4)) * 3);
    assert.deepEqual(ask(filled(), node, { limit: 2 }), [
      [4, f(8 + f(weight * 4))],
      [3, f(8 + f(weight * 2))],
    ]);
  });

  test("however large is a number", () => {
    const feedback = [
      { example: vector(3e38, 1), score: 3e38 },
      { example: vector(-3e38, 0), score: -3e38 },
    ];
    const node = { kind: "relevance-feedback", target: vector(1, 1), feedback, a: 3e38, b: 9, c: -3e38 } as const;
    for (const metric of ["dot", "euclid", "manhattan"] as const) {
      for (const [, score] of ask(filled(metric), node)) assert.ok(Number.isFinite(score), metric);
    }
  });
});

describe("maximal marginal relevance", () => {
  const near = (diversity: number, more: object = {}): QueryNode => ({
    kind: "mmr",
    target: vector(1, 0.5),
    diversity,
    ...more,
  });

  test("picks the nearest first, then what is unlike what was picked; scores stay those of the nearest", () => {
    assert.deepEqual(ask(filled(), near(0), { limit: 3 }), [
      [1, 4],
      [2, 3.5],
      [3, 2.5],
    ]);
    assert.deepEqual(ask(filled(), near(1, { candidates: 4 }), { limit: 3 }), [
      [1, 4],
      [4, 2],
      [2, 3.5],
    ]);
    assert.deepEqual(
      ask(filled("cosine"), near(0.5, { candidates: 100 }), { limit: 2 }).map(([id]) => id),
      [2, 4],
    );
    assert.deepEqual(ask(filled(), near(0.5, { candidates: 1 }), { limit: 3 }), [[1, 4]]);
    assert.deepEqual(ask(filled(), near(1, { candidates: 4 }), { limit: 1, offset: 1 }), [[4, 2]]);
  });
});

describe("an unknown example", () => {
  test("is an error that names it", () => {
    const node: QueryNode = { kind: "context", context: [{ positive: at(77), negative: at(1) }] };
    assert.throws(() => ask(filled(), node), { code: "not-found", message: "No point with id 77 found" });
    assert.throws(() => ask(filled(), { ...node, context: [{ positive: at(6), negative: at(1) }] }), {
      code: "wrong-input",
    });
    assert.throws(() => ask(filled(), { ...node, context: [{ positive: vector(1), negative: at(1) }] }), {
      code: "wrong-input",
    });
  });
});

describe("a walk by a score", () => {
  const dimensions = 12;
  const vectors = clusteredVectors(3_500, dimensions, 40, 7);
  const { reader } = collectionOf({ "": { ...space(dimensions, "cosine"), links: 12, efConstruction: 80 } }, [
    ...vectors.map((values, id) => point(id, [...values], { tag: id % 3 === 0 ? "red" : "blue" })),
  ]);
  const nodes: Readonly<Record<string, QueryNode>> = {
    best: { kind: "recommend", strategy: "best-score", positive: [at(1), at(77), at(900)], negative: [at(5)] },
    "negative alone": { kind: "recommend", strategy: "best-score", positive: [], negative: [at(5)] },
    sums: { kind: "recommend", strategy: "sum-scores", positive: [at(1), at(77)], negative: [at(5)] },
    discover: {
      kind: "discover",
      target: at(9),
      context: [
        { positive: at(1), negative: at(2) },
        { positive: at(3), negative: at(4) },
      ],
    },
    context: { kind: "context", context: [{ positive: at(1), negative: at(2) }] },
    feedback: {
      kind: "relevance-feedback",
      target: at(9),
      feedback: [
        { example: at(1), score: 1 },
        { example: at(2), score: 0.1 },
      ],
      a: 1,
      b: 1,
      c: 1,
    },
  };
  for (const [what, node] of Object.entries(nodes)) {
    test(`finds what scoring every point does: ${what}`, () => {
      for (const more of [{}, { filter: tagIs("blue") }]) {
        const exact = ask(reader, node, { ...more, parameters: { exact: true } });
        const walked = ask(reader, node, { ...more, parameters: { efSearch: 64 } });
        assert.ok(walks(reader, node, more));
        assert.equal(walked.length, 10);
        const least = exact.at(-1)?.[1] ?? 0;
        const good = walked.filter(([, score]) => score >= least).length;
        assert.ok(
          good >= 9,
          `${good} of 10: ${walked.map(([, score]) => score)} and ${exact.map(([, score]) => score)}`,
        );
      }
    });
  }
});
