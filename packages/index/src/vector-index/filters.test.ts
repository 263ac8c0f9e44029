import assert from "node:assert/strict";
import test from "node:test";
import { RowSet } from "../row-set.js";
import {
  buildIndex,
  clusteredVectors,
  nearest,
  optionsFor,
  recallOf,
  seeded,
  trueDistance,
} from "./graphs.test-support.js";

const DIMENSIONS = 16;
const COUNT = 6000;
const LIMIT = 10;
const { index } = buildIndex(optionsFor(DIMENSIONS, { metric: "euclid" }), clusteredVectors(COUNT, DIMENSIONS, 1));
const { index: onVectors } = buildIndex(
  optionsFor(DIMENSIONS, { metric: "euclid", quantization: "none" }),
  clusteredVectors(COUNT, DIMENSIONS, 1),
);
const queries = clusteredVectors(COUNT + 40, DIMENSIONS, 1).slice(COUNT);
const slots = Array.from({ length: COUNT }, (_, slot) => slot);

/** Slots that the filter of each kind allows for a query; `share` of all. */
const filters: Readonly<Record<string, (query: Float32Array, share: number) => number[]>> = {
  anywhere: (_, share) => {
    const random = seeded(Math.round(share * 10_000));
    return slots.filter(() => random() < share);
  },
  "far from the query": (query, share) => nearest(index, query, COUNT).slice(-Math.round(COUNT * share)),
  "only near the query": (query, share) => nearest(index, query, Math.round(COUNT * share)),
  "at a middling distance": (query, share) =>
    nearest(index, query, COUNT).slice(COUNT / 2, COUNT / 2 + Math.round(COUNT * share)),
};

for (const [kind, select] of Object.entries(filters)) {
  test(`a filter whose points lie ${kind} is answered well, with as many results as there are`, (t) => {
    const recalls: string[] = [];
    for (const share of [0.5, 0.2, 0.1, 0.05, 0.01, 0.001]) {
      for (const of of [index, onVectors]) {
        let recall = 0;
        for (const query of queries) {
          const allowed = new RowSet(select(query, share));
          const found = of.reader.search(query, { limit: LIMIT, efSearch: 32, allowed });
          assert.equal(found.slots.length, Math.min(LIMIT, allowed.size));
          assert.ok([...found.slots].every((slot) => allowed.has(slot)));
          const truth = nearest(of, query, LIMIT, allowed);
          recall += recallOf(found.slots, truth) / queries.length;
          for (const [i, slot] of found.slots.entries()) {
            const d = trueDistance("euclid", query, of.reader.vectorAt(slot));
            assert.ok(Math.abs(d - (found.distances[i] as number)) < 1e-3);
          }
        }
        recalls.push(`${share}: ${recall.toFixed(3)}`);
        assert.ok(recall >= 0.95, `${recall} at ${share}`);
      }
    }
    t.diagnostic(recalls.join("  "));
  });
}

test("a filter counts for its own search only", () => {
  const [query] = queries as [Float32Array];
  const all = index.reader.search(query, { limit: LIMIT });
  const allowed = new RowSet(slots.filter((slot) => !all.slots.includes(slot)));
  const without = index.reader.search(query, { limit: LIMIT, allowed });
  assert.ok([...without.slots].every((slot) => !all.slots.includes(slot)));
  assert.equal(index.reader.search(query, { limit: LIMIT, allowed: new RowSet([3]) }).slots.length, 1);
  assert.equal(index.reader.search(query, { limit: LIMIT, allowed: new RowSet() }).slots.length, 0);
  assert.deepEqual(index.reader.search(query, { limit: LIMIT }), all);
  const flat = Float32Array.from(queries.slice(0, 6).flatMap((q) => [...q]));
  for (const [i, answer] of index.reader.searchExactly(flat, LIMIT, allowed).entries()) {
    assert.deepEqual(answer, index.reader.search(queries[i] as Float32Array, { limit: LIMIT, exact: true, allowed }));
  }
});

test("every limit gives the smaller of limit and matches, ascending and each once", () => {
  const [query] = queries as [Float32Array];
  const third = new RowSet(slots.filter((slot) => slot % 3 === 0));
  for (const allowed of [undefined, third]) {
    for (const limit of [0, 1, 2, 100, 1999, 2000, 2001, 4096, 4097, 6000, 9000]) {
      const matches = allowed?.size ?? COUNT;
      const found = index.reader.search(query, { limit, efSearch: 8, ...(allowed === undefined ? {} : { allowed }) });
      assert.equal(found.slots.length, Math.min(limit, matches));
      assert.equal(new Set(found.slots).size, found.slots.length);
      assert.ok(found.distances.every((d, i) => i === 0 || d >= (found.distances[i - 1] as number)));
      const [blocked] = index.reader.searchExactly(query, limit, allowed);
      assert.equal(blocked?.slots.length, found.slots.length);
    }
  }
});

test("more results than a pool holds are ranked exactly", () => {
  const many = 17_000;
  const { index } = buildIndex(
    optionsFor(2, { metric: "euclid", links: 2, efConstruction: 4 }),
    clusteredVectors(many, 2, 3),
  );
  const query = Float32Array.of(0.5, 0.5);
  const all = index.reader.search(query, { limit: 20_000 });
  assert.equal(new Set(all.slots).size, many);
  assert.ok(all.distances.every((d, i) => i === 0 || d >= (all.distances[i - 1] as number)));
  const pooled = index.reader.search(query, { limit: 16_384, exact: true });
  assert.deepEqual(all.slots.slice(0, 16_384), pooled.slots);
  assert.deepEqual(all.distances.slice(0, 16_384), pooled.distances);
});
