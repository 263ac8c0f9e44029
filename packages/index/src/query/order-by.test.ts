import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PointId } from "../point/point-id.js";
import type { PointsQuery, ScoredRecord } from "./query.js";
import type { QueryNode } from "./query-node.js";
import { bare, collectionOf, foundBy, point, space, tagIs, toVector } from "./reads.test-support.js";

const { reader, written } = collectionOf({ "": space(2) }, [
  point(4, [4, 0], { n: 5, tag: "red" }),
  point(2, [3, 1], { n: [1, 9], tag: "red" }),
  point(3, [1, 3], { n: 5, tag: "blue" }),
  point(1, [0, 4], { tag: "red" }),
]);
written.createColumn("n", { kind: "integer" });

function ask(node: QueryNode, more: Partial<PointsQuery> = {}): (readonly [PointId, number, unknown])[] {
  const query: PointsQuery = { node, using: "", limit: 10, offset: 0, parameters: {}, selection: bare, ...more };
  return foundBy<ScoredRecord>(reader, (snapshot, emit) => snapshot.query(query, emit)).map(
    ({ id, score, orderValue }) => [id, score, orderValue] as const,
  );
}

const by = (more: object = {}): QueryNode => ({ kind: "order-by", orderBy: { key: "n", direction: "asc", ...more } });

describe("a query in the order of a number", () => {
  test("has a point for each of its values, equal ones by id, and no score", () => {
    assert.deepEqual(ask(by()), [
      [2, 0, 1],
      [3, 0, 5],
      [4, 0, 5],
      [2, 0, 9],
    ]);
    assert.deepEqual(ask(by({ direction: "desc", startFrom: 5 }), { filter: tagIs("red") }), [
      [4, 0, 5],
      [2, 0, 1],
    ]);
    assert.deepEqual(ask(by(), { limit: 1, offset: 2 }), [[4, 0, 5]]);
  });

  test("is of what was prefetched, and a prefetch itself", () => {
    assert.deepEqual(ask(by(), { prefetch: [{ ...toVector([1, 0]), limit: 1 }] }), [[4, 0, 5]]);
    const prefetch = [{ ...toVector([]), node: by() }];
    assert.deepEqual(ask({ kind: "rrf", k: 2 }, { prefetch }), [
      [2, 0.5, undefined],
      [3, Math.fround(1 / 3), undefined],
      [4, 0.25, undefined],
    ]);
  });

  test("needs an index", () => {
    const node: QueryNode = { kind: "order-by", orderBy: { key: "m", direction: "asc" } };
    assert.throws(() => ask(node), { code: "wrong-input", message: /^No range index for `order_by` key: `m`\. / });
  });
});

describe("a sample", () => {
  test("has as many points as are wanted, each once, and is the same for the same seed", () => {
    const ids = (seed: number, more: Partial<PointsQuery> = {}) =>
      ask({ kind: "sample", seed }, more).map(([id]) => Number(id));
    assert.deepEqual(ids(1).sort(), [1, 2, 3, 4]);
    assert.deepEqual(ids(1, { filter: tagIs("red") }).sort(), [1, 2, 4]);
    const samples = Array.from({ length: 400 }, (_, seed) => ids(seed, { limit: 2 }));
    for (const [seed, sample] of samples.entries()) {
      assert.equal(new Set(sample).size, 2);
      assert.deepEqual(ids(seed, { limit: 2 }), sample);
    }
    // each of twelve pairs about 33 times
    const counts = new Map<string, number>();
    for (const sample of samples) counts.set(sample.join(), (counts.get(sample.join()) ?? 0) + 1);
    assert.equal(counts.size, 12);
    assert.ok(
      [...counts.values()].every((count) => count > 12 && count < 60),
      [...counts].join(" "),
    );
  });

  test("of many points is of as many as are wanted", () => {
    const many = Array.from({ length: 3_000 }, (_, i) => point(i, [i, 1]));
    const { reader: large } = collectionOf({ "": space(2) }, many);
    for (const limit of [1, 10, 2_999]) {
      const query = { ...toVector([]), node: { kind: "sample", seed: 5 }, limit } as const;
      const found = foundBy<ScoredRecord>(large, (snapshot, emit) => snapshot.query(query, emit));
      assert.equal(new Set(found.map(({ id }) => id)).size, limit);
    }
  });
});
