import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { buildIndex, insert, optionsFor, seeded } from "./graphs.test-support.js";
import { metrics, type VectorIndexOptions } from "./options.js";
import { compareNodeDots, float32Max, type SearchOptions, type SearchResult } from "./search-types.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 5;
const clamp = (x: number, most: number) => Math.min(most, Math.max(-most, x));

/** What a result is ordered by, in f64: −dot, Euclidean distance (its root), sum of absolute differences; within the bounds of f32. */
function truth(metric: VectorIndexOptions["metric"], a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    sum += metric === "euclid" ? (x - y) ** 2 : metric === "manhattan" ? Math.abs(x - y) : -x * y;
  }
  return clamp(metric === "euclid" ? Math.sqrt(sum) : sum, metric === "cosine" ? 1 : float32Max);
}

/** How large a rounding error of the sum may be: of what it is a sum of, not of what is left of it. */
function tolerance(metric: VectorIndexOptions["metric"], a: Float32Array, b: Float32Array): number {
  const most = a.reduce((sum, x, i) => sum + Math.abs(x * (b[i] as number)), 0);
  if (metric === "cosine" || metric === "dot") return clamp(most, float32Max) * 1e-6 + 1e-37;
  // the square of what is small is less than f32 can tell
  return truth(metric, a, b) * 1e-5 + 1e-18;
}

function valueAt(metric: VectorIndexOptions["metric"], { distances, roots }: SearchResult, i: number): number {
  const distance = distances[i] as number;
  if (metric !== "euclid") return distance;
  const root = roots?.[i] ?? 0;
  return root > 0 ? root : Math.sqrt(Math.max(0, distance));
}

const anyFloat = fc.float({ noNaN: true, noDefaultInfinity: true });
const edge = fc.constantFrom(0, 3e38, -3e38, float32Max, -float32Max, 1e30, -1e30, 2e19, -2e19, 1e19, 1, -1, 1e-30);
const vector = fc
  .array(fc.oneof(edge, edge, anyFloat), { minLength: DIMENSIONS, maxLength: DIMENSIONS })
  .map((values) => Float32Array.from(values));

for (const metric of metrics) {
  for (const quantization of ["int8", "none"] as const) {
    test(`${metric} on ${quantization}: whatever the vectors, distances are finite, in order, and of an exact search right`, () => {
      const property = fc.property(fc.array(vector, { minLength: 200, maxLength: 260 }), vector, (vectors, query) => {
        const { index } = buildIndex(optionsFor(DIMENSIONS, { metric, quantization, links: 8 }), vectors);
        const { reader } = index;
        const exactly = reader.search(query, { limit: 12, exact: true });
        const all: readonly SearchOptions[] = [
          { limit: 12, exact: true },
          { limit: 12, efSearch: 8 },
          { limit: 12, efSearch: 8, rescore: false },
          { limit: vectors.length },
        ];
        for (const options of all) {
          const result = reader.search(query, options);
          for (const [i, slot] of result.slots.entries()) {
            const value = valueAt(metric, result, i);
            assert.ok(Math.abs(value) <= (metric === "cosine" ? 1 : float32Max), `${value}`);
            if (i === 0) continue;
            const before = valueAt(metric, result, i - 1);
            const dots = compareNodeDots(reader.dotAt(result.slots[i - 1] as number), reader.dotAt(slot));
            assert.ok(before < value || (before === value && dots < 0), `${before} then ${value}`);
          }
          if (options.rescore === false) continue;
          for (const [i, slot] of result.slots.entries()) {
            const stored = reader.vectorAt(slot);
            // cosine is asked with a vector of unit length; here any will do, as long as it is bounded
            const expected = truth(metric, query, stored);
            const off = Math.abs(valueAt(metric, result, i) - expected);
            assert.ok(off <= tolerance(metric, query, stored), `${valueAt(metric, result, i)} is ${expected}`);
          }
        }
        const nearest = vectors.map((_, slot) => truth(metric, query, reader.vectorAt(slot))).sort((a, b) => a - b);
        for (const [i, slot] of exactly.slots.entries()) {
          const off = Math.abs(truth(metric, query, reader.vectorAt(slot)) - (nearest[i] as number));
          const room = Math.max(...vectors.map((_, other) => tolerance(metric, query, reader.vectorAt(other))));
          assert.ok(off <= 2 * room, "nothing nearer is left out");
        }
      });
      fc.assert(property, { numRuns: 12 });
    });
  }
}

test("distances of cosine that rounding takes beyond 1 are 1, and tie by dot, in every search", () => {
  const random = seeded(3);
  const direction = Float32Array.of(0.6, 0.48, 0.64, 0, 0);
  for (const quantization of ["int8", "none"] as const) {
    const index = new VectorIndex(optionsFor(DIMENSIONS, { quantization }));
    // as decoded from a short encoding: of a length that is a little off
    for (let sequence = 1; sequence <= 300; sequence++) {
      const length = 1 + 0.004 * (random() - 0.4);
      const turned = sequence % 3 === 0 ? -length : length;
      insert(
        index,
        { origin: 1, sequence },
        direction.map((x) => x * turned),
      );
    }
    for (const options of [{ exact: true }, { efSearch: 12 }, { efSearch: 12, rescore: false }]) {
      const { slots, distances } = index.reader.search(direction, { limit: 12, ...options });
      assert.ok(distances.some((distance) => distance === -1));
      const tied = slots.filter((_, i) => distances[i] === -1);
      assert.ok(distances.every((distance) => distance >= -1 && distance <= 1));
      const sequences = Array.from(tied, (slot) => index.reader.dotAt(slot).sequence);
      assert.deepEqual(
        sequences,
        [...sequences].sort((a, b) => a - b),
      );
    }
    const [exact] = index.reader.searchExactly(direction, 300);
    assert.ok(exact?.distances.every((distance) => distance >= -1 && distance <= 1));
    assert.deepEqual(exact, index.reader.search(direction, { limit: 300, exact: true }));
  }
});

test("Euclidean distances whose squares are beyond f32 are themselves, and in their order", () => {
  const lengths = [3e38, 1e20, 2e19, 3e19, 1e30, 5, 1e19];
  const vectors = lengths.map((length) => Float32Array.of(length, 0, 0, 0, 0));
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), vectors);
  const result = index.reader.search(new Float32Array(DIMENSIONS), { limit: 7 });
  const found = Array.from(result.slots, (_, i) => Math.fround(valueAt("euclid", result, i)));
  assert.deepEqual(found, [...lengths].sort((a, b) => a - b).map(Math.fround));
  // the nearest of those that tie by their squares are among few, too
  const few = index.reader.search(new Float32Array(DIMENSIONS), { limit: 3 });
  assert.deepEqual([...few.slots], [5, 6, 2]);
});
