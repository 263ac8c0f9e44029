import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PointId } from "../point/point-id.js";
import type { PointsQuery, Source } from "./query.js";
import type { QueryNode } from "./query-node.js";
import { bare, collectionOf, foundBy, point, space, tagIs, toVector } from "./reads.test-support.js";

const { reader } = collectionOf({ "": space(2), other: space(2, "euclid") }, [
  point(1, { "": [9, 0], other: [0, 0] }, { tag: "red" }),
  point(2, { "": [8, 1], other: [1, 0] }, { tag: "blue" }),
  point(3, { "": [7, 2], other: [5, 0] }, { tag: "red" }),
  point(4, { "": [6, 3] }, { tag: "red" }),
  point(5, { "": [5, 9], other: [2, 0] }, { tag: "blue" }),
]);

function ask(more: Partial<PointsQuery> & Pick<PointsQuery, "node">): [PointId, number][] {
  const query: PointsQuery = { using: "", limit: 10, offset: 0, parameters: {}, selection: bare, ...more };
  return foundBy<{ id: PointId; score: number }>(reader, (snapshot, emit) => snapshot.query(query, emit)).map(
    ({ id, score }) => [id, score],
  );
}

const to = (values: readonly number[], more: Partial<Source> = {}): Source => ({ ...toVector(values), ...more });
const rrf: QueryNode = { kind: "rrf", k: 2 };
const sum = (...of: number[]) => of.reduce((whole, part) => Math.fround(whole + Math.fround(part)), 0);

describe("reciprocal rank fusion", () => {
  test("adds up the places of a point in each list; of equal sums the lower id is first", () => {
    // by the first number: 1 2 3 4 5; by the second: 5 4 3 2 1
    const prefetch = [to([1, 0]), to([0, 1])];
    assert.deepEqual(ask({ node: rrf, prefetch }), [
      [1, sum(1 / 2, 1 / 6)],
      [5, sum(1 / 6, 1 / 2)],
      [2, sum(1 / 3, 1 / 5)],
      [4, sum(1 / 5, 1 / 3)],
      [3, sum(1 / 4, 1 / 4)],
    ]);
  });

  test("takes k and weights; a weight of 0 or less counts nothing", () => {
    const prefetch = [to([1, 0], { limit: 2 }), to([0, 1], { limit: 1 })];
    assert.deepEqual(ask({ node: { kind: "rrf", k: 60, weights: [3, 0.5] }, prefetch }), [
      [1, sum(1 / (1 / 3 + 59))],
      [2, sum(1 / (2 / 3 + 59))],
      [5, sum(1 / (2 + 59))],
    ]);
    assert.deepEqual(ask({ node: { kind: "rrf", k: 2, weights: [-1, 1] }, prefetch }), [
      [5, 0.5],
      [1, 0],
      [2, 0],
    ]);
  });

  test("is cut by limit, offset and threshold", () => {
    const prefetch = [to([1, 0])];
    assert.deepEqual(ask({ node: rrf, prefetch, limit: 2, offset: 1 }), [
      [2, sum(1 / 3)],
      [3, 0.25],
    ]);
    assert.deepEqual(ask({ node: rrf, prefetch, scoreThreshold: 1 / 3 }), [
      [1, 0.5],
      [2, sum(1 / 3)],
    ]);
  });
});

describe("fusion by the distribution of scores", () => {
  test("brings each list to the same scale before it adds up", () => {
    const prefetch = [to([1, 0], { limit: 3 }), to([0, 1], { limit: 1 })];
    // 9, 8, 7: mean 8, deviation 1, from 5 to 11
    assert.deepEqual(ask({ node: { kind: "dbsf" }, prefetch }), [
      [1, sum(4 / 6)],
      [2, 0.5],
      [5, 0.5],
      [3, sum(2 / 6)],
    ]);
  });

  test("puts scores that are all alike in the middle", () => {
    const prefetch = [to([0, 0], { limit: 3 })];
    assert.deepEqual(
      ask({ node: { kind: "dbsf" }, prefetch }).map(([, score]) => score),
      [0.5, 0.5, 0.5],
    );
  });
});

describe("prefetches", () => {
  const nearest = (values: readonly number[]): QueryNode => toVector(values).node;

  test("are all that is ranked", () => {
    const prefetch = [to([0, 1], { limit: 2 }), to([0, 1], { filter: tagIs("blue"), limit: 2 })];
    assert.deepEqual(ask({ node: nearest([1, 0]), prefetch }), [
      [2, 8],
      [4, 6],
      [5, 5],
    ]);
    // by another vector, which one of them does not have
    assert.deepEqual(ask({ node: nearest([0, 0]), using: "other", prefetch }), [
      [2, 1],
      [5, 2],
    ]);
    assert.deepEqual(ask({ node: nearest([0, 0]), using: "other", prefetch, scoreThreshold: 1 }), [[2, 1]]);
  });

  test("are bound by the filters of what is around them, at any depth", () => {
    const inner = to([1, 0], { limit: 2 });
    const middle = to([0, 1], { prefetch: [inner], limit: 1 });
    assert.deepEqual(ask({ node: rrf, prefetch: [middle] }), [[2, 0.5]]);
    assert.deepEqual(ask({ node: rrf, prefetch: [middle], filter: tagIs("red") }), [[3, 0.5]]);
    const filtered = to([0, 1], { prefetch: [inner], limit: 1, filter: tagIs("blue") });
    assert.deepEqual(ask({ node: rrf, prefetch: [filtered], filter: tagIs("blue") }), [[5, 0.5]]);
    assert.deepEqual(ask({ node: rrf, prefetch: [filtered], filter: tagIs("red") }), []);
  });

  test("may list points by id", () => {
    const byId = { ...to([]), node: { kind: "by-id" } } as const;
    assert.deepEqual(ask({ node: rrf, prefetch: [{ ...byId, limit: 2, filter: tagIs("red") }] }), [
      [1, 0.5],
      [3, sum(1 / 3)],
    ]);
    assert.deepEqual(ask({ node: { kind: "by-id" }, limit: 2, offset: 1 }), [
      [2, 0],
      [3, 0],
    ]);
  });

  test("leave out the point whose vector it is", () => {
    const node: QueryNode = { kind: "nearest", target: { kind: "point", id: 1 } };
    assert.deepEqual(ask({ node, prefetch: [to([1, 0], { limit: 3 })], limit: 1 }), [[2, 72]]);
    assert.deepEqual(ask({ node: rrf, prefetch: [{ ...to([]), node, limit: 1 }] }), [[2, 0.5]]);
  });
});
