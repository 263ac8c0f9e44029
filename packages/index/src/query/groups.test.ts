import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { PointId } from "../point/point-id.js";
import type { CollectionReader } from "./collection-reader.js";
import type { GroupsQuery, PointGroup, ScoredRecord } from "./query.js";
import { bare, collectionOf, foundBy, point, readNow, space, tagIs, toVector } from "./reads.test-support.js";

function ask(reader: CollectionReader, more: Partial<GroupsQuery> = {}): [PointGroup["id"], PointId[]][] {
  const query: GroupsQuery = { ...toVector([1, 0]), groupBy: "tag", groupSize: 2, ...more };
  return foundBy<PointGroup>(reader, (snapshot, emit) => snapshot.groups(query, emit)).map(({ id, hits }) => [
    id,
    hits.map((hit) => hit.id),
  ]);
}

const { reader } = collectionOf({ "": space(2) }, [
  point(1, [9, 0], { tag: "red", n: 5 }),
  point(2, [8, 0], { tag: ["blue", "red", "blue"] }),
  point(3, [7, 0], { tag: 7 }),
  point(4, [6, 0], { tag: [1.5, true, null, { a: 1 }] }),
  point(5, [5, 0], { tag: "red" }),
  point(6, [4, 0], {}),
  point(7, [3, 0], { tag: "7" }),
  point(8, [2, 0], { tag: 7 }),
]);

describe("groups", () => {
  test("hold the best points of each string and integer, the best group first", () => {
    assert.deepEqual(ask(reader), [
      ["red", [1, 2]],
      ["blue", [2]],
      [7, [3, 8]],
      ["7", [7]],
    ]);
    assert.deepEqual(ask(reader, { limit: 2, groupSize: 1 }), [
      ["red", [1]],
      ["blue", [2]],
    ]);
    assert.deepEqual(ask(reader, { filter: tagIs("red"), groupSize: 9 }), [
      ["red", [1, 2, 5]],
      ["blue", [2]],
    ]);
    assert.deepEqual(ask(reader, { scoreThreshold: 7 }), [
      ["red", [1, 2]],
      ["blue", [2]],
      [7, [3]],
    ]);
  });

  test("may be of what was fetched, or of points by id", () => {
    const prefetch = [{ ...toVector([1, 0]), limit: 3 }];
    assert.deepEqual(ask(reader, { prefetch, node: { kind: "rrf", k: 2 } }), [
      ["red", [1, 2]],
      ["blue", [2]],
      [7, [3]],
    ]);
    assert.deepEqual(ask(reader, { node: { kind: "by-id" }, limit: 1, groupSize: 9 }), [["red", [1, 2, 5]]]);
  });

  test("look up what their id names elsewhere", () => {
    const lookup = collectionOf({ "": space(2) }, [point(7, [0, 1], { name: "seven" })]).reader.begin();
    const selection = { payload: true, vectors: false } as const;
    const query: GroupsQuery = {
      ...toVector([1, 0]),
      groupBy: "tag",
      groupSize: 1,
      lookup: { collection: 1, selection },
    };
    const found = foundBy<PointGroup>(reader, (snapshot, emit) => snapshot.groups(query, emit, [snapshot, lookup]));
    assert.deepEqual(
      found.map((group) => [group.id, group.lookup?.payload]),
      [
        ["red", undefined],
        ["blue", undefined],
        [7, '{"name":"seven"}'],
        ["7", undefined],
      ],
    );
    lookup.release();
  });

  test("refuse a bad path", () => {
    assert.throws(() => ask(reader, { groupBy: "a..b" }), { code: "format", field: "group_by" });
  });

  test("are those of all points ranked at once, however many rounds it takes, with and without an index", () => {
    const payload = fc.oneof(
      fc.record({ tag: fc.integer({ min: 0, max: 3 }) }),
      fc.record({ tag: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }) }),
      fc.record({ tag: fc.constantFrom("a", "b") }),
    );
    const property = fc.property(
      fc.array(payload, { minLength: 200, maxLength: 400 }),
      fc.integer({ min: 1, max: 14 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (payloads, limit, groupSize, isIndexed) => {
        const points = payloads.map((one, id) => point(id, [(id * 7919) % 1009, 0], one));
        const { reader: some, written } = collectionOf({ "": space(2) }, points);
        if (isIndexed) written.createColumn("tag", { kind: "integer" });
        const expected = new Map<unknown, PointId[]>();
        const all = foundBy<ScoredRecord>(some, (snapshot, emit) =>
          snapshot.query({ ...toVector([1, 0]), limit: 1_000, parameters: { exact: true } }, emit),
        );
        for (const { id } of all) {
          const { tag } = payloads[id as number] as { tag: unknown };
          for (const value of new Set(Array.isArray(tag) ? tag : [tag])) {
            const hits = expected.get(value);
            if (hits === undefined && expected.size < limit) expected.set(value, [id]);
            else if (hits !== undefined && hits.length < groupSize) hits.push(id);
          }
        }
        assert.deepEqual(ask(some, { limit, groupSize, parameters: { exact: true } }), [...expected]);
      },
    );
    fc.assert(property, { numRuns: 25 });
  });
});

describe("facets", () => {
  const { reader: counted, written } = collectionOf({ "": space(2) }, [
    point(1, [1, 0], { tag: "red", n: 3 }),
    point(2, [1, 0], { tag: ["blue", "red", "blue"], n: [1, 2] }),
    point(3, [1, 0], { tag: "green", n: 3 }),
    point(4, [1, 0], { tag: "blue", ok: true }),
    point(5, [1, 0], {}),
  ]);
  written.createColumn("tag", { kind: "keyword" });
  written.createColumn("n", { kind: "integer" });
  written.createColumn("ok", { kind: "bool" });
  written.createColumn("range", { kind: "integer", lookup: false });
  const facet = (key: string, more: object = {}) =>
    readNow(counted, (snapshot) => snapshot.facet({ key, limit: 10, ...more })).map(({ value, count }) => [
      value,
      count,
    ]);

  test("count the points with each value, most first, equal counts by value", () => {
    assert.deepEqual(facet("tag"), [
      ["blue", 2],
      ["red", 2],
      ["green", 1],
    ]);
    assert.deepEqual(facet("tag", { limit: 1 }), [["blue", 2]]);
    assert.deepEqual(facet("tag", { filter: tagIs("red") }), [
      ["red", 2],
      ["blue", 1],
    ]);
    assert.deepEqual(facet("n"), [
      [3, 2],
      [1, 1],
      [2, 1],
    ]);
    assert.deepEqual(facet("ok"), [[true, 1]]);
  });

  test("need an index that knows values", () => {
    for (const key of ["nothing", "range"]) {
      assert.throws(() => facet(key), {
        code: "wrong-input",
        message: new RegExp(`^No appropriate index for faceting: \`${key}\`\\. `),
      });
    }
  });
});

describe("a distance matrix", () => {
  const { reader: sampled } = collectionOf({ "": space(2, "euclid"), other: space(2) }, [
    point(4, [0, 0]),
    point(2, [3, 4]),
    point(3, [0, 1], { tag: "red" }),
    point(1, { other: [1, 1] }),
  ]);
  const matrix = (more: object = {}) =>
    readNow(sampled, (snapshot) => snapshot.matrix({ using: "", sample: 10, limit: 3, seed: 1, ...more }));

  test("has the nearest others of each point that has the vector", () => {
    const far = Math.fround(Math.sqrt(18));
    assert.deepEqual(matrix(), {
      ids: [2, 3, 4],
      rows: [
        [
          { column: 1, score: far },
          { column: 2, score: 5 },
        ],
        [
          { column: 2, score: 1 },
          { column: 0, score: far },
        ],
        [
          { column: 1, score: 1 },
          { column: 0, score: 5 },
        ],
      ],
    });
    assert.deepEqual(
      matrix({ limit: 1 }).rows.map((row) => row.length),
      [1, 1, 1],
    );
    assert.deepEqual(matrix({ filter: tagIs("red") }), { ids: [3], rows: [[]] });
    assert.deepEqual(matrix({ using: "other" }), { ids: [1], rows: [[]] });
    assert.equal(matrix({ sample: 2 }).ids.length, 2);
    assert.throws(() => matrix({ using: "none" }), { code: "wrong-input" });
  });
});

test("groups without selected parts have ids, versions and scores alone", () => {
  const query: GroupsQuery = { ...toVector([1, 0]), groupBy: "n", groupSize: 1, selection: bare };
  const [group] = foundBy<PointGroup>(reader, (snapshot, emit) => snapshot.groups(query, emit));
  assert.deepEqual(group, { id: 5, hits: [{ id: 1, version: 1, score: 9 }] });
});
