import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { NodeDot } from "./graph-reader.js";
import { answerBytes, clusteredVectors, nodeTexts, optionsFor } from "./graphs.test-support.js";
import { decodeImage, encodeImage } from "./image.js";
import { validateGraph } from "./validate.js";
import { VectorIndex } from "./vector-index.js";
import { type Operation, picker, Writer } from "./writers.test-support.js";

const DIMENSIONS = 8;
const options = optionsFor(DIMENSIONS, { links: 3, efConstruction: 8, metric: "euclid" });
const vectors = clusteredVectors(400, DIMENSIONS, 4);

function identity({ index }: Writer): unknown {
  const answers = vectors.slice(0, 20).map((query) => {
    const found = index.reader.search(query, { limit: 5, efSearch: 8, allEntries: true });
    return answerBytes(index, found);
  });
  return { digest: index.digest(), effective: index.effectiveDigest(), nodes: nodeTexts(index), answers };
}

/** What a writer does next, drawn as numbers. */
const step = fc.record({
  writer: fc.nat(2),
  kind: fc.constantFrom("insert", "insert", "insert", "stitch", "rescue", "delete", "sync"),
  choice: fc.nat(1_000_000),
});

function run(steps: readonly { writer: number; kind: string; choice: number }[]): {
  writers: Writer[];
  all: Operation[];
} {
  const writers = [1, 2, 3].map((id) => new Writer(id, options));
  const all: Operation[] = [];
  const inserted: NodeDot[] = [];
  for (const { writer, kind, choice } of steps) {
    const who = writers[writer] as Writer;
    const known = inserted.filter((dot) => who.index.slotOf(dot) !== undefined);
    const one = known[choice % Math.max(1, known.length)];
    let operation: Operation | undefined;
    if (kind === "sync") {
      who.receive(all.slice(0, choice % (all.length + 1)), picker(choice));
    } else if (kind === "insert") {
      const vector = vectors[choice % vectors.length] as Float32Array;
      operation = who.write((index, dot) => ({ kind: "insert", vector, delta: index.plan(dot, vector) }));
      if (operation !== undefined) inserted.push(operation.dot);
    } else if (one !== undefined) {
      operation = who.write((index) => {
        if (kind === "delete") return { kind: "delete", dot: one };
        const foreign = known.filter((dot) => dot.origin !== one.origin).slice(0, 40);
        const delta = kind === "stitch" ? index.planStitch(one, foreign, choice % 2 === 0) : index.planRescue(one);
        return delta === undefined ? undefined : { kind: "edges", delta };
      });
    }
    if (operation !== undefined) all.push(operation);
  }
  return { writers, all };
}

test("graphs that have applied the same operations are the same, in whatever causal order they came", () => {
  let edges = 0;
  let overflows = 0;
  let tags = 0;
  assertUntil(
    () => ({ edges: [edges, 100], overflows: [overflows, 1], tags: [tags, 100] }),
    fc.property(fc.array(step, { minLength: 20, maxLength: 140 }), fc.nat(), (steps, seed) => {
      const { writers, all } = run(steps);
      for (const [i, writer] of writers.entries()) {
        writer.receive(all, picker(seed + i));
        assert.deepEqual(validateGraph(writer.index.reader).violations, []);
        assert.equal(writer.index.counters().missedAdds, 0);
      }
      const [first, ...others] = writers.map(identity);
      for (const other of others) assert.deepEqual(other, first);
      edges += all.filter(({ body }) => body.kind === "edges").length;
      overflows += writers[0]?.index.counters().overflowLists ?? 0;
      tags += writers[0]?.index.counters().storedTags ?? 0;
    }),
    { numRuns: 60 },
  );
});

/** A few nodes far apart, written by one origin. */
function small(): VectorIndex {
  const index = new VectorIndex(options);
  for (let sequence = 1; sequence <= 5; sequence++) {
    const dot = { origin: 1, sequence };
    const vector = new Float32Array(DIMENSIONS).fill(sequence);
    index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
  }
  return index;
}

test("a list longer than its place comes back from an image, and shrinks into its place", () => {
  const { writers, all } = run([
    ...Array.from({ length: 12 }, (_, i) => ({ writer: 0, kind: "insert", choice: i })),
    ...Array.from({ length: 3 }, (_, i) => ({ writer: i, kind: "sync", choice: 12 })),
    ...Array.from({ length: 90 }, (_, i) => ({ writer: i % 3, kind: "insert", choice: i % 40 })),
  ]);
  const [writer] = writers as [Writer];
  writer.receive(all, () => 0);
  const { index } = writer;
  assert.ok(index.counters().overflowLists > 0);
  const pieces = encodeImage(index, "note").map((piece) => piece.slice());
  const bytes = Buffer.concat(pieces);
  let at = 0;
  const copy = decodeImage(options, (target) => {
    target.set(bytes.subarray(at, at + target.length));
    at += target.length;
    return true;
  }).index;
  assert.equal(copy.digest(), index.digest());
  assert.equal(copy.effectiveDigest(), index.effectiveDigest());
  assert.deepEqual(copy.counters(), index.counters());
  // purging all but a few leaves no long list
  const dots = all.map(({ dot }) => dot).slice(6);
  for (const dot of dots) {
    const slot = copy.slotOf(dot) as number;
    copy.markDead(slot, true);
    copy.condemn(slot);
  }
  copy.purge(dots);
  assert.deepEqual([copy.counters().overflowLists, copy.counters().overflowBytes], [0, 0]);
  assert.deepEqual(validateGraph(copy.reader).violations, []);
  assert.equal(copy.reader.linkedCount, 6);
});

test("tags that are stable are forgotten, and change no digest", () => {
  const { writers, all } = run([
    ...Array.from({ length: 60 }, (_, i) => ({ writer: i % 3, kind: "insert", choice: i * 3 })),
    ...Array.from({ length: 3 }, (_, i) => ({ writer: i, kind: "sync", choice: 60 })),
    ...Array.from({ length: 30 }, (_, i) => ({ writer: i % 3, kind: "stitch", choice: i })),
  ]);
  const [writer] = writers as [Writer];
  writer.receive(all, () => 0);
  const { index } = writer;
  const { storedTags } = index.counters();
  assert.ok(storedTags > 10);
  const digest = index.digest();
  assert.ok(index.settleTags(new Map([[1, 1_000]])) > 0);
  assert.ok(index.counters().storedTags < storedTags && index.counters().storedTags > 0);
  index.settleTags(writer.frontier);
  assert.equal(index.counters().storedTags, 0);
  assert.equal(index.digest(), digest);
});

test("an insert that is taken back leaves the tags that it removed", () => {
  const { writers, all } = run([
    ...Array.from({ length: 60 }, (_, i) => ({ writer: i % 3, kind: "insert", choice: i })),
    ...Array.from({ length: 3 }, (_, i) => ({ writer: i, kind: "sync", choice: 60 })),
    ...Array.from({ length: 40 }, (_, i) => ({ writer: i % 3, kind: "stitch", choice: i })),
  ]);
  const [writer] = writers as [Writer];
  writer.receive(all, () => 0);
  const { index } = writer;
  let took = 0;
  for (let i = 0; i < 60; i++) {
    const dot = { origin: 4, sequence: i + 1 };
    const vector = vectors[i] as Float32Array;
    const before = [index.digest(), index.counters().storedTags];
    const delta = index.plan(dot, vector);
    const slot = index.apply(dot, vector, delta, writer.frontier);
    const undo = index.takeUndo();
    took += Number(undo !== undefined);
    index.revert(slot, delta, undo);
    assert.deepEqual([index.digest(), index.counters().storedTags], before);
  }
  assert.ok(took > 0);
});

test("damaged edge deltas are refused or leave a sound graph", () => {
  const { writers, all } = run(Array.from({ length: 60 }, (_, i) => ({ writer: i % 3, kind: "insert", choice: i })));
  const [writer] = writers as [Writer];
  writer.receive(all, () => 0);
  const { index } = writer;
  const foreign = all.map(({ dot }) => dot).filter(({ origin }) => origin !== 1);
  const delta = index.planStitch({ origin: 1, sequence: 1 }, foreign, true);
  assert.ok(delta);
  let refused = 0;
  assertUntil(
    () => ({ refused: [refused, 1_000] }),
    fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }), (flips) => {
      const damaged = delta.slice();
      for (const [at, value] of flips) damaged[at % damaged.length] = value;
      const before = index.digest();
      try {
        index.applyEdges({ origin: 2, sequence: 1 }, damaged, writer.frontier);
      } catch (error) {
        assert.equal((error as { code?: string }).code, "corrupt");
        assert.equal(index.digest(), before);
        refused++;
      }
      assert.deepEqual(validateGraph(index.reader).violations, []);
    }),
    { numRuns: 3_000 },
  );
});

test("repair replaces links to condemned nodes, and what nobody leads to any more is purged and its slot used again", () => {
  const index = new VectorIndex(options);
  const all = vectors.slice(0, 200);
  const dots = all.map((vector, i) => {
    const dot = { origin: 1, sequence: i + 1 };
    index.reader.show(index.apply(dot, vector, index.plan(dot, vector)));
    return dot;
  });
  const gone = dots.filter(({ sequence }) => sequence % 3 === 0);
  for (const dot of gone) {
    const slot = index.slotOf(dot) as number;
    index.markDead(slot, true);
    index.reader.hide(slot);
    index.condemn(slot);
  }
  const owned = new Set([1]);
  let sequence = 1_000;
  const free = index.purgeable(owned, 1_000);
  assert.deepEqual(index.purgeableOf(dots), free, "as long as they are led to, only those that purgeable gives");
  const { nodes, nextSlot } = index.nodesToRepair(owned, 0, 1_000);
  assert.ok(nodes.length > 50 && nextSlot === index.reader.slotCount);
  for (const node of nodes) {
    const delta = index.planRepair(node);
    assert.ok(delta);
    index.applyEdges({ origin: 1, sequence: sequence++ }, delta, new Map([[1, sequence]]));
  }
  assert.deepEqual(index.nodesToRepair(owned, 0, 1_000).nodes, []);
  const ready = index.purgeable(owned, 1_000);
  assert.equal(ready.length, gone.length);
  const stranger = { origin: 7, sequence: 1 };
  assert.deepEqual(index.purgeableOf([stranger, ...[...dots].reverse()]), [...ready].reverse());
  const slots = new Set(gone.map((dot) => index.slotOf(dot)));
  index.reader.pin(index.epoch());
  assert.deepEqual(index.purge(ready), { purged: gone.length, liveInEdges: 0 });
  assert.deepEqual(validateGraph(index.reader).violations, []);
  assert.equal(index.reader.linkedCount, 200 - gone.length);
  const next = (n: number) => {
    const dot = { origin: 1, sequence: 5_000 + n };
    return index.apply(dot, all[n] as Float32Array, index.plan(dot, all[n] as Float32Array));
  };
  assert.ok(!slots.has(next(1)), "a reader that has not followed protects the slot");
  index.reader.pin(0);
  assert.ok(slots.has(next(2)));
});

test("a node that no link leads to is found and made reachable", () => {
  const index = small();
  const lost = { origin: 1, sequence: 9 };
  index.reader.show(index.apply(lost, new Float32Array(DIMENSIONS).fill(9), Uint8Array.of(1, 0, 0)));
  assert.deepEqual(index.unreachable(new Set([1]), 10), [lost]);
  assert.deepEqual(index.unreachable(new Set([2]), 10), []);
  const delta = index.planRescue(lost);
  assert.ok(delta);
  index.applyEdges({ origin: 1, sequence: 10 }, delta, new Map([[1, 9]]));
  assert.deepEqual(index.unreachable(new Set([1]), 10), []);
});
