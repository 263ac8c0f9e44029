import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Distance, distances } from "../catalogue/collection.js";
import { vectorEncodings } from "../operation/vector-encoding.js";
import { createCollection, openReplica, point, run, space, upsert } from "../replica/replica.test-support.js";
import { nearest } from "./nearest.js";
import type { NearestQuery, ScoredPoint } from "./request.js";

const DIMENSIONS = 3;
const FLOAT32_MAX = 3.4028234663852886e38;
const isSimilarity = (metric: Distance) => metric === "Cosine" || metric === "Dot";

/** f16 holds nothing beyond 65,504; the others anything. */
function vectorsOf(largest: number): fc.Arbitrary<number[]> {
  const any = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-largest), max: Math.fround(largest) });
  const edge = fc.constantFrom(Math.fround(largest), Math.fround(-largest), 0, 1, 0.1, -0.7);
  return fc.array(fc.oneof(any, edge), { minLength: DIMENSIONS, maxLength: DIMENSIONS });
}

describe("scores", () => {
  for (const metric of distances) {
    for (const encoding of vectorEncodings) {
      test(`${metric}, ${encoding}: finite float32 numbers, in range and order, that a threshold of their own keeps`, () => {
        const largest = encoding === "f16" ? 65_504 : FLOAT32_MAX;
        const vectors = fc.array(vectorsOf(largest), { minLength: 2, maxLength: 12 });
        const property = fc.property(vectors, vectorsOf(FLOAT32_MAX), fc.boolean(), (given, query, isQuantized) => {
          const replica = openReplica();
          const quantization = isQuantized ? ("int8" as const) : ("none" as const);
          run(
            replica,
            createCollection("a", {
              "": { ...space(DIMENSIONS, metric), quantization, ...(encoding === "f32" ? {} : { encoding }) },
            }),
            upsert(
              "a",
              given.map((vector, id) => point(id, vector)),
            ),
          );
          const ask = (more: Partial<NearestQuery>): ScoredPoint[] =>
            nearest(replica.shard("a"), {
              query: Float32Array.from(query),
              using: "",
              limit: given.length,
              offset: 0,
              parameters: {},
              selection: { payload: false, vectors: false },
              ...more,
            });
          const answer = ask({});
          assert.equal(answer.length, given.length);
          assert.deepEqual(ask({ parameters: { exact: true } }), answer);
          for (const [i, { score }] of answer.entries()) {
            assert.ok(Math.abs(score) <= (metric === "Cosine" ? 1 : FLOAT32_MAX), String(score));
            assert.ok(Object.is(Math.fround(score), score), "a float32, and not −0");
            const before = answer[i - 1]?.score;
            assert.ok(before === undefined || (isSimilarity(metric) ? before >= score : before <= score));
            // nine digits name one float32
            const kept = ask({ scoreThreshold: Number(score.toPrecision(9)) });
            const wanted = answer.filter((point) =>
              isSimilarity(metric) ? point.score >= score : point.score <= score,
            );
            assert.deepEqual(kept, wanted);
          }
        });
        fc.assert(property, { numRuns: 25 });
      });
    }
  }
});
