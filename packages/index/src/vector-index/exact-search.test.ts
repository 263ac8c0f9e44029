import assert from "node:assert/strict";
import test from "node:test";
import { RowSet } from "../row-set.js";
import type { Sliced } from "../sliced.js";
import { buildIndex, clusteredVectors, optionsFor } from "./graphs.test-support.js";
import { compareNodeDots } from "./search-types.js";

const DIMENSIONS = 2_048;
const COUNT = 1_800;

function inSlices<T>(work: Sliced<T>, between: () => void): { readonly value: T; readonly pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = work.next();
    if (step.done === true) return { value: step.value, pauses };
    between();
  }
}

test("an exact search over more than fits into a slice finds what comparing with every vector finds, ties by dot", () => {
  const vectors = clusteredVectors(COUNT, DIMENSIONS, 8);
  for (let i = 0; i < COUNT; i += 7) vectors[i] = vectors[0] as Float32Array;
  const { index } = buildIndex(
    optionsFor(DIMENSIONS, { metric: "euclid", quantization: "none", links: 4, efConstruction: 8 }),
    vectors,
  );
  const { reader } = index;
  const query = vectors[0] as Float32Array;
  const other = vectors[3] as Float32Array;
  const all = [...Array(reader.slotCount).keys()];
  const distances = reader.distancesTo(query, all);
  const ranked = all.sort(
    (a, b) => (distances[a] as number) - (distances[b] as number) || compareNodeDots(reader.dotAt(a), reader.dotAt(b)),
  );
  // another search comes in between every two slices
  const disturb = () => void reader.search(other, { limit: 3, allowed: new RowSet([1, 2, 3]) });
  for (const limit of [1, 10, 300, COUNT]) {
    const { value, pauses } = inSlices(reader.searchInSlices(query, { limit, exact: true }), disturb);
    assert.deepEqual([...value.slots], ranked.slice(0, limit));
    assert.ok(pauses >= 2, `${pauses} pauses`);
  }
  const allowed = new RowSet(all.filter((slot) => slot % 3 !== 1));
  const { value, pauses } = inSlices(reader.searchInSlices(query, { limit: 50, exact: true, allowed }), disturb);
  assert.deepEqual([...value.slots], ranked.filter((slot) => allowed.has(slot)).slice(0, 50));
  assert.ok(pauses >= 1);
});

test("an exact search in slices is as of its first slice while its graph is held", () => {
  const vectors = clusteredVectors(COUNT, DIMENSIONS, 8);
  const { index } = buildIndex(
    optionsFor(DIMENSIONS, { metric: "dot", quantization: "none", links: 4, efConstruction: 8 }),
    vectors,
  );
  const { reader } = index;
  const query = vectors[5] as Float32Array;
  const before = reader.search(query, { limit: 20, exact: true });
  const release = reader.hold();
  let hidden = 0;
  const { value } = inSlices(reader.searchInSlices(query, { limit: 20, exact: true }), () => {
    for (const slot of before.slots) reader.hide(slot);
    hidden++;
  });
  release();
  assert.ok(hidden > 0);
  assert.deepEqual(value, before);
});
