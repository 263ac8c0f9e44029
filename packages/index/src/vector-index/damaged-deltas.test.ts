import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { MurmurationError } from "../errors.js";
import { type DeltaLists, decodeGraphDelta, encodeGraphDelta } from "./graph-delta.js";
import { buildIndex, clusteredVectors, optionsFor, replay } from "./graphs.test-support.js";
import { validateGraph } from "./validate.js";

const DIMENSIONS = 8;
const vectors = clusteredVectors(401, DIMENSIONS, 3);
const options = optionsFor(DIMENSIONS, { links: 2, metric: "euclid" });
const { index: original, inserts } = buildIndex(options, vectors.slice(0, 400));
const dot = { origin: 1, sequence: 401 };
const vector = vectors[400] as Float32Array;
const planned = original.plan(dot, vector);
const before = original.digest();
let index = original;

/** Applies; a refusal must change nothing, an apply must leave a sound graph, as must its revert. Returns whether it was refused. */
function refuses(delta: Uint8Array): boolean {
  let slot: number;
  try {
    slot = index.apply(dot, vector, delta);
  } catch (error) {
    assert.ok(error instanceof MurmurationError && error.code === "corrupt", String(error));
    assert.equal(index.digest(), before);
    return true;
  }
  assert.deepEqual(validateGraph(index.reader).violations, []);
  index.revert(slot, delta);
  assert.deepEqual(validateGraph(index.reader).violations, []);
  if (index.digest() !== before) index = replay(options, inserts);
  return false;
}

/** A node with so many links, and the slots that it links to. */
function nodeWith(links: number): { readonly slot: number; readonly list: readonly number[] } {
  for (let slot = 0; slot < index.reader.slotCount; slot++) {
    const list = [...index.reader.neighboursAt(slot, 0)];
    if (list.length === links) return { slot, list };
  }
  throw new Error("there is no such node");
}

test("random bytes are refused as corrupt and change nothing", () => {
  let refused = 0;
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void (refused += Number(refuses(bytes)))));
  assertUntil(
    () => ({ refused: [refused, 100] }),
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      (bytes) => void (refused += Number(refuses(Uint8Array.of(1, 0, ...bytes)))),
    ),
  );
});

test("a delta that is cut short or goes on is refused", () => {
  for (let length = 0; length < planned.length; length++) assert.ok(refuses(planned.subarray(0, length)));
  assert.ok(refuses(Uint8Array.of(...planned, 0)));
  assert.ok(refuses(new Uint8Array(1 << 22)));
});

test("every flipped bit of a real delta is refused, or leaves a sound graph", () => {
  let refused = 0;
  for (let bit = 0; bit < planned.length * 8; bit++) {
    const damaged = planned.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    refused += Number(refuses(damaged));
  }
  assert.ok(refused < planned.length * 8);
  assert.ok(refused > 0);
});

test("a full list takes another link: planners that do not know of each other each leave room for one", () => {
  const { slot } = nodeWith(2 * options.links);
  const target = index.reader.dotAt(slot);
  assert.ok(!refuses(encodeGraphDelta(dot, [[{ dot: target, add: true, removed: [] }]])));
});

test("a neighbour that stands twice is refused", () => {
  // with room for one more link, which the second would overrun
  const { sequence } = index.reader.dotAt(nodeWith(2 * options.links - 1).slot);
  assert.ok(sequence < 2 ** 14);
  const name = [(sequence & 127) | 128, sequence >> 7];
  const twice = [0, 1, ...name];
  assert.ok(!refuses(Uint8Array.from([1, 0, 1, 1, ...twice, 1])), "once it is taken");
  for (const edit of [0, 1]) {
    assert.ok(refuses(Uint8Array.from([1, 0, 1, 2, ...twice, ...twice, edit, edit])), "in two runs");
    const around = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    assert.ok(
      refuses(Uint8Array.from([1, 0, 1, 1, 0, 2, ...name, ...around, edit, edit])),
      "by a gap that wraps around",
    );
  }
});

test("dots that the graph does not know are passed over", () => {
  const known = { dot: { origin: 1, sequence: 5 }, add: false, removed: [{ origin: 9, sequence: 1 }] };
  const lists: DeltaLists = [[known, { dot: { origin: 77, sequence: 3 }, add: true, removed: [known.dot] }]];
  const delta = encodeGraphDelta(dot, lists);
  const slot = index.apply(dot, vector, delta);
  assert.deepEqual([...index.reader.neighboursAt(slot, 0)], [4]);
  index.revert(slot, delta);
  assert.equal(index.digest(), before);
});

test("a delta with all the removals that its format allows is decoded beside everything else", () => {
  const large = optionsFor(DIMENSIONS, { links: 128, metric: "euclid" });
  const { index } = buildIndex(large, vectors.slice(0, 300));
  const digest = index.digest();
  // of nodes that are gone: nothing is removed
  const removed = Array.from({ length: 760 }, (_, i) => ({ origin: 9, sequence: i + 1 }));
  const neighbours = Array.from({ length: 256 }, (_, i) => ({
    dot: { origin: 1, sequence: i + 1 },
    add: false,
    removed,
  }));
  const far = { origin: 1, sequence: 1000 };
  const delta = encodeGraphDelta(far, [neighbours]);
  const slot = index.apply(far, vector, delta);
  assert.deepEqual(index.reader.vectorAt(slot), vector);
  assert.equal(index.reader.neighboursAt(slot, 0).length, 256);
  index.revert(slot, delta);
  assert.equal(index.digest(), digest);
});

test("a dot that is present, and a neighbour below its level, are refused", () => {
  const taken = inserts[17];
  assert.ok(taken);
  assert.throws(() => index.apply(taken.dot, taken.vector, Uint8Array.of(1, 0, 0)), { code: "corrupt" });
  let high = 402;
  while (index.levelOf({ origin: 1, sequence: high }) === 0) high++;
  let low = 1;
  while (index.levelOf({ origin: 1, sequence: low }) > 0) low++;
  const upper = encodeGraphDelta({ origin: 1, sequence: high }, [
    [],
    [{ dot: { origin: 1, sequence: low }, add: true, removed: [] }],
  ]);
  assert.deepEqual(decodeGraphDelta({ origin: 1, sequence: high }, upper)[0], []);
  assert.throws(() => index.apply({ origin: 1, sequence: high }, vector, upper), { code: "corrupt" });
  assert.equal(index.digest(), before);
});
