import assert from "node:assert/strict";
import { test } from "node:test";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import {
  advance,
  compareVersionVectors,
  covers,
  includesDot,
  mergeVersionVectors,
  sequenceOf,
  type VersionVector,
  versionVectorDelta,
  versionVectorFromJson,
  versionVectorToJson,
} from "./version-vector.js";

const vectors: fc.Arbitrary<VersionVector> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })), { maxLength: 5 })
  .map((entries) => new Map(entries));

test("a version vector advances one operation at a time", () => {
  const vector = new Map<number, number>();
  advance(vector, { origin: 4, sequence: 1 });
  advance(vector, { origin: 4, sequence: 2 });
  assert.equal(sequenceOf(vector, 4), 2);
  assert.ok(includesDot(vector, { origin: 4, sequence: 2 }));
  assert.ok(!includesDot(vector, { origin: 4, sequence: 3 }));
  assert.ok(!includesDot(vector, { origin: 5, sequence: 1 }));
  for (const sequence of [0, 2, 4]) assert.throws(() => advance(vector, { origin: 4, sequence }));
  assert.throws(() => advance(vector, { origin: 0, sequence: 1 }));
});

test("merging is the least vector that covers both, in any order", () => {
  fc.assert(
    fc.property(vectors, vectors, vectors, (a, b, c) => {
      const merged = mergeVersionVectors(a, b);
      assert.ok(covers(merged, a) && covers(merged, b));
      for (const [origin, sequence] of merged)
        assert.equal(sequence, Math.max(sequenceOf(a, origin), sequenceOf(b, origin)));
      assert.deepEqual(merged, mergeVersionVectors(b, a));
      assert.deepEqual(mergeVersionVectors(merged, c), mergeVersionVectors(a, mergeVersionVectors(b, c)));
    }),
  );
});

test("comparing agrees with covering", () => {
  const opposite = { equal: "equal", before: "after", after: "before", concurrent: "concurrent" } as const;
  const seen = new Set<string>();
  assertUntil(
    () => ({ concurrent: [Number(seen.has("concurrent")), 1], before: [Number(seen.has("before")), 1] }),
    fc.property(vectors, vectors, (a, b) => {
      const order = compareVersionVectors(a, b);
      seen.add(order);
      assert.equal(compareVersionVectors(b, a), opposite[order]);
      assert.equal(covers(a, b), order === "equal" || order === "after");
      if (order === "equal") assert.deepEqual(a, b);
    }),
    { numRuns: 500 },
  );
  assert.equal(compareVersionVectors(new Map([[1, 1]]), new Map([[2, 1]])), "concurrent");
});

test("a delta merged into its base gives back what the vector holds", () => {
  fc.assert(
    fc.property(vectors, vectors, (vector, base) => {
      const delta = versionVectorDelta(vector, base);
      assert.deepEqual(mergeVersionVectors(base, delta), mergeVersionVectors(base, vector));
      for (const [origin, sequence] of delta) assert.ok(sequence > sequenceOf(base, origin));
    }),
  );
});

test("as JSON, origins are decimal and ascending, and read back", () => {
  assert.equal(
    JSON.stringify(
      versionVectorToJson(
        new Map([
          [10, 1],
          [9, 2 ** 39],
        ]),
      ),
    ),
    '{"9":549755813888,"10":1}',
  );
  fc.assert(
    fc.property(vectors, (vector) => assert.deepEqual(versionVectorFromJson(versionVectorToJson(vector)), vector)),
  );
  for (const value of [null, [], 1, { x: 1 }, { "01": 1 }, { 0: 1 }, { 1: 0 }, { 1: 1.5 }, { 1: "1" }]) {
    assert.equal(versionVectorFromJson(value), undefined);
  }
});
