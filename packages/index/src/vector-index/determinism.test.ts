import assert from "node:assert/strict";
import test from "node:test";
import { RowSet } from "../row-set.js";
import { decodeGraphDelta } from "./graph-delta.js";
import { compareNodeDots, type SearchOptions } from "./graph-reader.js";
import {
  answerBytes,
  buildIndex,
  clusteredVectors,
  insert,
  optionsFor,
  type RecordedInsert,
  replay,
  seeded,
} from "./graphs.test-support.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 12;
const COUNT = 900;

/** Clusters with many exact duplicates: ties are everywhere. */
function tiedVectors(): Float32Array[] {
  const vectors = clusteredVectors(COUNT, DIMENSIONS, 6);
  return vectors.map((vector, i) => (i % 2 === 1 ? (vectors[(i * 7919) % Math.ceil(i / 3)] as Float32Array) : vector));
}

/**
 * The same nodes and links in other slots and list orders: the nodes are inserted in another order, with nodes between them that are
 * taken back, and the links of each are the final ones of the original.
 */
function scrambled(index: VectorIndex, seed: number): VectorIndex {
  const random = seeded(seed);
  const copy = new VectorIndex(index.options);
  let passing = 0;
  for (let i = 0; i < 30; i++) {
    const dot = { origin: 9, sequence: ++passing };
    const made = insert(copy, dot, Float32Array.from({ length: DIMENSIONS }, random));
    copy.revert(made.slot, made.delta);
  }
  const regions = (of: VectorIndex) => {
    const { slotCount, upperEnd } = of.imageCounters();
    return of.imageRegions(slotCount, upperEnd);
  };
  // bare nodes first, then each list as the set it is, in another order, straight into the copy's memory
  const order = Array.from({ length: index.reader.slotCount }, (_, slot) => slot);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const slotOf = new Map<number, number>();
  for (const slot of order) {
    const at = copy.apply(index.reader.dotAt(slot), index.reader.vectorAt(slot), Uint8Array.of(1, 0, 0));
    slotOf.set(slot, at);
    copy.reader.show(at);
  }
  const [, lists, , , meta, upper] = regions(copy);
  assert.ok(lists && meta && upper);
  const words = new Uint32Array(copy.handle().memory.buffer);
  const { links } = index.options;
  for (const [slot, at] of slotOf) {
    for (let level = 0; level <= index.reader.nodeAt(slot).level; level++) {
      const neighbours = Array.from(index.reader.neighboursAt(slot, level), (other) => slotOf.get(other) as number);
      neighbours.sort(() => random() - 0.5);
      const upperAt = words[(meta.byteOffset + at * 24 + 8) >>> 2] as number;
      const list = level === 0 ? lists.byteOffset + at * 4 * (2 * links + 1) : upperAt + (level - 1) * 4 * (links + 1);
      words.set([neighbours.length, ...neighbours], list >>> 2);
    }
    if (index.reader.nodeAt(slot).dead) copy.markDead(at, true);
    if (!index.reader.isVisible(slot)) copy.reader.hide(at);
  }
  return copy;
}

function variants(metric: VectorIndexOptions["metric"], quantization: VectorIndexOptions["quantization"]) {
  const vectors = tiedVectors();
  const { index } = buildIndex(optionsFor(DIMENSIONS, { metric, quantization, links: 3 }), vectors);
  for (let slot = 0; slot < COUNT; slot += 11) {
    index.markDead(slot, true);
    index.reader.hide(slot);
  }
  return { index, copy: scrambled(index, 4), vectors };
}

const queriesOf = (vectors: readonly Float32Array[]) => [
  ...clusteredVectors(60, DIMENSIONS, 6).map((query) => query.map((x) => x * 1.1)),
  ...vectors.slice(0, 60),
];

for (const metric of ["cosine", "euclid", "manhattan"] as const) {
  for (const quantization of ["int8", "none"] as const) {
    test(`${metric} on ${quantization}: equal graphs answer alike byte for byte, whatever their slots and list orders`, () => {
      const { index, copy, vectors } = variants(metric, quantization);
      assert.equal(copy.digest(), index.digest());
      let ties = 0;
      const modes: readonly Omit<SearchOptions, "limit">[] = [
        { efSearch: 10 },
        { efSearch: 20, rescore: false },
        { efSearch: 30, oversampling: 3 },
        { exact: true },
      ];
      for (const query of queriesOf(vectors)) {
        // hardly more than the descent: what it does about ties shows
        const nearest = (of: VectorIndex) => answerBytes(of, of.reader.search(query, { limit: 1, efSearch: 1 }));
        assert.equal(nearest(index), nearest(copy));
        for (const mode of modes) {
          const answer = index.reader.search(query, { limit: 10, ...mode });
          assert.equal(
            answerBytes(index, answer),
            answerBytes(copy, copy.reader.search(query, { limit: 10, ...mode })),
          );
          ties += Number(answer.distances.some((d, i) => i > 0 && d === answer.distances[i - 1]));
        }
      }
      assert.ok(ties > 100, `${ties} answers with ties`);
    });

    test(`${metric} on ${quantization}: equal graphs plan alike, whatever their slots and list orders`, () => {
      const { index, copy, vectors } = variants(metric, quantization);
      for (const [i, vector] of queriesOf(vectors).entries()) {
        const dot = { origin: 2, sequence: i };
        const lists = (of: VectorIndex) =>
          decodeGraphDelta(dot, of.plan(dot, vector)).map((level) =>
            level.map(({ dot, add, removed }) => ({ dot, add, removed: [...removed].sort(compareNodeDots) })),
          );
        assert.deepEqual(lists(index), lists(copy));
      }
    });
  }
}

test("a filter gives the same bytes too", () => {
  const { index, copy, vectors } = variants("euclid", "int8");
  const allowedIn = (of: VectorIndex) => {
    const allowed = new RowSet();
    for (let slot = 0; slot < of.reader.slotCount; slot++) {
      if (of.reader.isVisible(slot) && of.reader.dotAt(slot).sequence % 3 === 0) allowed.add(slot);
    }
    return allowed;
  };
  const [ours, theirs] = [allowedIn(index), allowedIn(copy)];
  for (const query of queriesOf(vectors)) {
    for (const efSearch of [5, 40]) {
      const options = { limit: 5, efSearch };
      const answer = answerBytes(index, index.reader.search(query, { ...options, allowed: ours }));
      assert.equal(answer, answerBytes(copy, copy.reader.search(query, { ...options, allowed: theirs })));
    }
  }
});

test("equal distances are ordered by dot", () => {
  const twin = Float32Array.of(1, 2, 3);
  const index = new VectorIndex(optionsFor(3, { metric: "euclid" }));
  const random = seeded(1);
  const dots = Array.from({ length: 600 }, (_, i) => ({
    origin: 1 + Math.floor(random() * 3),
    sequence: (i * 7919) % 10_007,
  }));
  for (const dot of dots) insert(index, dot, twin);
  for (const options of [{ exact: true }, { efSearch: 12 }, { efSearch: 12, rescore: false }]) {
    const { slots } = index.reader.search(twin, { limit: 12, ...options });
    const found = Array.from(slots, (slot) => index.reader.dotAt(slot));
    assert.deepEqual(found, [...found].sort(compareNodeDots));
  }
  const all = index.reader.search(twin, { limit: 600, exact: true });
  assert.deepEqual(
    Array.from(all.slots, (slot) => index.reader.dotAt(slot)),
    [...dots].sort(compareNodeDots),
  );
});

/** The lists that an insert writes: its own and its neighbours'. Two inserts without a common one commute. */
function listsOf({ dot, delta }: RecordedInsert): Set<string> {
  const neighbours = decodeGraphDelta(dot, delta).flat();
  return new Set([dot, ...neighbours.map(({ dot }) => dot)].map(({ origin, sequence }) => `${origin}:${sequence}`));
}

test("recorded deltas applied elsewhere, in another order that causes allow, give the same graph and answers", () => {
  const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 8 });
  const { index, inserts } = buildIndex(options, clusteredVectors(COUNT, DIMENSIONS, 1, 40));
  const random = seeded(8);
  const order = inserts.map((recorded, i) => ({ recorded, lists: listsOf(recorded), i }));
  for (let pass = 0; pass < 300; pass++) {
    for (let i = 1; i < order.length; i++) {
      const [a, b] = [order[i - 1], order[i]];
      if (a === undefined || b === undefined || random() < 0.3 || [...a.lists].some((list) => b.lists.has(list)))
        continue;
      order[i - 1] = b;
      order[i] = a;
    }
  }
  const moved = order.reduce((sum, { i }, at) => sum + Math.abs(i - at), 0) / order.length;
  assert.ok(moved > 5, `inserts moved by ${moved} places`);
  const other = replay(
    options,
    order.map(({ recorded }) => recorded),
  );
  assert.equal(other.digest(), index.digest());
  for (const query of clusteredVectors(COUNT + 60, DIMENSIONS, 1, 40).slice(COUNT)) {
    for (const mode of [{ efSearch: 6 }, { exact: true }]) {
      const answer = answerBytes(index, index.reader.search(query, { limit: 6, ...mode }));
      assert.equal(answer, answerBytes(other, other.reader.search(query, { limit: 6, ...mode })));
    }
  }
});
