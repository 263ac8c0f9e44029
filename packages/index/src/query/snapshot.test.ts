import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { attachSegmentReader } from "../segment/reader.js";
import { attachReader } from "../vector-index/graph-handle.js";
import { PublishedPins } from "../vector-index/published-pins.js";
import { assertBothRegionsAreFound, assertReplacedIsFound } from "./read-cases.test-support.js";
import { checkAlong, steps } from "./snapshot-model.test-support.js";
import { WrittenCollection } from "./written-collection.test-support.js";

describe("a snapshot", () => {
  test("answers what its epoch shows, whatever is written meanwhile", () => {
    fc.assert(
      fc.property(steps, (all) => checkAlong(all, 3)),
      { numRuns: 20, includeErrorInReport: true },
    );
  });

  test("finds points of regions that are not linked yet, while walks start from all entries", () => {
    assertBothRegionsAreFound();
  });

  for (const quantization of ["int8", "none"] as const) {
    test(`finds a point where it was, however often it has been replaced since: ${quantization}`, () => {
      assertReplacedIsFound(quantization);
    });
  }
});

/** The vector of a point as a thread reads it that takes the two steps of beginning while the writer goes on between and after them. */
function readWhileBeginning(isGraphFirst: boolean): { readonly read: Float32Array; readonly written: Float32Array } {
  const collection = new WrittenCollection({
    "": { dimensions: 1, metric: "euclid", links: 4, efConstruction: 8, quantization: "none" },
  });
  const { graph } = collection.handle().spaces[0] as { graph: Parameters<typeof attachReader>[0] };
  const segment = attachSegmentReader(collection.handle().table, 3);
  const pins = new PublishedPins(graph, 3);
  const put = (id: number, x: number) => collection.write([{ id, vectors: { "": Float32Array.of(x) } }]);
  put(1, 10);
  put(2, 20);
  const begin = [() => pins.enter(), () => segment.pin()];
  if (!isGraphFirst) begin.reverse();
  const goOn = (round: number) => {
    put(1, 100 + round);
    collection.purge();
    put(3, 200 + round);
    put(4, 300 + round);
  };
  let pinned: { readonly written: Float32Array; readonly epoch: number } | undefined;
  for (const [round, step] of begin.entries()) {
    const made = step();
    const written = collection.points.get(1)?.vectors[""] as Float32Array;
    if ("epoch" in made) pinned = { epoch: made.epoch, written };
    goOn(round);
  }
  assert.ok(pinned !== undefined);
  const row = segment.rowOf(1, pinned.epoch) as number;
  const slot = segment.rows.slotAt(row, 0) as number;
  return { read: attachReader(graph, 3, true).vectorAt(slot), written: pinned.written };
}

describe("beginning to read", () => {
  test("enters graphs before it pins rows: then every vector that they name stays", () => {
    const { read, written } = readWhileBeginning(true);
    assert.deepEqual(read, written);
  });

  test("the other way round would find another point's vector", () => {
    const { read, written } = readWhileBeginning(false);
    assert.notDeepEqual(read, written);
  });
});
