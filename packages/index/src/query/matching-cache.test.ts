import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Condition, Filter } from "../filter/condition.js";
import { emptyFilter } from "../filter/parse.js";
import { RowSet } from "../row-set.js";
import { MatchingCache } from "./matching-cache.js";
import type { ScoredRecord } from "./query.js";
import { collectionOf, foundBy, point, space, tagIs, toVector } from "./reads.test-support.js";

const scalar = fc.oneof(
  fc.constantFrom("", "1", "1n", "true", "null", '"', ":", "],"),
  fc.constantFrom(1, 1.5, 2 ** 60),
  fc.constantFrom(1n, 2n ** 60n),
  fc.boolean(),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant("match-value" as const), key: fc.constantFrom("a", "b"), value: scalar }),
  fc.record({ kind: fc.constant("match-any" as const), key: fc.constantFrom("a", "b"), values: fc.array(scalar) }),
  fc.record(
    { kind: fc.constant("range" as const), key: fc.constant("a"), lt: fc.constantFrom(1, 1n, Infinity), gt: fc.nat(1) },
    { requiredKeys: ["kind", "key"] },
  ),
);
const filter: fc.Arbitrary<Filter> = fc.record({
  must: fc.array(condition, { maxLength: 2 }),
  should: fc.array(condition, { maxLength: 1 }),
  mustNot: fc.constant([]),
});

test("filters that differ are known by different keys", () => {
  const cache = new MatchingCache();
  fc.assert(
    fc.property(filter, filter, (one, other) => {
      // arbitrary records may have no prototype
      if (cache.keyOf(one) === cache.keyOf(other)) assert.deepEqual(structuredClone(one), structuredClone(other));
      assert.equal(cache.keyOf(one), cache.keyOf(structuredClone(one)));
    }),
    { numRuns: 500 },
  );
});

test("what is long, or no plain data, is not known", () => {
  const cache = new MatchingCache();
  const of = (value: unknown) => ({ ...emptyFilter, must: [{ kind: "match-any", key: "k", values: value }] }) as Filter;
  assert.equal(cache.keyOf(of(["x".repeat(2_000)])), undefined);
  assert.equal(cache.keyOf(of(Array.from({ length: 1_000 }, (_, i) => i))), undefined);
  assert.equal(cache.keyOf(of(new Set([1]))), undefined);
  assert.equal(cache.keyOf(of(null)), undefined);
  assert.notEqual(cache.keyOf(of([1])), undefined);
});

test("rows are those of one epoch, and of so many bytes at most", () => {
  const cache = new MatchingCache();
  const rows = RowSet.range(10);
  cache.keep(7, "a", rows);
  assert.equal(cache.at(7, "a"), rows);
  assert.equal(cache.at(7, "b"), undefined);
  assert.equal(cache.at(8, "a"), undefined);
  cache.keep(8, "b", rows);
  assert.equal(cache.at(8, "a"), undefined);
  assert.equal(cache.at(7, "a"), undefined);
  const half = RowSet.range(18_000_000);
  for (const name of ["c", "d"]) cache.keep(8, name, half);
  assert.equal(cache.at(8, "c"), undefined);
  assert.equal(cache.at(8, "d"), half);
  cache.keep(8, "too large", RowSet.range(36_000_000));
  assert.equal(cache.at(8, "too large"), undefined);
});

test("the same filter finds what matches now, and in older snapshots what matched then", () => {
  const { written, reader } = collectionOf({ "": space(2) }, [point(1, [1, 0], { tag: "a" }), point(2, [1, 0])]);
  const query = { ...toVector([1, 0]), filter: tagIs("a") };
  const ids = () => foundBy<ScoredRecord>(reader, (snapshot, emit) => snapshot.query(query, emit)).map(({ id }) => id);
  const before = reader.begin();
  assert.deepEqual([ids(), ids()], [[1], [1]]);
  written.write([point(2, [1, 0], { tag: "a" }), point(1, [1, 0])]);
  assert.deepEqual([ids(), ids()], [[2], [2]]);
  const then: ScoredRecord[] = [];
  for (const _ of before.query(query, (found) => then.push(found)));
  assert.deepEqual(
    then.map(({ id }) => id),
    [1],
  );
  before.release();
  assert.deepEqual(ids(), [2]);
});

test("slots of rows are known as long as the rows are, within the same bound", () => {
  const cache = new MatchingCache();
  const [rows, others] = [RowSet.range(100), RowSet.range(50)];
  let marks = 0;
  const mark = () => {
    marks++;
    return RowSet.range(70);
  };
  cache.slotsOf(rows, 0, mark);
  cache.slotsOf(rows, 0, mark);
  assert.equal(marks, 2, "they are not kept");
  cache.keep(7, "a", rows);
  const slots = cache.slotsOf(rows, 0, mark);
  assert.equal(cache.slotsOf(rows, 0, mark), slots);
  assert.notEqual(cache.slotsOf(rows, 1, mark), slots);
  assert.equal(marks, 4);
  assert.ok(!cache.isAskedOften(rows));
  for (let i = 0; i < 10; i++) cache.at(7, "a");
  assert.ok(cache.isAskedOften(rows));
  cache.keep(8, "b", others);
  assert.ok(!cache.isAskedOften(rows));
  cache.slotsOf(rows, 0, mark);
  assert.equal(marks, 5, "those of an epoch before are forgotten");
  const large = () => RowSet.range(8 * 5 * 1024 * 1024);
  assert.notEqual(cache.slotsOf(others, 0, large), cache.slotsOf(others, 0, large), "too many bytes");
});
