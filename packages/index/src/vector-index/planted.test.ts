import assert from "node:assert/strict";
import { test } from "node:test";
import { plant, plantedBugsOf } from "../planted.js";
import { encodeEdgeDelta } from "./edge-delta.js";
import { decodeGraphDelta } from "./graph-delta.js";
import type { NodeDot } from "./graph-reader.js";
import type { CausalPast } from "./graph-types.js";
import { optionsFor } from "./graphs.test-support.js";
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
const isRight: Readonly<Record<string, () => boolean>> = {
  "index-lowest-slots": () => {
    const index = line(12, false);
    link(
      index,
      { origin: 2, sequence: 1 },
      Array.from({ length: 11 }, (_, i) => node(i + 2)),
      [],
      [],
    );
    return [...index.reader.neighboursAt(0, 0)].includes(11);
  },
  "index-remove-wins": () => {
    const index = line(2, false);
    link(index, { origin: 2, sequence: 1 }, [node(2)], [], []);
    link(index, { origin: 3, sequence: 1 }, [], [node(2)], []);
    return index.reader.neighboursAt(0, 0).length === 1;
  },
  "index-purge-forgets-dead": () => {
    const index = line(10, true);
    for (const slot of [1, 2]) index.markDead(slot, true);
    index.condemn(1);
    index.purge([node(2)]);
    return validateGraph(index.reader).violations.length === 0;
  },
  "add-forgets-tag": () => {
    const index = line(2, true);
    link(index, { origin: 2, sequence: 1 }, [node(2)], [], [[1, 2]]);
    link(index, { origin: 3, sequence: 1 }, [], [node(2)], [[1, 2]]);
    return index.reader.neighboursAt(0, 0).length === 1;
  },
  "entry-stays": () => {
    const index = line(10, true);
    const entry = index.reader.entrySlot() as number;
    index.markDead(entry, true);
    return index.reader.entrySlot() !== entry;
  },
  "links-to-dead": () => {
    const index = line(10, true);
    index.markDead(4, true);
    const dot = { origin: 2, sequence: 1 };
    const [neighbours = []] = decodeGraphDelta(dot, index.plan(dot, index.reader.vectorAt(4)));
    return !neighbours.some(({ dot }) => dot.sequence === 5);
  },
};

test("every planted bug shows, alone, and only where it is planted", () => {
  for (const bug of plantedBugsOf("graph")) {
    const right = isRight[bug];
    plant([]);
    assert.ok(right?.(), `${bug}: the engine is sound`);
    plant([bug]);
    assert.ok(!right?.(), `${bug}: shows`);
  }
  plant([]);
});
