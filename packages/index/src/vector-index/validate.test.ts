import assert from "node:assert/strict";
import test from "node:test";
import { buildIndex, clusteredVectors, optionsFor } from "./graphs.test-support.js";
import { validateGraph } from "./validate.js";
import type { VectorIndex } from "./vector-index.js";

const LINKS = 4;
const COUNT = 300;
const HEADER = { entry: 1088 };

/** Words of the memory, and where a slot's list and meta stand in them (assembly/layout.ts). */
function opened(index: VectorIndex) {
  const words = new Uint32Array(index.handle().memory.buffer);
  const [, lists, , , meta] = index.imageRegions(0, 0).map((region) => region.byteOffset >>> 2);
  assert.ok(lists !== undefined && meta !== undefined);
  const metaOf = (slot: number) => meta + slot * 6;
  const listOf = (slot: number, level: number) =>
    level === 0
      ? lists + slot * (2 * LINKS + 1)
      : ((words[metaOf(slot) + 2] as number) >>> 2) + (level - 1) * (LINKS + 1);
  return { words, listOf, stateAt: (slot: number) => metaOf(slot) + 3 };
}

function sound(): VectorIndex {
  const { index } = buildIndex(optionsFor(6, { metric: "euclid", links: LINKS }), clusteredVectors(COUNT, 6, 1));
  assert.deepEqual(validateGraph(index.reader).violations, []);
  return index;
}

/** Plants damage and returns the rules that it is found to break, with their places. */
function found(plant: (index: VectorIndex, memory: ReturnType<typeof opened>) => void): string[] {
  const index = sound();
  plant(index, opened(index));
  return validateGraph(index.reader).violations.map(({ rule, slot, level }) => `${rule} ${slot}/${level}`);
}

const slotOn = (index: VectorIndex, wanted: (level: number) => boolean) =>
  Array.from({ length: COUNT }, (_, slot) => slot).find((slot) => wanted(index.reader.nodeAt(slot).level)) as number;

test("a sound graph has its nodes, dead ones, levels and degrees counted", () => {
  const index = sound();
  index.markDead(3, true);
  index.markDead(5, true);
  const report = validateGraph(index.reader);
  assert.deepEqual([report.nodes, report.dead, report.unreachable], [COUNT, 2, 0]);
  assert.equal(
    report.levels.reduce((sum, count) => sum + count),
    COUNT,
  );
  assert.ok(report.averageDegree > 2 && report.averageDegree <= 2 * LINKS);
});

test("a list with too many links is found", () => {
  const rules = found((_, { words, listOf }) => {
    const list = listOf(10, 0);
    words.set([4 * LINKS + 1, ...Array.from({ length: 4 * LINKS + 1 }, (_, i) => 20 + i)], list);
  });
  assert.ok(rules.includes("degree 10/0"), rules.join());
});

test("a link to a slot that holds no node is found", () => {
  const plant = (target: number) => found((_, { words, listOf }) => words.set([1, target], listOf(10, 0)));
  assert.deepEqual(plant(COUNT), ["dangling 10/0"]);
  assert.deepEqual(plant(0xfffffff0), ["dangling 10/0"]);
});

test("a link to a node that was unlinked is found", () => {
  const rules = found((_, { words, stateAt }) => {
    words[stateAt(10)] = (words[stateAt(10)] as number) & 0x7fffffff;
  });
  assert.ok(rules.length > 0 && rules.every((rule) => rule.startsWith("dangling")), rules.join());
});

test("a link of a node to itself is found", () => {
  assert.deepEqual(
    found((_, { words, listOf }) => words.set([1, 10], listOf(10, 0))),
    ["self 10/0"],
  );
});

test("a link that stands twice is found", () => {
  assert.deepEqual(
    found((_, { words, listOf }) => words.set([3, 7, 8, 7], listOf(10, 0))),
    ["repeated 10/0"],
  );
});

test("a link above its target's level is found", () => {
  let from = -1;
  const rules = found((index, { words, listOf }) => {
    from = slotOn(index, (level) => level > 0);
    words.set([1, slotOn(index, (level) => level === 0)], listOf(from, 1));
  });
  assert.deepEqual(rules, [`level ${from}/1`]);
});

test("an entry that holds no node, or none at all, is found", () => {
  assert.deepEqual(
    found((_, { words }) => void (words[HEADER.entry >> 2] = 0xffffffff)),
    ["entry -1/0"],
  );
  assert.deepEqual(
    found((_, { words }) => void (words[HEADER.entry >> 2] = COUNT + 5)),
    [`entry ${COUNT + 5}/0`],
  );
});

test("live nodes that no link leads to are counted, dead ones are not", () => {
  const index = sound();
  const { words, listOf } = opened(index);
  for (let slot = 0; slot < COUNT; slot++) {
    const kept = [...index.reader.neighboursAt(slot, 0)].filter((other) => other < 200 || slot >= 200);
    words.set([kept.length, ...kept], listOf(slot, 0));
  }
  const entry = index.reader.entrySlot() as number;
  assert.ok(entry < 200);
  assert.equal(validateGraph(index.reader).unreachable, 100);
  for (let slot = 250; slot < COUNT; slot++) index.markDead(slot, true);
  assert.equal(validateGraph(index.reader).unreachable, 50);
});

test("no more violations are reported than can be read", () => {
  assert.equal(
    found((_, { words, listOf }) => {
      for (let slot = 0; slot < COUNT; slot++) words.set([1, slot], listOf(slot, 0));
    }).length,
    100,
  );
});
