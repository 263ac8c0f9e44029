import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { MurmurationError } from "../errors.js";
import { type DeltaLists, decodeGraphDelta, encodeGraphDelta } from "./graph-delta.js";
import { compareNodeDots, type NodeDot } from "./graph-reader.js";
import { clusteredVectors, insert, optionsFor, seeded } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

const sequences = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 40 - 1 }));
const dots: fc.Arbitrary<NodeDot> = fc.record(
  { origin: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 ** 24 - 1 })), sequence: sequences },
  { noNullPrototype: true },
);
const neighbours = fc
  .uniqueArray(
    fc.record({ dot: dots, add: fc.boolean(), removed: fc.array(dots, { maxLength: 5 }) }, { noNullPrototype: true }),
    {
      maxLength: 12,
      comparator: (a, b) => compareNodeDots(a.dot, b.dot) === 0,
    },
  )
  .map((list) => list.sort((a, b) => compareNodeDots(a.dot, b.dot)));
const deltas: fc.Arbitrary<DeltaLists> = fc.array(neighbours, { maxLength: 8 });

test("a delta survives packing and unpacking", () => {
  fc.assert(
    fc.property(dots, deltas, (dot, lists) => {
      assert.deepEqual(decodeGraphDelta(dot, encodeGraphDelta(dot, lists)), lists);
    }),
  );
});

test("packing what the engine packed gives its very bytes, and the links it made", () => {
  const random = seeded(7);
  const index = new VectorIndex(optionsFor(12, { links: 4, metric: "euclid" }));
  let removed = 0;
  for (const [i, vector] of clusteredVectors(600, 12, 1).entries()) {
    const dot = { origin: 1 + Math.floor(random() * 5) * 70_000, sequence: i * 1000 };
    const { delta, slot } = insert(index, dot, vector);
    const lists = decodeGraphDelta(dot, delta);
    assert.deepEqual(encodeGraphDelta(dot, lists), delta);
    for (const [level, neighbours] of lists.entries()) {
      const linked = Array.from(index.reader.neighboursAt(slot, level), (other) => index.reader.dotAt(other));
      assert.deepEqual(
        linked.sort(compareNodeDots),
        neighbours.map(({ dot }) => dot),
      );
      for (const neighbour of neighbours) {
        removed += neighbour.removed.length;
        const theirs = [...index.reader.neighboursAt(index.slotOf(neighbour.dot) as number, level)];
        assert.equal(theirs.includes(slot), neighbour.add);
        for (const gone of neighbour.removed) assert.ok(!theirs.includes(index.slotOf(gone) as number));
      }
    }
  }
  assert.ok(removed > 500);
});

test("bytes that are no delta are refused as corrupt, or are a delta", () => {
  const dot = { origin: 1, sequence: 9 };
  let refused = 0;
  const decode = (bytes: Uint8Array) => {
    try {
      // what is accepted has a meaning of its own, which packs again
      encodeGraphDelta(dot, decodeGraphDelta(dot, bytes));
    } catch (error) {
      assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
      refused++;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), decode));
  assertUntil(
    () => ({ refused: [refused, 50] }),
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => decode(Uint8Array.of(1, 0, ...bytes))),
  );
});

test("a delta that is cut short is refused", () => {
  fc.assert(
    fc.property(dots, deltas, fc.nat(), (dot, lists, at) => {
      const bytes = encodeGraphDelta(dot, lists);
      assert.throws(() => decodeGraphDelta(dot, bytes.subarray(0, at % bytes.length)), { code: "corrupt" });
      assert.throws(() => decodeGraphDelta(dot, Uint8Array.of(...bytes, 0)), { code: "corrupt" });
    }),
  );
});

test("neighbours out of order or out of range are not packed", () => {
  const neighbour = (origin: number, sequence: number) => ({ dot: { origin, sequence }, add: true, removed: [] });
  for (const list of [
    [neighbour(1, 2), neighbour(1, 2)],
    [neighbour(1, 2), neighbour(1, 1)],
    [neighbour(2, 1), neighbour(1, 1)],
    [neighbour(2 ** 24, 1)],
    [neighbour(1, 2 ** 40)],
  ]) {
    assert.throws(() => encodeGraphDelta({ origin: 1, sequence: 5 }, [list]), { code: "corrupt" });
  }
});
