import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plant } from "../planted.js";
import { scoreOf } from "../query/scores.js";
import { RowSet } from "../row-set.js";
import { finish } from "../sliced.js";
import { loadSpace } from "../space/open.js";
import { multiSpace } from "../space/unlinked.js";
import { slot } from "../sparse/sparse-layout.js";
import { wordsOfSlot } from "../sparse/sparse-memory.js";
import { type MultiVector, multiVector } from "../vector/vector.js";
import { clusteredVectors, seeded } from "../vector-index/graphs.test-support.js";
import { normalise } from "../vector-index/normalise.js";
import { type MultiIndex, newMultiIndex } from "./multi-index.js";
import type { MultiOptions } from "./multi-options.js";
import { MultiReader } from "./multi-reader.js";
import type { MultiSearchOptions } from "./multi-search.js";

/** Vectors of 1 to 5 parts each, of which those of neighbours are like each other. */
function vectorsOf(count: number, { dimensions, metric }: MultiOptions, seed: number): MultiVector[] {
  const parts = clusteredVectors(count + 5, dimensions, seed);
  return Array.from({ length: count }, (_, i) => {
    const own = parts.slice(i, i + 1 + (i % 5));
    return multiVector(metric === "cosine" ? own.map(normalise) : own, "");
  });
}

interface Filled {
  readonly index: MultiIndex;
  readonly reader: MultiReader;
  /** Slots of all. */
  readonly all: RowSet;
}

function filled(options: MultiOptions, vectors: readonly MultiVector[], order: readonly number[]): Filled {
  const index = newMultiIndex(options);
  const all = new RowSet();
  for (const i of order) all.add(index.insert({ origin: 1, sequence: i + 1 }, vectors[i] as MultiVector));
  return { index, reader: readerOf(index, options), all };
}

const readerOf = (index: MultiIndex, options: MultiOptions) =>
  new MultiReader({ kind: "multi", ...options, memory: index.memory.memory }, 1);

/** Sequences of what is found, and distances. */
function found({ reader, all }: Filled, query: MultiVector, options: MultiSearchOptions) {
  const { slots, distances } = finish(reader.search(query, all, options));
  return { ids: Array.from(slots, (of) => reader.memory.dotAt(of).sequence), distances: [...distances] };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const COUNT = 700;
const spaces: readonly MultiOptions[] = [
  { dimensions: 32, metric: "cosine" },
  { dimensions: 20, metric: "dot" },
  { dimensions: 150, metric: "dot" },
  { dimensions: 32, metric: "euclid" },
];

for (const options of spaces) {
  describe(`multivectors of ${options.dimensions} dimensions by ${options.metric}`, () => {
    const drawn = vectorsOf(COUNT + 12, options, 3);
    const vectors = drawn.slice(0, COUNT);
    const queries = drawn.slice(COUNT);
    const here = filled(options, vectors, upTo(COUNT));

    test("are found by codes as by comparing all", () => {
      let hits = 0;
      for (const query of queries) {
        const exact = found(here, query, { limit: 10, exact: true });
        const { ids, distances } = found(here, query, { limit: 10, efSearch: 100 });
        hits += ids.filter((id) => exact.ids.includes(id)).length;
        // what is found has its own score
        for (const [i, id] of ids.entries()) {
          const at = exact.ids.indexOf(id);
          if (at >= 0) assert.equal(distances[i], exact.distances[at]);
        }
      }
      assert.ok(hits >= 0.9 * 10 * queries.length, `${hits} of ${10 * queries.length}`);
    });

    test("are found alike in whatever order they came, and from an image", () => {
      const random = seeded(7);
      const order = upTo(COUNT).map((i) => ({ i, at: random() }));
      const other = filled(
        options,
        vectors,
        order.sort((a, b) => a.at - b.at).map(({ i }) => i),
      );
      const bytes = Buffer.concat(multiSpace(other.index, options).image("note"));
      let at = 0;
      const { space, note } = loadSpace({ kind: "multi", ...options }, (target) => {
        target.set(bytes.subarray(at, at + target.length));
        at += target.length;
        return true;
      });
      assert.equal(note, "note");
      const handle = space.handle() as { readonly memory: MultiIndex["memory"]["memory"] };
      const reader = new MultiReader({ kind: "multi", ...options, memory: handle.memory }, 1);
      for (const query of queries) {
        const asked = { limit: 5, efSearch: 8 };
        const expected = found(here, query, asked);
        assert.deepEqual(found(other, query, asked), expected);
        assert.deepEqual(found({ ...other, reader }, query, asked), expected);
      }
      assert.deepEqual(space.validate().violations, []);
      const digest = multiSpace(here.index, options).digest();
      assert.deepEqual([multiSpace(other.index, options).digest(), space.digest()], [digest, digest]);
    });

    test("leave nothing behind where a slot is used again", () => {
      const own = filled(options, vectors, upTo(40));
      const space = multiSpace(own.index, options);
      for (const of of [3, 8]) own.index.revert(of);
      for (const i of [50, 51]) own.index.insert({ origin: 1, sequence: i + 1 }, vectors[i] as MultiVector);
      assert.deepEqual(space.validate().violations, []);
      plant(["codes-stay"]);
      own.index.revert(5);
      own.index.insert({ origin: 1, sequence: 53 }, vectors[52] as MultiVector);
      plant([]);
      const [violation] = space.validate().violations;
      assert.equal(violation?.detail, "the codes of 1:53 are not those of its parts");
    });
  });
}

test("a length that is not that of its part is found where there are lengths", () => {
  const options: MultiOptions = { dimensions: 16, metric: "euclid" };
  const { index } = filled(options, vectorsOf(3, options, 4), upTo(3));
  const space = multiSpace(index, options);
  assert.deepEqual(space.validate().violations, []);
  const { memory } = index;
  const block = memory.u32[wordsOfSlot(2) + slot.block] as number;
  // behind the codes of one group of 16 parts, of 16 bytes each
  const length = block + 1 + (16 * 16) / 4;
  memory.f32[length] = (memory.f32[length] as number) * 2;
  assert.match(space.validate().violations[0]?.detail ?? "", /^the codes of 1:2 are not those of its parts/);
});

/** Scores by the rules, parts one after the other. */
const scoreBy: { readonly [metric in MultiOptions["metric"]]?: (query: MultiVector, stored: MultiVector) => number } = {
  dot: (query, stored) =>
    sumOver(
      query,
      stored,
      (a, b) => a * b,
      Math.max,
      (sum) => Math.fround(sum),
    ),
  euclid: (query, stored) => Math.sqrt(Math.fround(sumOver(query, stored, (a, b) => (a - b) ** 2, Math.min))),
  manhattan: (query, stored) => sumOver(query, stored, (a, b) => Math.abs(a - b), Math.min),
};

function sumOver(
  query: MultiVector,
  { dimensions, values }: MultiVector,
  of: (a: number, b: number) => number,
  best: (...values: number[]) => number,
  round = (sum: number) => sum,
): number {
  let sum = 0;
  for (let part = 0; part < query.values.length; part += dimensions) {
    const sums: number[] = [];
    for (let at = 0; at < values.length; at += dimensions) {
      let one = 0;
      for (let i = 0; i < dimensions; i++) one += of(query.values[part + i] as number, values[at + i] as number);
      sums.push(one);
    }
    sum = round(sum + round(best(...sums)));
  }
  return sum;
}

for (const metric of ["dot", "euclid", "manhattan"] as const) {
  test(`a score by ${metric} is the same sum whatever is summed beside it`, () => {
    const options: MultiOptions = { dimensions: 3, metric };
    const random = seeded(5);
    const part = () => Float32Array.from({ length: 3 }, () => random() * 10 ** (6 * random() - 3) - 1);
    const all = Array.from({ length: 20 }, (_, i) => multiVector(Array.from({ length: 1 + (i % 9) }, part), ""));
    const here = filled(options, all, upTo(20));
    const query = multiVector([part(), part(), part()], "");
    const { slots, distances, roots } = finish(here.reader.search(query, here.all, { limit: 20 }));
    assert.equal(slots.length, 20);
    let before = Number.NEGATIVE_INFINITY;
    for (const [i, of] of slots.entries()) {
      const stored = all[here.reader.memory.dotAt(of).sequence - 1] as MultiVector;
      const score = scoreOf(distances[i] as number, metric, roots?.[i]);
      assert.equal(score, Math.fround(scoreBy[metric]?.(query, stored) ?? Number.NaN));
      const distance = metric === "dot" ? 0 - score : score;
      assert.ok(distance >= before);
      before = distance;
    }
  });
}

for (const metric of ["dot", "euclid", "manhattan"] as const) {
  test(`numbers beyond float32 are found by ${metric}, and have finite scores`, () => {
    const options: MultiOptions = { dimensions: 32, metric };
    const far = (sign: number, scale: number) => new Float32Array(32).fill(sign * scale);
    const all = upTo(60).map((i) => multiVector([far(i % 2 === 0 ? 1 : -1, 3e38 / (1 + i)), far(1, 1e-3)], ""));
    const here = filled(options, all, upTo(60));
    for (const query of [multiVector([far(1, 3e38), far(-1, 3e38)], ""), multiVector([far(-1, 1)], "")]) {
      const { ids, distances } = found(here, query, { limit: 10, efSearch: 12 });
      assert.equal(new Set(ids).size, 10);
      assert.ok(distances.every(Number.isFinite));
    }
  });
}

test("as many parts as a query may have are compared in slices, beside another search", () => {
  const options: MultiOptions = { dimensions: 16, metric: "cosine" };
  const vectors = vectorsOf(120, options, 9);
  const here = filled(options, vectors, upTo(120));
  const many = multiVector(
    upTo(3_000).map((i) => normalise((vectors[i % 120] as MultiVector).values.slice(0, 16))),
    "",
  );
  const few = vectors[5] as MultiVector;
  const asked = { limit: 5, efSearch: 12 };
  const expected = [found(here, many, asked), found(here, few, asked)];
  const both = [many, few].map((query) => here.reader.search(query, here.all, asked));
  const answers = both.map((work) => work.next());
  let pauses = 0;
  while (answers.some(({ done }) => done !== true)) {
    for (const [i, work] of both.entries()) if (answers[i]?.done !== true) answers[i] = work.next();
    pauses++;
  }
  assert.ok(pauses > 10, `${pauses} pauses`);
  for (const [i, { value }] of answers.entries()) {
    assert.ok(typeof value === "object");
    assert.deepEqual(
      Array.from(value.slots, (of) => here.reader.memory.dotAt(of).sequence),
      expected[i]?.ids,
    );
  }
});
