import assert from "node:assert/strict";
import test from "node:test";
import { attachReader } from "./graph-handle.js";
import { answerBytes, buildIndex, clusteredVectors, insert, optionsFor } from "./graphs.test-support.js";

const DIMENSIONS = 8;
const COUNT = 800;

function built() {
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), clusteredVectors(COUNT, DIMENSIONS, 1));
  return { index, queries: clusteredVectors(COUNT + 30, DIMENSIONS, 1).slice(COUNT) };
}

test("a reader answers as the writer does, from what it itself was shown", () => {
  const { index, queries } = built();
  const reader = attachReader(index.handle(), 1);
  assert.equal(reader.search(queries[0] as Float32Array, { limit: 5 }).slots.length, 0);
  for (let slot = 0; slot < COUNT; slot++) reader.show(slot);
  for (const query of queries) {
    const answer = index.reader.search(query, { limit: 10, efSearch: 12 });
    assert.equal(answerBytes(index, reader.search(query, { limit: 10, efSearch: 12 })), answerBytes(index, answer));
  }
  const first = (query: Float32Array) => reader.search(query, { limit: 1, efSearch: 12 }).slots[0] as number;
  const [query] = queries as [Float32Array];
  const hidden = first(query);
  reader.hide(hidden);
  assert.notEqual(first(query), hidden);
  assert.equal(index.reader.search(query, { limit: 1, efSearch: 12 }).slots[0], hidden);
});

test("a reader sees inserts once they are shown to it", () => {
  const { index, queries } = built();
  const reader = attachReader(index.handle(), 2);
  for (let slot = 0; slot < COUNT; slot++) reader.show(slot);
  const [query] = queries as [Float32Array];
  const { slot } = insert(index, { origin: 2, sequence: 1 }, query);
  assert.notEqual(reader.search(query, { limit: 1, efSearch: 12 }).slots[0], slot);
  reader.show(slot);
  assert.equal(reader.search(query, { limit: 1, efSearch: 12 }).slots[0], slot);
});

test("a reader that takes the place of an earlier one knows nothing of what that one saw", () => {
  const { index, queries } = built();
  const former = attachReader(index.handle(), 1);
  for (let slot = 0; slot < COUNT; slot++) former.show(slot);
  for (const query of queries) former.search(query, { limit: 10, efSearch: 12 });

  const next = attachReader(index.handle(), 1);
  assert.equal(next.visibleCount, 0);
  assert.ok(!next.isVisible(5));
  for (let slot = 0; slot < COUNT; slot++) next.show(slot);
  assert.equal(next.visibleCount, COUNT);
  for (const query of queries) {
    const answer = index.reader.search(query, { limit: 10, efSearch: 12 });
    assert.equal(answerBytes(index, next.search(query, { limit: 10, efSearch: 12 })), answerBytes(index, answer));
  }
});

test("marks of searches that are 65,535 walks ago are forgotten", () => {
  const { index, queries } = built();
  const reader = attachReader(index.handle(), 3);
  for (let slot = 0; slot < COUNT; slot++) reader.show(slot);
  const [wide, narrow] = queries as [Float32Array, Float32Array];
  const options = { limit: 30, efSearch: 30 };
  const before = reader.search(wide, options);
  for (let i = 1; i < 65_535; i++) reader.search(narrow, { limit: 1, efSearch: 1 });
  assert.deepEqual(reader.search(wide, options), before);
});
