import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Metric, metrics } from "../vector-index/options.js";
import { float32Max } from "../vector-index/search-types.js";
import { collectionOf, nearestIn, point, space, toVector } from "./reads.test-support.js";

const DIMENSIONS = 3;
const isSimilarity = (metric: Metric) => metric === "cosine" || metric === "dot";

function vectorsOf(largest: number): fc.Arbitrary<number[]> {
  const any = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-largest), max: Math.fround(largest) });
  const edge = fc.constantFrom(Math.fround(largest), Math.fround(-largest), 0, 1, 0.1, -0.7);
  return fc.array(fc.oneof(any, edge), { minLength: DIMENSIONS, maxLength: DIMENSIONS });
}

describe("scores", () => {
  for (const metric of metrics) {
    for (const largest of [float32Max, 65_504]) {
      test(`${metric} up to ${largest}: finite float32 numbers, in range and order, that a threshold of their own keeps`, () => {
        const vectors = fc.array(vectorsOf(largest), { minLength: 2, maxLength: 12 });
        const property = fc.property(vectors, vectorsOf(float32Max), fc.boolean(), (given, query, isQuantized) => {
          const quantization = isQuantized ? "int8" : "none";
          const { reader } = collectionOf(
            { "": { ...space(DIMENSIONS, metric), quantization } },
            given.map((vector, id) => point(id, vector)),
          );
          const asked = { ...toVector(query), limit: given.length };
          const answer = nearestIn(reader, asked);
          assert.equal(answer.length, given.length);
          assert.deepEqual(nearestIn(reader, { ...asked, parameters: { exact: true } }), answer);
          for (const [i, { score }] of answer.entries()) {
            assert.ok(Math.abs(score) <= (metric === "cosine" ? 1 : float32Max), String(score));
            assert.ok(Object.is(Math.fround(score), score), "a float32, and not −0");
            const before = answer[i - 1]?.score;
            assert.ok(before === undefined || (isSimilarity(metric) ? before >= score : before <= score));
            // nine digits name one float32
            const kept = nearestIn(reader, { ...asked, scoreThreshold: Number(score.toPrecision(9)) });
            const wanted = answer.filter((one) => (isSimilarity(metric) ? one.score >= score : one.score <= score));
            assert.deepEqual(kept, wanted);
          }
        });
        fc.assert(property, { numRuns: 25 });
      });
    }
  }
});
