import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MurmurationError, type PointId } from "@murmuration/index";
import type { Distance } from "../catalogue/collection.js";
import type { Replica } from "../replica/replica.js";
import { createCollection, openReplica, point, run, space, tagIs, upsert } from "../replica/replica.test-support.js";
import { canonicalVector, nearest, scoreOf } from "./nearest.js";
import type { NearestQuery } from "./request.js";

const bare = { payload: false, vectors: false } as const;
const failsWith = (code: string, field: string) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && error.field === field;

function filled(metric: Distance): Replica {
  const replica = openReplica();
  run(replica, createCollection("a", { "": space(2, metric), other: space(2, metric) }));
  const other = Float32Array.of(1, 1);
  run(
    replica,
    upsert("a", [
      point(1, { "": Float32Array.of(1, 0), other }, { tag: "red" }),
      point(2, { "": Float32Array.of(3, 4) }, { tag: "blue" }),
      point(3, { "": Float32Array.of(0, -2) }, { tag: "red" }),
      point(4, { other }, { tag: "red" }),
    ]),
  );
  return replica;
}

function ask(replica: Replica, more: Partial<NearestQuery>): [PointId, number][] {
  const request = {
    query: Float32Array.of(1, 0),
    using: "",
    limit: 10,
    offset: 0,
    parameters: {},
    selection: bare,
    ...more,
  };
  return nearest(replica.shard("a"), request).map(({ id, score }) => [id, score]);
}

describe("the nearest points", () => {
  test("have the dialect's scores, best first, for every metric", () => {
    const wanted: Record<Distance, [PointId, number][]> = {
      Cosine: [
        [1, 1],
        [2, Math.fround(0.6)],
        [3, 0],
      ],
      Dot: [
        [2, 3],
        [1, 1],
        [3, 0],
      ],
      Euclid: [
        [1, 0],
        [3, Math.fround(Math.sqrt(5))],
        [2, Math.fround(Math.sqrt(20))],
      ],
      Manhattan: [
        [1, 0],
        [3, 3],
        [2, 6],
      ],
    };
    for (const [metric, answer] of Object.entries(wanted)) {
      for (const parameters of [{}, { exact: true }])
        assert.deepEqual(ask(filled(metric as Distance), { parameters }), answer, metric);
    }
  });

  test("never score minus zero", () => {
    assert.ok(Object.is(scoreOf(0, "Dot"), 0));
    assert.ok(Object.is(ask(filled("Dot"), {})[2]?.[1], 0));
  });

  test("are cut by limit, offset and threshold, whichever way scores go", () => {
    const dot = filled("Dot");
    assert.deepEqual(ask(dot, { limit: 1, offset: 1 }), [[1, 1]]);
    assert.deepEqual(ask(dot, { offset: 3 }), []);
    assert.deepEqual(ask(dot, { scoreThreshold: 1 }), [
      [2, 3],
      [1, 1],
    ]);
    assert.deepEqual(ask(dot, { scoreThreshold: 1, offset: 1 }), [[1, 1]]);
    assert.deepEqual(ask(filled("Manhattan"), { scoreThreshold: 3 }), [
      [1, 0],
      [3, 3],
    ]);
  });

  test("match the filter, and have the vector", () => {
    assert.deepEqual(ask(filled("Dot"), { filter: tagIs("red") }), [
      [1, 1],
      [3, 0],
    ]);
    assert.deepEqual(ask(filled("Dot"), { using: "other" }), [
      [1, 1],
      [4, 1],
    ]);
  });

  test("to a stored point leave it out, also of limit and offset", () => {
    assert.deepEqual(ask(filled("Dot"), { query: { id: 2 }, limit: 2 }), [
      [1, 3],
      [3, -8],
    ]);
    assert.deepEqual(ask(filled("Dot"), { query: { id: 2 }, limit: 1, offset: 1 }), [[3, -8]]);
    assert.deepEqual(ask(filled("Cosine"), { query: { id: 1 }, limit: 1 }), [[2, Math.fround(0.6)]]);
  });

  test("to a stored point's other vector include it", () => {
    assert.deepEqual(ask(filled("Dot"), { query: { id: 1 }, lookupFrom: { collection: "a", vector: "other" } }), [
      [2, 7],
      [1, 1],
      [3, -2],
    ]);
  });

  test("to a point of another collection take its vector from there", () => {
    const replica = filled("Cosine");
    run(replica, createCollection("b"), upsert("b", [point(2, [0, -5])]));
    const request = {
      query: { id: 2 },
      using: "",
      limit: 1,
      offset: 0,
      parameters: {},
      selection: bare,
      lookupFrom: { collection: "b" },
    };
    const answer = nearest(replica.shard("a"), request, replica.shard("b"));
    assert.deepEqual(
      answer.map(({ id, score }) => [id, score]),
      [[3, 1]],
    );
  });

  test("to what does not exist are an error that says so", () => {
    const replica = filled("Dot");
    assert.throws(() => ask(replica, { query: { id: 9 } }), failsWith("not-found", "query"));
    assert.throws(() => ask(replica, { query: { id: 4 } }), failsWith("wrong-input", "query"));
    assert.throws(() => ask(replica, { using: "unknown" }), failsWith("wrong-input", "vector"));
  });

  test("of an empty collection are none", () => {
    const replica = openReplica();
    run(replica, createCollection("a"));
    assert.deepEqual(ask(replica, {}), []);
  });

  test("with equal distances come in the order of their versions, alike in every search", () => {
    const replica = openReplica();
    run(
      replica,
      createCollection("a"),
      upsert(
        "a",
        Array.from({ length: 40 }, (_, i) => point(100 - i, [1, 0])),
      ),
    );
    const inOrder = Array.from({ length: 10 }, (_, i) => 100 - i);
    for (const parameters of [{}, { exact: true }, { rescore: false }]) {
      assert.deepEqual(
        ask(replica, { parameters }).map(([id]) => id),
        inOrder,
      );
    }
  });

  test("are asked for with vectors of unit length only where the metric is cosine", () => {
    assert.deepEqual(canonicalVector(Float32Array.of(3, 4), "Cosine"), Float32Array.of(0.6, 0.8));
    assert.deepEqual(canonicalVector(Float32Array.of(0, 0), "Cosine"), Float32Array.of(0, 0));
    assert.deepEqual(canonicalVector(Float32Array.of(3, 4), "Euclid"), Float32Array.of(3, 4));
  });
});
