import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeEdgeDelta } from "./edge-delta.js";
import { decodeGraphDelta } from "./graph-delta.js";
import type { NodeDot } from "./graph-reader.js";
import type { CausalPast } from "./graph-types.js";
import { optionsFor } from "./graphs.test-support.js";
import { type PlantedIndexBug, plantedIndexBugs, plantIndexBugs } from "./planted.js";
import { validateGraph } from "./validate.js";
import { VectorIndex } from "./vector-index.js";

const node = (sequence: number): NodeDot => ({ origin: 1, sequence });
const at = (x: number) => Float32Array.of(x, 0, 0, 0);

/** Nodes 1:1 … on a line, the first one at its beginning, the others from the far end; with links as planned, or none. */
function line(count: number, linked: boolean): VectorIndex {
  const options = optionsFor(4, { links: 2, efConstruction: 8, metric: "euclid", quantization: "none" });
  const index = new VectorIndex(options);
  for (let i = 1; i <= count; i++) {
    const vector = at(i === 1 ? 0 : count - i + 1);
    index.reader.show(index.apply(node(i), vector, linked ? index.plan(node(i), vector) : Uint8Array.of(1, 0, 0)));
  }
  return index;
}
const link = (index: VectorIndex, tag: NodeDot, added: NodeDot[], removed: NodeDot[], past: [number, number][]) =>
  index.applyEdges(tag, encodeEdgeDelta([{ level: 0, dot: node(1), removed, added }]), new Map(past) as CausalPast);

/** By bug: does the engine do what is right? */
const isRight: Record<PlantedIndexBug, (plant: (index: VectorIndex) => void) => boolean> = {
  "lowest-slots": (plant) => {
    const index = line(12, false);
    plant(index);
    link(
      index,
      { origin: 2, sequence: 1 },
      Array.from({ length: 11 }, (_, i) => node(i + 2)),
      [],
      [],
    );
    return [...index.reader.neighboursAt(0, 0)].includes(11);
  },
  "remove-wins": (plant) => {
    const index = line(2, false);
    plant(index);
    link(index, { origin: 2, sequence: 1 }, [node(2)], [], []);
    link(index, { origin: 3, sequence: 1 }, [], [node(2)], []);
    return index.reader.neighboursAt(0, 0).length === 1;
  },
  "purge-forgets-dead": (plant) => {
    const index = line(10, true);
    plant(index);
    for (const slot of [1, 2]) index.markDead(slot, true);
    index.condemn(1);
    index.purge([node(2)]);
    return validateGraph(index.reader).violations.length === 0;
  },
  "add-forgets-tag": (plant) => {
    const index = line(2, true);
    plant(index);
    link(index, { origin: 2, sequence: 1 }, [node(2)], [], [[1, 2]]);
    link(index, { origin: 3, sequence: 1 }, [], [node(2)], [[1, 2]]);
    return index.reader.neighboursAt(0, 0).length === 1;
  },
  "entry-stays": (plant) => {
    const index = line(10, true);
    plant(index);
    const entry = index.reader.entrySlot() as number;
    index.markDead(entry, true);
    return index.reader.entrySlot() !== entry;
  },
  "links-to-dead": (plant) => {
    const index = line(10, true);
    plant(index);
    index.markDead(4, true);
    const dot = { origin: 2, sequence: 1 };
    const [neighbours = []] = decodeGraphDelta(dot, index.plan(dot, index.reader.vectorAt(4)));
    return !neighbours.some(({ dot }) => dot.sequence === 5);
  },
};

test("every planted bug shows, alone, and only where it is planted", () => {
  const bugs = Object.keys(plantedIndexBugs) as PlantedIndexBug[];
  for (const bug of bugs) {
    assert.ok(
      isRight[bug]((index) => plantIndexBugs(index, [])),
      `${bug}: the engine is sound`,
    );
    assert.ok(!isRight[bug]((index) => plantIndexBugs(index, [bug])), `${bug}: shows`);
  }
});
