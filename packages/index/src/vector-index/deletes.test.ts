import assert from "node:assert/strict";
import test from "node:test";
import type { NodeDot } from "./graph-reader.js";
import type { EdgeDelta } from "./graph-types.js";
import {
  buildIndex,
  clusteredVectors,
  insert,
  meanRecall,
  nearest,
  optionsFor,
  recallOf,
  seeded,
} from "./graphs.test-support.js";
import { validateGraph } from "./validate.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 12;
const options = optionsFor(DIMENSIONS, { metric: "euclid" });
/** Narrow enough that a walk misses some. */
const EF_NARROW = 10;

function remove(index: VectorIndex, slot: number): void {
  index.markDead(slot, true);
  index.reader.hide(slot);
}

function visibleSlots({ reader }: VectorIndex): number[] {
  return Array.from({ length: reader.slotCount }, (_, slot) => slot).filter((slot) => reader.isVisible(slot));
}

test("the dead are never returned, and still lead to those behind them", () => {
  const random = seeded(1);
  const { index } = buildIndex(options, clusteredVectors(3000, DIMENSIONS, 2));
  for (let slot = 0; slot < 3000; slot++) if (random() < 0.5) remove(index, slot);
  const alive = visibleSlots(index);
  let recall = 0;
  const queries = clusteredVectors(3050, DIMENSIONS, 2).slice(3000);
  for (const query of queries) {
    for (const rescore of [true, false]) {
      const { slots } = index.reader.search(query, { limit: 10, efSearch: 20, rescore });
      assert.equal(slots.length, 10);
      assert.ok([...slots].every((slot) => !index.reader.nodeAt(slot).dead));
      if (rescore) recall += recallOf(slots, nearest(index, query, 10, alive)) / queries.length;
    }
  }
  assert.ok(recall > 0.95, String(recall));
});

test("a slot that is hidden is no answer, dead or not, and one that is shown again is", () => {
  const { index } = buildIndex(options, clusteredVectors(600, DIMENSIONS, 3));
  const query = index.reader.vectorAt(77);
  const first = (exact: boolean) => index.reader.search(query, { limit: 1, efSearch: 10, exact }).slots[0];
  assert.equal(first(false), 77);
  index.reader.hide(77);
  index.reader.hide(77);
  assert.equal(index.reader.visibleCount, 599);
  assert.notEqual(first(false), 77);
  assert.notEqual(first(true), 77);
  index.reader.show(77);
  assert.deepEqual([first(false), first(true)], [77, 77]);
});

test("no link is made to a dead node", () => {
  const { index } = buildIndex(options, clusteredVectors(800, DIMENSIONS, 4));
  for (let slot = 0; slot < 800; slot += 2) remove(index, slot);
  for (const [i, vector] of clusteredVectors(200, DIMENSIONS, 5).entries()) {
    const { slot } = insert(index, { origin: 2, sequence: i }, vector);
    for (let level = 0; level <= index.reader.nodeAt(slot).level; level++) {
      for (const other of index.reader.neighboursAt(slot, level)) assert.ok(!index.reader.nodeAt(other).dead);
    }
  }
});

test("after all are deleted nothing is found, and inserts start over", () => {
  const { index } = buildIndex(options, clusteredVectors(1200, DIMENSIONS, 6));
  for (let slot = 0; slot < 1200; slot++) remove(index, slot);
  const [query] = clusteredVectors(1, DIMENSIONS, 7) as [Float32Array];
  assert.equal(index.reader.search(query, { limit: 10 }).slots.length, 0);
  assert.equal(index.reader.search(query, { limit: 10, exact: true }).slots.length, 0);
  assert.ok(index.reader.nodeAt(index.reader.entrySlot() as number).dead);

  const vectors = clusteredVectors(1240, DIMENSIONS, 8);
  const fresh = vectors.slice(0, 1200).map((vector, i) => insert(index, { origin: 2, sequence: i }, vector).slot);
  assert.ok(!index.reader.nodeAt(index.reader.entrySlot() as number).dead, "the entry is live where any node is");
  for (const query of vectors.slice(1200)) {
    const { slots } = index.reader.search(query, { limit: 10, efSearch: 20 });
    assert.ok(recallOf(slots, nearest(index, query, 10, fresh)) >= 0.8);
  }
  const { violations, unreachable } = validateGraph(index.reader);
  assert.deepEqual(violations, []);
  assert.equal(unreachable, 0);
});

test("a vector that is updated 2,000 times in place is found in its newest version every time", () => {
  for (const [drift, updates] of [
    [0, 2000],
    [0.01, 1000],
  ] as const) {
    const random = seeded(3);
    const { index } = buildIndex(options, clusteredVectors(2000, DIMENSIONS, 9));
    let current = 55;
    let vector = index.reader.vectorAt(current);
    for (let i = 1; i <= updates; i++) {
      vector = vector.map((x) => x + drift * (random() - 0.5));
      const next = insert(index, { origin: 3, sequence: i }, vector).slot;
      remove(index, current);
      current = next;
      const { slots } = index.reader.search(vector, { limit: 1, efSearch: 10 });
      assert.equal(slots[0], current);
    }
    const report = validateGraph(index.reader);
    assert.deepEqual(report.violations, []);
    assert.equal(report.unreachable, 0);
    const others = clusteredVectors(2050, DIMENSIONS, 9).slice(2000);
    const alive = visibleSlots(index);
    const recall = others.reduce((sum, query) => {
      const { slots } = index.reader.search(query, { limit: 10, efSearch: 24 });
      return sum + recallOf(slots, nearest(index, query, 10, alive)) / others.length;
    }, 0);
    assert.ok(recall > 0.95, String(recall));
  }
});

test("every vector replaced by a neighbour, again and again, leaves the recall", () => {
  const random = seeded(4);
  const index = new VectorIndex(options);
  const slots: number[] = [];
  let sequence = 0;
  for (const vector of clusteredVectors(700, DIMENSIONS, 10)) {
    slots.push(insert(index, { origin: 1, sequence: ++sequence }, vector).slot);
  }
  for (let round = 0; round < 4; round++) {
    for (const [i, old] of slots.entries()) {
      const vector = index.reader.vectorAt(old).map((x) => x + 0.1 * (random() - 0.5));
      slots[i] = insert(index, { origin: 1, sequence: ++sequence }, vector).slot;
      remove(index, old);
    }
  }
  const queries = slots.slice(0, 60).map((slot) => index.reader.vectorAt(slot).map((x) => x + 0.05));
  let recall = 0;
  for (const query of queries) {
    const found = index.reader.search(query, { limit: 5, efSearch: 5 }).slots;
    recall += recallOf(found, nearest(index, query, 5, slots)) / queries.length;
  }
  assert.ok(recall > 0.9, String(recall));
  assert.equal(index.reader.deadCount, 2800);
});

/** Has the one writer mend all lists that lead to the dead, purge those, and link what no walk finds. */
function mendAll(index: VectorIndex, dotOf: () => NodeDot): void {
  const owned = new Set([1]);
  const apply = (deltas: readonly (EdgeDelta | undefined)[]) => {
    for (const delta of deltas) {
      const tag = dotOf();
      if (delta !== undefined) index.applyEdges(tag, delta, new Map([[1, tag.sequence]]));
    }
    index.settleTags(new Map([[1, dotOf().sequence]]));
  };
  for (let slot = 0; slot < index.reader.slotCount; slot++) if (index.reader.nodeAt(slot).dead) index.condemn(slot);
  for (;;) {
    const { nodes } = index.nodesToRepair(owned, 0, 4096);
    if (nodes.length === 0) break;
    for (const node of nodes) apply([index.planRepair(node)]);
  }
  assert.equal(index.purge(index.purgeable(owned, 4096)).liveInEdges, 0);
  for (const node of index.unreachable(owned, 64)) apply([index.planRescue(node)]);
}

test("a graph that always changes finds what one that is built once does, by lists that are as long", () => {
  const index = new VectorIndex({ ...options, links: 8, efConstruction: 60 });
  let sequence = 0;
  const dotOf = () => ({ origin: 1, sequence: ++sequence });
  const vectors = clusteredVectors(600 + 9 * 200 + 100, DIMENSIONS, 12, 10);
  const queries = vectors.splice(-100);
  const slots = vectors.splice(0, 600).map((vector) => insert(index, dotOf(), vector).slot);
  while (vectors.length > 0) {
    const added = vectors.splice(0, 200).map((vector) => insert(index, dotOf(), vector).slot);
    for (const old of slots.splice(0, 200)) remove(index, old);
    slots.push(...added);
    mendAll(index, dotOf);
  }
  const { index: once } = buildIndex(
    index.options,
    slots.map((slot) => index.reader.vectorAt(slot)),
  );
  const listLength = ({ reader }: VectorIndex, among: readonly number[]) =>
    among.reduce((sum, slot) => sum + reader.neighboursAt(slot, 0).length, 0) / among.length;
  const all = [...slots.keys()];
  const [mended, built] = [listLength(index, slots), listLength(once, all)];
  const recall = (one: VectorIndex, among: readonly number[]) =>
    queries.reduce((sum, query) => {
      const { slots: found } = one.reader.search(query, { limit: 10, efSearch: EF_NARROW });
      return sum + recallOf(found, nearest(one, query, 10, among)) / queries.length;
    }, 0);
  const [found, wanted] = [recall(index, slots), recall(once, all)];
  assert.ok(mended > 0.95 * built, `${mended} links of a list, ${built} where it was built once`);
  assert.ok(found > wanted - 0.01, `recall ${found}, ${wanted} where it was built once`);
  assert.deepEqual(validateGraph(index.reader).violations, []);
});

test("an index of one vector, and of none, answers", () => {
  const index = new VectorIndex(options);
  const vector = new Float32Array(DIMENSIONS).fill(1);
  assert.equal(index.reader.search(vector, { limit: 3 }).slots.length, 0);
  assert.equal(index.reader.entrySlot(), undefined);
  const made = insert(index, { origin: 1, sequence: 1 }, vector);
  assert.deepEqual([...index.reader.search(vector, { limit: 3 }).slots], [0]);
  index.revert(made.slot, made.delta);
  assert.equal(index.reader.entrySlot(), undefined);
  assert.equal(index.reader.search(vector, { limit: 3 }).slots.length, 0);
  assert.equal(meanRecall(buildIndex(options, clusteredVectors(3, DIMENSIONS, 1)).index, [vector], 10, 3), 1);
});
