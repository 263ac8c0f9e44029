import assert from "node:assert/strict";
import test from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import { decodeGraphDelta } from "./graph-delta.js";
import {
  buildIndex,
  clusteredVectors,
  insert,
  optionsFor,
  type RecordedInsert,
  replay,
} from "./graphs.test-support.js";
import { validateGraph } from "./validate.js";
import { VectorIndex } from "./vector-index.js";

const DIMENSIONS = 6;
const options = optionsFor(DIMENSIONS, { metric: "euclid", links: 3, efConstruction: 20 });

function memoryChecksums(index: VectorIndex): number[] {
  const { slotCount, upperEnd } = index.imageCounters();
  // one slot and a block further than in use: a plan must not even prepare anything
  return index.imageRegions(slotCount + 1, upperEnd + 4096).map((region) => crc32(region));
}

/** The entry by its rule: live before dead, then the highest level, then the lowest dot. */
function entryByRule({ reader }: VectorIndex): number | undefined {
  const rank = (slot: number) => {
    const { dead, level } = reader.nodeAt(slot);
    const { origin, sequence } = reader.dotAt(slot);
    return [Number(dead), -level, origin, sequence];
  };
  return Array.from({ length: reader.slotCount }, (_, slot) => slot)
    .filter((slot) => reader.nodeAt(slot).linked)
    .sort((a, b) => rank(a).reduce((order, part, i) => order || part - (rank(b)[i] as number), 0))[0];
}

test("planning changes nothing, and the same plan again is the same delta", () => {
  for (const quantization of ["int8", "none"] as const) {
    const vectors = clusteredVectors(400, DIMENSIONS, 1);
    const { index } = buildIndex({ ...options, quantization }, vectors);
    for (let slot = 0; slot < 400; slot += 5) index.markDead(slot, true);
    const before = { digest: index.digest(), memory: memoryChecksums(index) };
    for (const [i, vector] of clusteredVectors(60, DIMENSIONS, 2).entries()) {
      const dot = { origin: 2, sequence: i };
      assert.deepEqual(index.plan(dot, vector), index.plan(dot, vector));
    }
    assert.deepEqual({ digest: index.digest(), memory: memoryChecksums(index) }, before);
  }
});

test("a recorded delta gives the graph that its planner had", () => {
  const { index, inserts } = buildIndex(options, clusteredVectors(500, DIMENSIONS, 3));
  assert.equal(replay(options, inserts).digest(), index.digest());
});

test("somebody links to every new node, even where all lists are full of nearer ones", () => {
  const vectors = clusteredVectors(1500, DIMENSIONS, 4, 3);
  for (const links of [2, 4]) {
    const index = new VectorIndex({ ...options, links });
    for (const [i, vector] of vectors.entries()) {
      const dot = { origin: 1, sequence: i };
      const [base = []] = decodeGraphDelta(dot, insert(index, dot, vector).delta);
      assert.ok(i === 0 || base.some(({ add }) => add), `node ${i}`);
    }
  }
});

test("a delta is a copy: later plans leave it alone", () => {
  const { index } = buildIndex(options, clusteredVectors(50, DIMENSIONS, 3));
  const delta = index.plan({ origin: 2, sequence: 1 }, new Float32Array(DIMENSIONS));
  const before = delta.slice();
  index.plan({ origin: 3, sequence: 1 }, new Float32Array(DIMENSIONS).fill(9));
  assert.deepEqual(delta, before);
});

type Step =
  | { readonly kind: "insert" | "twin" }
  | { readonly kind: "dead" | "alive"; readonly which: number }
  | { readonly kind: "revert"; readonly count: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Step>({ kind: "insert" }) },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: "twin" }) },
    {
      weight: 2,
      arbitrary: fc.record(
        { kind: fc.constantFrom("dead", "alive"), which: fc.nat() },
        { noNullPrototype: true },
      ) as fc.Arbitrary<Step>,
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }).map<Step>((count) => ({ kind: "revert", count })) },
  ),
  { minLength: 20, maxLength: 160 },
);

test("after any sequence the newest inserts can be taken back, one after the other, to the very graph before", () => {
  const vectors = clusteredVectors(200, DIMENSIONS, 5, 4);
  let reverts = 0;
  let entryChanges = 0;
  assertUntil(
    () => ({ reverts: [reverts, 200], "changes of the entry": [entryChanges, 20] }),
    fc.property(steps, fc.nat(1000), (sequence, origin) => {
      const index = new VectorIndex(options);
      const made: (RecordedInsert & { readonly slot: number; readonly digest: string; readonly marks: number })[] = [];
      let marks = 0;
      let next = 0;
      for (const step of sequence) {
        if (step.kind === "insert" || step.kind === "twin") {
          const digest = index.digest();
          const vector = vectors[step.kind === "twin" ? 0 : next % 200] as Float32Array;
          made.push({ ...insert(index, { origin, sequence: ++next }, vector), digest, marks });
        } else if (step.kind === "revert") {
          for (let i = 0; i < step.count; i++) {
            const last = made.pop();
            if (last === undefined) break;
            const entry = index.reader.entrySlot();
            index.revert(last.slot, last.delta);
            reverts++;
            entryChanges += Number(index.reader.entrySlot() !== entry);
            if (last.marks === marks) assert.equal(index.digest(), last.digest);
            assert.equal(index.slotOf(last.dot), undefined);
            assert.ok(!index.reader.isVisible(last.slot));
          }
        } else if ("which" in step) {
          const node = made[step.which % Math.max(1, made.length)];
          if (node === undefined) continue;
          index.markDead(node.slot, step.kind === "dead");
          marks++;
        }
        assert.equal(index.reader.entrySlot(), entryByRule(index));
      }
      const report = validateGraph(index.reader);
      assert.deepEqual(report.violations, []);
      assert.equal(report.nodes, made.length);
      assert.equal(index.reader.linkedCount, made.length);
      assert.equal(index.reader.deadCount, report.dead);
    }),
    { numRuns: 60 },
  );
});

test("a mark made and unmade leaves the digest", () => {
  const { index } = buildIndex(options, clusteredVectors(100, DIMENSIONS, 6));
  const digest = index.digest();
  for (let slot = 0; slot < 100; slot += 3) index.markDead(slot, true);
  assert.notEqual(index.digest(), digest);
  for (let slot = 0; slot < 100; slot += 3) {
    index.markDead(slot, false);
    index.markDead(slot, false);
  }
  assert.equal(index.digest(), digest);
  assert.equal(index.reader.deadCount, 0);
});

test("a dot that was taken back can be inserted again", () => {
  const { index } = buildIndex(options, clusteredVectors(300, DIMENSIONS, 7));
  const vectors = clusteredVectors(300, DIMENSIONS, 8);
  for (const [i, vector] of vectors.entries()) {
    const made = insert(index, { origin: 4, sequence: i }, vector);
    index.revert(made.slot, made.delta);
    const again = insert(index, { origin: 4, sequence: i }, vector);
    assert.deepEqual(again.delta, made.delta);
  }
  assert.equal(index.reader.linkedCount, 600);
});

test("a vector of other dimensions is refused and changes nothing", () => {
  const { index } = buildIndex(options, clusteredVectors(20, DIMENSIONS, 7));
  const before = { digest: index.digest(), memory: memoryChecksums(index) };
  const dot = { origin: 2, sequence: 1 };
  for (const vector of [new Float32Array(DIMENSIONS - 1), new Float32Array(DIMENSIONS + 1), new Float32Array(0)]) {
    assert.throws(() => index.plan(dot, vector), { code: "wrong-input", field: "vector" });
    assert.throws(() => index.apply(dot, vector, Uint8Array.of(1, 0, 0)), { code: "wrong-input", field: "vector" });
    assert.throws(() => index.reader.search(vector, { limit: 1 }), { code: "wrong-input", field: "vector" });
  }
  assert.deepEqual({ digest: index.digest(), memory: memoryChecksums(index) }, before);
});
