import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { buildIndex, clusteredVectors, optionsFor, seeded, trueDistance } from "./graphs.test-support.js";
import type { Metric } from "./options.js";
import { float32Max } from "./search-types.js";

// The engine's arithmetic written again, operation by operation: equal results mean equal bits.

const f = Math.fround;
const bounded = (x: number) => f(Math.max(-float32Max, Math.min(float32Max, x)));
const isWithin = (x: number) => Math.abs(x) <= float32Max;

/** What f32 cannot hold on the way is computed again in f64. */
function wideDistance(metric: Metric, a: Float32Array, b: Float32Array): number {
  const sum = a.reduce((total, x, i) => {
    const y = b[i] as number;
    return total + (metric === "euclid" ? (x - y) * (x - y) : metric === "manhattan" ? Math.abs(x - y) : x * y);
  }, 0);
  return bounded(metric === "euclid" || metric === "manhattan" ? sum : -sum);
}

function vectorDistance(metric: Metric, a: Float32Array, b: Float32Array): number {
  const lanes = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    const difference = f(x - y);
    const term =
      metric === "euclid" ? f(difference * difference) : metric === "manhattan" ? Math.abs(difference) : f(x * y);
    lanes[i & 3] = f((lanes[i & 3] as number) + term);
  }
  const [l0, l1, l2, l3] = lanes as [number, number, number, number];
  const sum = f(f(l0 + l2) + f(l1 + l3));
  if (!isWithin(sum)) return wideDistance(metric, a, b);
  return metric === "euclid" || metric === "manhattan" ? sum : -sum;
}

interface Codes {
  readonly codes: Int8Array;
  readonly scale: number;
  readonly squaredNorm: number;
}

function quantise(vector: Float32Array): Codes {
  const largest = vector.reduce((top, x) => Math.max(top, Math.abs(x)), f(1e-20));
  const scale = f(largest / 127);
  const inverse = f(127 / largest);
  const codes = Int8Array.from(vector, (v) => {
    const x = f(v * inverse);
    return Math.trunc(x >= 0 ? f(x + 0.5) : f(x - 0.5));
  });
  const squares = codes.reduce((sum, code) => sum + code * code, 0);
  return { codes, scale, squaredNorm: f(f(f(squares) * scale) * scale) };
}

function codeDistance(metric: Metric, query: Codes, row: Codes): number {
  const product = f(f(row.codes.reduce((sum, code, i) => sum + code * (query.codes[i] as number), 0)) * row.scale);
  if (metric !== "euclid") {
    const score = f(-product * query.scale);
    return metric === "cosine" ? Math.max(-1, Math.min(1, score)) : score;
  }
  return f(f(f(row.squaredNorm - f(f(2 * query.scale) * product)) + query.squaredNorm));
}

const bits = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];
const metrics = ["dot", "euclid", "manhattan"] as const;
const DIMENSIONS = [1, 3, 4, 5, 7, 16, 63, 64, 100, 1536];

for (const metric of metrics) {
  test(`${metric}: f32 distances are those of the documented order of summation, bit for bit`, () => {
    for (const dimensions of DIMENSIONS) {
      const vectors = clusteredVectors(40, dimensions, dimensions);
      const { index } = buildIndex(optionsFor(dimensions, { metric }), vectors);
      const query = clusteredVectors(1, dimensions, 77)[0] as Float32Array;
      const distances = index.reader.distancesTo(query, [...vectors.keys()]);
      for (const [slot, vector] of vectors.entries()) {
        assert.equal(
          bits(distances[slot] as number),
          bits(vectorDistance(metric, query, vector)),
          `${dimensions}:${slot}`,
        );
      }
    }
  });

  test(`${metric}: a distance has the same bits wherever its vector stands in a batch and in whatever search`, () => {
    for (const dimensions of DIMENSIONS) {
      const vectors = clusteredVectors(70, dimensions, dimensions);
      const { index } = buildIndex(optionsFor(dimensions, { metric }), vectors);
      const queries = clusteredVectors(6, dimensions, 77);
      const blocked = index.reader.searchExactly(Float32Array.from(queries.flatMap((query) => [...query])), 70);
      for (const [q, query] of queries.entries()) {
        const expected = vectors.map((vector) => bits(vectorDistance(metric, query, vector)));
        const single = index.reader.search(query, { limit: 70, exact: true });
        assert.deepEqual(blocked[q], single);
        for (const [i, slot] of single.slots.entries())
          assert.equal(bits(single.distances[i] as number), expected[slot]);
        for (let from = 0; from < 9; from++) {
          const slots = [...vectors.keys()].slice(from, from + 9 + q);
          const found = index.reader.distancesTo(query, slots);
          assert.deepEqual(
            Array.from(found, bits),
            slots.map((slot) => expected[slot]),
          );
        }
      }
    }
  });

  test(`${metric}: exact search is brute force in f64, but for what rounding swaps`, () => {
    const random = seeded(5);
    for (const dimensions of [1, 5, 64, 300]) {
      const vectors = clusteredVectors(500, dimensions, dimensions);
      const { index } = buildIndex(optionsFor(dimensions, { metric, links: 4, efConstruction: 10 }), vectors);
      for (let i = 0; i < 20; i++) {
        const query = (vectors[Math.floor(random() * 500)] as Float32Array).map((x) => x + random() - 0.5);
        const { slots, distances } = index.reader.search(query, { limit: 500, exact: true });
        assert.equal(new Set(slots).size, 500);
        const truth = Array.from(slots, (slot) => trueDistance(metric, query, vectors[slot] as Float32Array));
        const scale = dimensions * 4;
        for (const [rank, d] of truth.entries()) {
          assert.ok(Math.abs(d - (distances[rank] as number)) < scale * 1e-5);
          assert.ok(rank === 0 || d > (truth[rank - 1] as number) - scale * 1e-5);
        }
      }
    }
  });
}

for (const metric of ["cosine", "dot", "euclid"] as const) {
  test(`${metric}: the int8 walk sees the distances of rounded codes, bit for bit`, () => {
    for (const dimensions of [1, 3, 4, 5, 8, 12, 15, 63, 64, 100, 1536]) {
      const vectors = clusteredVectors(200, dimensions, dimensions);
      vectors[0]?.fill(0);
      const { index } = buildIndex(optionsFor(dimensions, { metric }), vectors);
      assert.equal(index.options.quantization, "int8");
      for (const query of clusteredVectors(5, dimensions, 78)) {
        const { slots, distances } = index.reader.search(query, { limit: 7, efSearch: 7, rescore: false });
        assert.equal(slots.length, 7);
        for (const [i, slot] of slots.entries()) {
          const expected = codeDistance(metric, quantise(query), quantise(index.reader.vectorAt(slot)));
          assert.equal(bits(distances[i] as number), bits(expected), `${dimensions}:${slot}`);
        }
      }
    }
  });
}

test("values at the edges of f32 give ordered answers without NaN", () => {
  const values = [0, 1e30, -1e30, 3e38, -3e38, 1e-30, -1e-38, 1e-45, 1, -1];
  for (const metric of metrics) {
    for (const quantization of ["int8", "none"] as const) {
      const random = seeded(9);
      const pick = () => Float32Array.from({ length: 6 }, () => values[Math.floor(random() * values.length)] as number);
      const vectors = Array.from({ length: 300 }, pick);
      const { index } = buildIndex(optionsFor(6, { metric, quantization }), vectors);
      for (let i = 0; i < 50; i++) {
        const query = i % 2 === 0 ? pick() : (vectors[i] as Float32Array);
        for (const options of [{ exact: true }, { efSearch: 10 }, { efSearch: 10, rescore: false }]) {
          const { slots, distances } = index.reader.search(query, { limit: 10, ...options });
          assert.equal(new Set(slots).size, 10);
          assert.ok(distances.every((d, at) => !Number.isNaN(d) && (at === 0 || d >= (distances[at - 1] as number))));
        }
        if (i % 2 === 1 && metric !== "dot") {
          assert.equal(index.reader.search(query, { limit: 1, exact: true }).distances[0], 0);
        }
      }
    }
  }
});

test("any finite vectors have distances of the emulated bits", () => {
  const numbers = fc.float({ noNaN: true, noDefaultInfinity: true });
  for (const metric of metrics) {
    const { index } = buildIndex(optionsFor(5, { metric }), clusteredVectors(30, 5, 1));
    let sequence = 100;
    const vectors = fc.array(numbers, { minLength: 5, maxLength: 5 }).map((values) => Float32Array.from(values));
    fc.assert(
      fc.property(vectors, vectors, (query, vector) => {
        const dot = { origin: 1, sequence: sequence++ };
        const slot = index.apply(dot, vector, index.plan(dot, vector));
        const [d] = index.reader.distancesTo(query, [slot]);
        const expected = vectorDistance(metric, query, vector);
        assert.equal(bits(d as number), bits(expected));
      }),
    );
  }
});
