import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";
import { VectorIndex } from "./vector-index.js";

test("levels are geometric with ratio 1/M", () => {
  for (const links of [4, 16, 32]) {
    const index = new VectorIndex(optionsFor(2, { links }));
    for (const origin of [1, 2, 99_999]) {
      const counts = new Array<number>(9).fill(0);
      const n = 40_000;
      for (let sequence = 1; sequence <= n; sequence++) {
        const level = index.levelOf({ origin, sequence });
        for (let l = 0; l <= level; l++) counts[l] = (counts[l] as number) + 1;
      }
      assert.equal(counts[8], 0);
      for (let l = 1; l < 4; l++) {
        const expected = n / links ** l;
        // five standard deviations
        assert.ok(Math.abs((counts[l] as number) - expected) < 5 * Math.sqrt(expected) + 1, `${links}: ${counts}`);
      }
    }
  }
});

test("the level of a node follows from its dot and M alone", () => {
  const empty = new VectorIndex(optionsFor(7, { metric: "euclid" }));
  const { index } = buildIndex(optionsFor(3, { efConstruction: 20 }), clusteredVectors(50, 3, 1));
  fc.assert(
    fc.property(fc.nat(2 ** 24 - 1), fc.nat(2 ** 40 - 1), (origin, sequence) => {
      assert.equal(index.levelOf({ origin, sequence }), empty.levelOf({ origin, sequence }));
    }),
  );
  for (const [i, vector] of clusteredVectors(200, 3, 2).entries()) {
    const dot = { origin: 5, sequence: i * 7 };
    const { slot } = insert(index, dot, vector);
    assert.equal(index.reader.nodeAt(slot).level, empty.levelOf(dot));
    assert.deepEqual(index.reader.dotAt(slot), dot);
    assert.equal(index.slotOf(dot), slot);
  }
});

test("the largest dots keep their names", () => {
  const index = new VectorIndex(optionsFor(2));
  const dot = { origin: 2 ** 24 - 1, sequence: 2 ** 40 - 1 };
  const { slot } = insert(index, dot, Float32Array.of(1, 0));
  assert.deepEqual(index.reader.dotAt(slot), dot);
  assert.equal(index.slotOf(dot), slot);
  assert.equal(index.slotOf({ origin: 2 ** 24 - 1, sequence: 1 }), undefined);
});
