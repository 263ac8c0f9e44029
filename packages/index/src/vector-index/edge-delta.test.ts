import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { MurmurationError } from "../errors.js";
import { decodeEdgeDelta, type EdgeList, encodeEdgeDelta } from "./edge-delta.js";
import type { NodeDot } from "./graph-reader.js";
import { clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

const sequences = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 2 ** 40 - 1 }));
const origins = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 2 ** 24 - 1 }));
const dots: fc.Arbitrary<NodeDot> = fc.record({ origin: origins, sequence: sequences }, { noNullPrototype: true });
const list: fc.Arbitrary<EdgeList> = fc.record(
  { level: fc.nat(7), dot: dots, removed: fc.array(dots, { maxLength: 5 }), added: fc.array(dots, { maxLength: 5 }) },
  { noNullPrototype: true },
);
const compare = (a: EdgeList, b: EdgeList) =>
  a.level - b.level || a.dot.origin - b.dot.origin || a.dot.sequence - b.dot.sequence;
const deltas = fc
  .uniqueArray(list, { maxLength: 12, comparator: (a, b) => compare(a, b) === 0 })
  .map((lists) => lists.sort(compare));

test("a delta survives packing and unpacking", () => {
  fc.assert(fc.property(deltas, (lists) => assert.deepEqual(decodeEdgeDelta(encodeEdgeDelta(lists)), lists)));
});

test("packing what the engine packed gives its very bytes", () => {
  const index = new VectorIndex(optionsFor(8, { links: 3, efConstruction: 10, metric: "euclid" }));
  const all = clusteredVectors(300, 8, 2).map((vector, i) => {
    const dot = { origin: 1 + (i % 3) * 70_000, sequence: 1 + i * 1000 };
    return { dot, slot: insert(index, dot, vector).slot };
  });
  let [bytes, added] = [0, 0];
  for (const { dot, slot } of all) {
    const foreign = all.filter((other) => other.dot.origin !== dot.origin && !index.reader.nodeAt(slot).dead);
    const delta = index.planStitch(dot, foreign.map((other) => other.dot).slice(0, 60), slot % 2 === 0);
    if (delta === undefined) continue;
    const lists = decodeEdgeDelta(delta);
    assert.deepEqual(encodeEdgeDelta(lists), delta);
    assert.ok(lists.every(({ level, removed, added }) => level === 0 && removed.length + added.length > 0));
    bytes += delta.length;
    added += lists.reduce((sum, { added }) => sum + added.length, 0);
  }
  assert.ok(added > 50 && bytes / added < 20, `${bytes} bytes for ${added} links`);
});

test("bytes that are no delta are refused as corrupt, or are a delta; the engine takes no more than that", () => {
  const index = new VectorIndex(optionsFor(8, { links: 3, efConstruction: 10, metric: "euclid" }));
  for (const [i, vector] of clusteredVectors(20, 8, 2).entries()) insert(index, { origin: 1, sequence: i + 1 }, vector);
  let [refused, taken] = [0, 0];
  const check = (bytes: Uint8Array) => {
    let isDelta = true;
    try {
      decodeEdgeDelta(bytes);
    } catch (error) {
      assert.ok(error instanceof MurmurationError && error.code === "corrupt");
      isDelta = false;
      refused++;
    }
    const digest = index.digest();
    try {
      index.applyEdges({ origin: 9, sequence: 1 }, bytes, new Map());
      assert.ok(isDelta, `the engine takes ${bytes}`);
      taken++;
    } catch (error) {
      assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
      assert.equal(index.digest(), digest);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check), { numRuns: 2000 });
  const headed = fc.uint8Array({ maxLength: 40 }).map((body) => Uint8Array.of(2, 1, 1, 0, 0, ...body));
  fc.assert(fc.property(headed, check), { numRuns: 4000 });
  // numbers as they are likely, so that some make sense
  const small = fc.array(fc.nat(6), { maxLength: 12 }).map((body) => Uint8Array.of(2, 1, 1, 0, 0, ...body));
  assertUntil(() => ({ refused: [refused, 1000], taken: [taken, 20] }), fc.property(small, check), { numRuns: 10_000 });
});

test("what is out of order or range is not packed", () => {
  const one = { level: 1, dot: { origin: 1, sequence: 5 }, removed: [], added: [] };
  const bad: EdgeList[][] = [
    [one, one],
    [one, { ...one, level: 0 }],
    [{ ...one, added: [{ origin: 1, sequence: 0 }] }],
    [{ ...one, removed: [{ origin: 2 ** 24, sequence: 1 }] }],
  ];
  for (const lists of bad) assert.throws(() => encodeEdgeDelta(lists), { code: "corrupt" });
});
