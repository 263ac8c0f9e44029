import assert from "node:assert/strict";
import { test } from "node:test";
import { graphUse } from "./graph-use.js";
import type { VectorIndexOptions } from "./options.js";
import { VectorIndex } from "./vector-index.js";

const optionsOf = (dimensions: number, links: number): VectorIndexOptions => ({
  dimensions,
  metric: "dot",
  links,
  efConstruction: 16,
  quantization: "int8",
});

test("what is in use of a graph is seen without attaching to it, as its writer sees it", () => {
  for (const [dimensions, links] of [
    [3, 4],
    [100, 16],
    [3, 4],
  ] as const) {
    const index = new VectorIndex(optionsOf(dimensions, links));
    for (let sequence = 1; sequence <= 60; sequence++) {
      const vector = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(sequence * (i + 1)));
      const dot = { origin: 1, sequence };
      const slot = index.apply(dot, vector, index.plan(dot, vector), new Map());
      if (sequence % 7 === 0) index.markDead(slot, true);
      const { linkedCount, deadCount, bytesInUse } = index.reader;
      assert.deepEqual(graphUse(index.handle(), 1), { linked: linkedCount, dead: deadCount, bytes: bytesInUse });
    }
  }
});
