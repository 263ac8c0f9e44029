import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type ErrorCode, MurmurationError } from "../errors.js";
import type { PointId } from "../point/point-id.js";
import type { Metric } from "../vector-index/options.js";
import type { CollectionReader } from "./collection-reader.js";
import type { PointsQuery } from "./query.js";
import type { Lookup, QueryTarget } from "./query-node.js";
import { collectionOf, foundBy, nearestIn, point, space, tagIs, toVector } from "./reads.test-support.js";
import { canonicalMulti, canonicalVector, scoreOf } from "./scores.js";

const failsWith = (code: ErrorCode, field: string) => (error: unknown) =>
  error instanceof MurmurationError && error.code === code && error.field === field;

function filled(metric: Metric): CollectionReader {
  return collectionOf({ "": space(2, metric), other: space(2, metric) }, [
    point(1, { "": [1, 0], other: [1, 1] }, { tag: "red" }),
    point(2, { "": [3, 4] }, { tag: "blue" }),
    point(3, { "": [0, -2] }, { tag: "red" }),
    point(4, { other: [1, 1] }, { tag: "red" }),
  ]).reader;
}

function ask(reader: CollectionReader, more: Partial<PointsQuery>): [PointId, number][] {
  return nearestIn(reader, more).map(({ id, score }) => [id, score]);
}

function toPoint(id: PointId, lookupFrom?: Lookup): Pick<PointsQuery, "node"> {
  const target: QueryTarget = { kind: "point", id, ...(lookupFrom === undefined ? {} : { lookupFrom }) };
  return { node: { kind: "nearest", target } };
}

describe("the nearest points", () => {
  test("have the dialect's scores, best first, for every metric", () => {
    const wanted: Record<Metric, [PointId, number][]> = {
      cosine: [
        [1, 1],
        [2, Math.fround(0.6)],
        [3, 0],
      ],
      dot: [
        [2, 3],
        [1, 1],
        [3, 0],
      ],
      euclid: [
        [1, 0],
        [3, Math.fround(Math.sqrt(5))],
        [2, Math.fround(Math.sqrt(20))],
      ],
      manhattan: [
        [1, 0],
        [3, 3],
        [2, 6],
      ],
    };
    for (const [metric, answer] of Object.entries(wanted)) {
      for (const parameters of [{}, { exact: true }])
        assert.deepEqual(ask(filled(metric as Metric), { parameters }), answer, metric);
    }
  });

  test("never score minus zero", () => {
    assert.ok(Object.is(scoreOf(0, "dot"), 0));
    assert.ok(Object.is(ask(filled("dot"), {})[2]?.[1], 0));
  });

  test("are cut by limit, offset and threshold, whichever way scores go", () => {
    const dot = filled("dot");
    assert.deepEqual(ask(dot, { limit: 1, offset: 1 }), [[1, 1]]);
    assert.deepEqual(ask(dot, { offset: 3 }), []);
    assert.deepEqual(ask(dot, { scoreThreshold: 1 }), [
      [2, 3],
      [1, 1],
    ]);
    assert.deepEqual(ask(dot, { scoreThreshold: 1, offset: 1 }), [[1, 1]]);
    assert.deepEqual(ask(filled("manhattan"), { scoreThreshold: 3 }), [
      [1, 0],
      [3, 3],
    ]);
  });

  test("match the filter, and have the vector", () => {
    assert.deepEqual(ask(filled("dot"), { filter: tagIs("red") }), [
      [1, 1],
      [3, 0],
    ]);
    assert.deepEqual(ask(filled("dot"), { filter: tagIs("none") }), []);
    assert.deepEqual(ask(filled("dot"), { using: "other" }), [
      [1, 1],
      [4, 1],
    ]);
  });

  test("to a stored point leave it out, also of limit and offset", () => {
    assert.deepEqual(ask(filled("dot"), { ...toPoint(2), limit: 2 }), [
      [1, 3],
      [3, -8],
    ]);
    assert.deepEqual(ask(filled("dot"), { ...toPoint(2), limit: 1, offset: 1 }), [[3, -8]]);
    assert.deepEqual(ask(filled("cosine"), { ...toPoint(1), limit: 1 }), [[2, Math.fround(0.6)]]);
  });

  test("to a stored point's other vector include it", () => {
    assert.deepEqual(ask(filled("dot"), toPoint(1, { collection: 0, vector: "other" })), [
      [2, 7],
      [1, 1],
      [3, -2],
    ]);
  });

  test("to a point of another collection take its vector from there", () => {
    const lookup = collectionOf({ "": space(2) }, [point(2, [0, -5])]).reader.begin();
    const query = { ...toVector([]), ...toPoint(2, { collection: 1 }), limit: 1 };
    const answer = foundBy<{ id: PointId; score: number }>(filled("cosine"), (snapshot, emit) =>
      snapshot.query(query, emit, [snapshot, lookup]),
    );
    assert.deepEqual(
      answer.map(({ id, score }) => [id, score]),
      [[3, 1]],
    );
    lookup.release();
  });

  test("to what does not exist are an error that says so", () => {
    const reader = filled("dot");
    assert.throws(() => ask(reader, toPoint(9)), failsWith("not-found", "query"));
    assert.throws(() => ask(reader, toPoint(4)), failsWith("wrong-input", "query"));
    assert.throws(() => ask(reader, toPoint(1, { collection: 0, vector: "x" })), failsWith("wrong-input", "vector"));
    assert.throws(() => ask(reader, { using: "unknown" }), failsWith("wrong-input", "vector"));
    assert.throws(() => ask(reader, toVector([1, 2, 3])), failsWith("wrong-input", "vector"));
    for (const parameters of [{}, { exact: true }]) {
      const given = { ...toVector([1]), parameters, filter: tagIs("red") };
      assert.throws(() => ask(reader, given), failsWith("wrong-input", "vector"));
    }
  });

  test("of an empty collection are none", () => {
    const { reader, written } = collectionOf({ "": space(2) });
    assert.deepEqual(ask(reader, {}), []);
    written.write([point(1, [1, 0])]);
    written.write([{ id: 1, isRemoved: true }]);
    assert.deepEqual(ask(reader, {}), []);
  });

  test("with equal distances come in the order of their versions, alike in every search", () => {
    const points = Array.from({ length: 40 }, (_, i) => point(100 - i, [1, 0]));
    const { reader } = collectionOf({ "": space(2) }, points);
    const inOrder = Array.from({ length: 10 }, (_, i) => 100 - i);
    for (const parameters of [{}, { exact: true }, { rescore: false }, { efSearch: 1 }]) {
      assert.deepEqual(
        ask(reader, { parameters }).map(([id]) => id),
        inOrder,
      );
    }
  });

  test("are asked for with vectors of unit length only where the metric is cosine", () => {
    assert.deepEqual(canonicalVector(Float32Array.of(3, 4), "cosine"), Float32Array.of(0.6, 0.8));
    assert.deepEqual(canonicalVector(Float32Array.of(0, 0), "cosine"), Float32Array.of(0, 0));
    assert.deepEqual(canonicalVector(Float32Array.of(3, 4), "euclid"), Float32Array.of(3, 4));
  });

  test("keep a vector of unit length to the bit, so that what is read can be written again", () => {
    const number = fc.integer({ min: -1_000, max: 1_000 });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 8 }), (values) => {
        const once = canonicalVector(Float32Array.from(values), "cosine");
        assert.deepEqual(canonicalVector(once, "cosine"), once);
        const multi = { kind: "multi", dimensions: values.length, values: Float32Array.from(values) } as const;
        const parts = canonicalMulti(multi, "cosine");
        assert.deepEqual(canonicalMulti(parts, "cosine"), parts);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("an answer is settled", () => {
  const points = Array.from({ length: 60 }, (_, i) => point(i, [i, i % 7]));
  const isSettled = (reader: CollectionReader, between: () => void) => {
    const snapshot = reader.begin();
    between();
    const work = snapshot.query({ ...toVector([3, 3]), limit: 1, parameters: { efSearch: 1 } }, () => undefined);
    const outcome = work.next();
    snapshot.release();
    return outcome.done === true && outcome.value.isSettled;
  };

  test("when its graph is as of the rows that it is of", () => {
    const { reader, written } = collectionOf({ "": space(2, "euclid") }, points);
    assert.equal(
      isSettled(reader, () => undefined),
      true,
    );
    assert.equal(
      isSettled(reader, () => written.write([{ id: 1, payload: { a: 1 } }])),
      true,
    );
    assert.equal(
      isSettled(reader, () => written.write([point(1, [9, 9])])),
      false,
    );
    assert.equal(
      isSettled(reader, () => undefined),
      true,
    );
    assert.equal(
      isSettled(reader, () => written.write([{ id: 2, isRemoved: true }])),
      false,
    );
    assert.equal(
      isSettled(reader, () => void written.purge()),
      false,
    );
  });
});
