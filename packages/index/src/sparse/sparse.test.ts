import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RowSet } from "../row-set.js";
import { finish } from "../sliced.js";
import { type SparseVector, sparseVector } from "../vector/vector.js";
import { seeded } from "../vector-index/graphs.test-support.js";
import { PublishedPins } from "../vector-index/published-pins.js";
import { compareNodeDots } from "../vector-index/search-types.js";
import { randomSparseVectors } from "./sparse.test-support.js";
import { newSparseIndex } from "./sparse-index.js";
import { SparseSearch, weightedByIdf } from "./sparse-search.js";
import { validateSparse } from "./validate-sparse.js";

/** As of a moment: dots and vectors by slot. */
type Known = ReadonlyMap<number, { readonly sequence: number; readonly vector: SparseVector }>;

/** The dot product over shared indices, ascending, in float32; `undefined`: they share none. */
function product(a: SparseVector, b: SparseVector): number | undefined {
  let sum: number | undefined;
  for (const [i, index] of a.indices.entries()) {
    const at = b.indices.indexOf(index);
    if (at < 0) continue;
    const value = Math.fround((a.values[i] as number) * (b.values[at] as number));
    sum = sum === undefined ? value : Math.fround(sum + value);
  }
  return sum;
}

function expected(query: SparseVector, limit: number, known: Known): [slot: number, score: number][] {
  return [...known]
    .flatMap(([slot, { sequence, vector }]) => {
      const score = product(query, vector);
      return score === undefined ? [] : [{ slot, score, dot: { origin: 1, sequence } }];
    })
    .sort((a, b) => b.score - a.score || compareNodeDots(a.dot, b.dot))
    .slice(0, limit)
    .map(({ slot, score }) => [slot, score]);
}

const queries = randomSparseVectors(12, { indices: 40, valuesMax: 12, seed: 77 });

function assertAnswers(search: SparseSearch, known: Known, limits: readonly number[]): void {
  const allowed = new RowSet(known.keys());
  for (const query of queries) {
    for (const limit of limits) {
      const { slots, distances } = finish(search.search(query, limit, allowed));
      const found = Array.from(slots, (slot, i) => [slot, 0 - (distances[i] as number)]);
      assert.deepEqual(found, expected(query, limit, known));
    }
    const frequencies = finish(search.frequencies(query.indices, allowed));
    const counted = [...query.indices].map(
      (index) => [...known.values()].filter(({ vector }) => vector.indices.includes(index)).length,
    );
    assert.deepEqual([...frequencies], counted);
  }
}

describe("an inverted index of sparse vectors", () => {
  test("answers at every moment that a reader holds as a comparison with all vectors does", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const random = seeded(seed);
        const vectors = randomSparseVectors(300, { indices: 40, valuesMax: 12, seed });
        const index = newSparseIndex();
        const search = new SparseSearch(index.memory);
        const pins = new PublishedPins({ memory: index.memory.memory }, 1);
        const live = new Map<number, { readonly sequence: number; readonly vector: SparseVector }>();
        const held: { readonly known: Known; readonly leave: () => void }[] = [];
        let sequence = 0;
        for (let group = 0; group < 40; group++) {
          const dead: number[] = [];
          for (let i = 0; i < 8; i++) {
            const [slot] = [...live.keys()].slice(Math.floor(random() * live.size));
            if (slot !== undefined && random() < 0.4) {
              dead.push((live.get(slot) as { readonly sequence: number }).sequence);
              live.delete(slot);
              continue;
            }
            const vector = vectors[Math.floor(random() * vectors.length)] as SparseVector;
            const dot = { origin: 1, sequence: ++sequence };
            index.checkInsert(dot, vector);
            const made = index.insert(dot, vector);
            if (random() < 0.2) index.revert(made);
            else live.set(made, { sequence, vector });
          }
          index.published();
          // purged in a group behind the one that hides them
          if (random() < 0.8) index.purge(dead.map((one) => ({ origin: 1, sequence: one })));
          else for (const one of dead) index.markDead(index.slotOf({ origin: 1, sequence: one }) as number, true);
          if (random() < 0.3) held.push({ known: new Map(live), leave: pins.enter().leave });
          if (random() < 0.2) held.splice(Math.floor(random() * held.length), 1)[0]?.leave();
          if (group % 8 === 0) for (const { known } of held) assertAnswers(search, known, [3]);
        }
        for (const { known } of [...held, { known: live }]) assertAnswers(search, known, [1, 10, 1_000]);
        assert.deepEqual(validateSparse(index.memory).violations, []);
      }),
      { numRuns: 12 },
    );
  });

  test("uses slots and places again when nobody reads what they held", () => {
    const index = newSparseIndex();
    const vector = sparseVector([1, 2, 3], [1, 1, 1], "v");
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      index.insert({ origin: 1, sequence }, vector);
      index.purge([{ origin: 1, sequence: sequence - 1 }]);
      index.published();
    }
    assert.ok(index.memory.slotCount < 8, `${index.memory.slotCount} slots`);
    assert.ok(index.memory.postingCount < 24);
    assert.deepEqual(validateSparse(index.memory).violations, []);
  });

  test("weights what is rare", () => {
    const query = sparseVector([1, 2, 9], [2, 1, 1], "q");
    const { values } = weightedByIdf(query, 10, Uint32Array.of(10, 1, 0));
    const idf = (df: number) => Math.fround(Math.log((10 - df + 0.5) / (df + 0.5) + 1));
    assert.deepEqual([...values], [Math.fround(2 * idf(10)), idf(1), idf(0)]);
  });

  test("refuses what is no sparse vector before anything has changed", () => {
    const index = newSparseIndex();
    const dot = { origin: 1, sequence: 1 };
    const bad = (indices: number[], values: number[]): SparseVector => ({
      kind: "sparse",
      indices: Uint32Array.from(indices),
      values: Float32Array.from(values),
    });
    for (const vector of [bad([1, 1], [1, 1]), bad([2, 1], [1, 1]), bad([1], [])]) {
      assert.throws(() => index.checkInsert(dot, vector), /sparse vectors 1:1/);
    }
    index.insert(dot, bad([], []));
    assert.throws(() => index.checkInsert(dot, bad([1], [1])), /it is there already/);
    assert.equal(index.memory.linkedCount, 1);
  });
});
