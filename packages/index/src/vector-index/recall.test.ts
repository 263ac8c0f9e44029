import assert from "node:assert/strict";
import test from "node:test";
import { buildIndex, clusteredVectors, meanRecall, optionsFor } from "./graphs.test-support.js";
import { normalise } from "./normalise.js";
import { validateGraph } from "./validate.js";

/** Enough of them that a search with this ef walks. */
const COUNT = 500;
const EF = 16;

for (const metric of ["cosine", "dot", "euclid", "manhattan"] as const) {
  for (const quantization of ["int8", "none"] as const) {
    test(`${metric} on ${quantization}: walks find the nearest in 1 to 1,536 dimensions`, (t) => {
      const recalls: string[] = [];
      for (const dimensions of [1, 3, 4, 5, 63, 64, 100, 1536]) {
        const vectors = clusteredVectors(COUNT + 40, dimensions, 20 + dimensions);
        const queries = vectors.slice(COUNT).map((query) => (metric === "cosine" ? normalise(query) : query));
        const { index } = buildIndex(optionsFor(dimensions, { metric, quantization }), vectors.slice(0, COUNT));
        assert.deepEqual(validateGraph(index.reader).violations, []);
        const recall = meanRecall(index, queries, EF);
        recalls.push(`${dimensions}: ${recall.toFixed(3)}`);
        assert.ok(recall > 0.9, `${recall} in ${dimensions} dimensions`);
      }
      t.diagnostic(recalls.join("  "));
    });
  }
}

test("65,536 dimensions work with every metric", () => {
  const dimensions = 65_536;
  const vectors = clusteredVectors(80, dimensions, 4, 4);
  for (const metric of ["cosine", "euclid", "manhattan"] as const) {
    const { index } = buildIndex(
      optionsFor(dimensions, { metric, links: 4, efConstruction: 20 }),
      vectors.slice(0, 76),
    );
    const queries = vectors.slice(76).map((query) => (metric === "cosine" ? normalise(query) : query));
    assert.ok(meanRecall(index, queries, 3, 3) > 0.8);
  }
});

test("zero vectors are stored, found and asked for", () => {
  for (const metric of ["cosine", "dot", "euclid", "manhattan"] as const) {
    const vectors = clusteredVectors(400, 10, 2);
    for (let i = 0; i < 400; i += 9) vectors[i]?.fill(0);
    const { index } = buildIndex(optionsFor(10, { metric }), vectors);
    const { slots, distances } = index.reader.search(new Float32Array(10), { limit: 12, efSearch: 12 });
    assert.equal(slots.length, 12);
    assert.ok(distances.every((d) => d === 0) || metric === "euclid" || metric === "manhattan");
    if (metric === "euclid" || metric === "manhattan") assert.deepEqual([...distances], new Array(12).fill(0));
    assert.deepEqual(
      [...slots].sort((a, b) => a - b),
      [...slots],
      "equals are ordered by dot",
    );
  }
});

test("a thousand equal vectors are in reach, all found by an exact search, and hide no other", (t) => {
  for (const quantization of ["int8", "none"] as const) {
    const twin = clusteredVectors(1, 16, 8)[0] as Float32Array;
    const others = clusteredVectors(1040, 16, 9);
    const vectors = others.slice(0, 1000).flatMap((vector) => [vector, twin]);
    const { index } = buildIndex(optionsFor(16, { metric: "euclid", quantization }), vectors);
    const { slots, distances } = index.reader.search(twin, { limit: 1000, exact: true });
    assert.deepEqual(
      [...slots],
      Array.from({ length: 1000 }, (_, i) => 2 * i + 1),
    );
    assert.ok(distances.every((d) => d === 0));
    const { unreachable, violations } = validateGraph(index.reader);
    assert.deepEqual(violations, []);
    assert.ok(unreachable <= 10, `${unreachable} unreachable`);
    const recall = meanRecall(index, others.slice(1000), 40);
    t.diagnostic(`${quantization}: ${unreachable} of 2,000 unreachable, recall@10 of the others ${recall}`);
    assert.ok(recall > 0.95, String(recall));
    assert.ok(index.reader.search(twin, { limit: 50, efSearch: 60 }).distances.every((d) => d === 0));
  }
});
