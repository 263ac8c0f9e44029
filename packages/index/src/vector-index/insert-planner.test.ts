import assert from "node:assert/strict";
import test from "node:test";
import type { InsertCandidates } from "./graph-types.js";
import { buildIndex, clusteredVectors, insert, meanRecall, optionsFor } from "./graphs.test-support.js";
import { attachFinder } from "./insert-planner.js";
import { normalise } from "./normalise.js";
import { validateGraph } from "./validate.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 12;

/** Insert vectors as one group: all of them are looked for before the first is inserted. */
function insertGroup(
  index: VectorIndex,
  vectors: readonly Float32Array[],
  firstSequence: number,
  sees = true,
): number[] {
  const dots = vectors.map((_, i) => ({ origin: 1, sequence: firstSequence + i }));
  const found = vectors.map((vector, i) => index.inserts.candidates(dots[i]!, vector) as InsertCandidates);
  const since: number[] = [];
  for (const [i, vector] of vectors.entries()) {
    const delta = index.inserts.planAmong(dots[i]!, vector, found[i]!, sees ? since : []);
    const slot = index.apply(dots[i]!, vector, delta);
    index.reader.show(slot);
    since.push(slot);
  }
  return since;
}

for (const metric of ["cosine", "euclid", "manhattan"] as const) {
  for (const quantization of ["int8", "none"] as const) {
    test(`${metric} on ${quantization}: what is decided among fresh candidates is what is planned at once`, () => {
      const options = optionsFor(DIMENSIONS, { metric, quantization, links: 4, efConstruction: 24 });
      const vectors = clusteredVectors(700, DIMENSIONS, 1).map((v) => (metric === "cosine" ? normalise(v) : v));
      const { index } = buildIndex(options, vectors.slice(0, 600));
      for (let slot = 0; slot < 600; slot += 3) index.markDead(slot, true);
      insert(index, { origin: 2, sequence: 1 }, vectors[600]!);
      const finder = attachFinder(index.handle(), 2);
      for (const [i, vector] of vectors.slice(601).entries()) {
        const dot = { origin: 1, sequence: 1_000 + i };
        const found = finder.find(dot, vector)!;
        assert.deepEqual(found, index.inserts.candidates(dot, vector), "another thread's instance finds the same");
        assert.deepEqual(index.inserts.planAmong(dot, vector, found, []), index.plan(dot, vector));
      }
    });
  }
}

test("a group in an empty graph, and in a region where there was nothing, is linked as one by one", () => {
  const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 4, efConstruction: 24 });
  const old = clusteredVectors(300, DIMENSIONS, 2);
  const island = clusteredVectors(200, DIMENSIONS, 3, 1).map((vector) => vector.map((x) => x + 40));
  const grown = (sees: boolean) => {
    const index = new VectorIndex(options);
    insertGroup(index, old.slice(0, 100), 1, sees);
    insertGroup(index, old.slice(100), 101, sees);
    insertGroup(index, island.slice(0, 190), 301, sees);
    return index;
  };
  const queries = [...old.slice(0, 20), ...island.slice(190)];
  const { index: alone } = buildIndex(options, [...old, ...island.slice(0, 190)]);
  const [expected, own, blind] = [alone, grown(true), grown(false)].map((index) => {
    assert.deepEqual(validateGraph(index.reader).violations, []);
    return meanRecall(index, queries, 24);
  }) as [number, number, number];
  assert.ok(own > expected - 0.02, `${own}, one by one ${expected}`);
  assert.ok(blind < expected - 0.2, `without links between members ${blind}, one by one ${expected}`);
});

test("no link is decided to a node that died since, and a live one is found where all candidates did", () => {
  const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 4, efConstruction: 8 });
  const vectors = clusteredVectors(400, DIMENSIONS, 4);
  const { index } = buildIndex(options, vectors.slice(0, 399));
  const dot = { origin: 1, sequence: 1_000 };
  const found = index.inserts.candidates(dot, vectors[399]!)!;
  // all but one, far away
  for (let slot = 0; slot < 398; slot++) index.markDead(slot, true);
  const slot = index.apply(dot, vectors[399]!, index.inserts.planAmong(dot, vectors[399]!, found, []));
  assert.deepEqual([...index.reader.neighboursAt(slot, 0)], [398]);
});

test("groups of many sizes find what one by one finds", () => {
  const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 6, efConstruction: 40 });
  const vectors = clusteredVectors(1_640, DIMENSIONS, 5);
  const queries = vectors.slice(1_600);
  const { index: alone } = buildIndex(options, vectors.slice(0, 1_600));
  for (const size of [2, 16, 128, 1_600]) {
    const index = new VectorIndex(options);
    for (let from = 0; from < 1_600; from += size)
      insertGroup(index, vectors.slice(from, Math.min(1_600, from + size)), from + 1);
    assert.deepEqual(validateGraph(index.reader).violations, []);
    const [own, expected] = [meanRecall(index, queries, 16), meanRecall(alone, queries, 16)];
    assert.ok(own > expected - 0.02, `groups of ${size}: ${own}, one by one ${expected}`);
  }
});
