import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertUntil } from "../conformance.js";
import type { NodeDot } from "./graph-reader.js";
import { answerBytes, nodeTexts, optionsFor, seeded } from "./graphs.test-support.js";
import { validateGraph } from "./validate.js";
import { differences, type Operation, picker, Writer } from "./writers.test-support.js";

const DIMENSIONS = 8;
const options = optionsFor(DIMENSIONS, { links: 2, efConstruction: 6, metric: "euclid", quantization: "none" });
const random = seeded(3);
// small whole numbers: distances are exact in the model too, and many are equal
const vectors = Array.from({ length: 120 }, () =>
  Float32Array.from({ length: DIMENSIONS }, () => Math.floor(random() * 5)),
);

const kinds = ["insert", "insert", "insert", "insert", "stitch", "rescue", "delete", "sync", "sync", "care"] as const;
const step = fc.record({ writer: fc.nat(2), kind: fc.constantFrom(...kinds), choice: fc.nat(1_000_000) });
type Step = { readonly writer: number; readonly kind: (typeof kinds)[number]; readonly choice: number };

const nobody: ReadonlySet<number> = new Set();
const totals = { repaired: 0, purged: 0, settled: 0, overflows: 0, stored: 0, stitched: 0, withheld: 0 };

/** Settle, condemn, repair and purge what this writer knows to be stable. */
function care(who: Writer, all: Operation[]): boolean {
  const put = (operation: Operation | undefined) => {
    if (operation !== undefined) all.push(operation);
  };
  const owned = new Set([who.id]);
  totals.settled += who.index.settleTags(who.stable());
  who.condemnStable();
  const { nodes } = who.index.nodesToRepair(owned, 0, 3);
  for (const node of nodes) {
    put(
      who.write((index) => {
        const delta = index.planRepair(node);
        return delta === undefined ? undefined : { kind: "edges", delta };
      }),
    );
  }
  const dots = who.index.purgeable(owned, 10);
  assert.deepEqual(who.index.purgeable(nobody, 10), []);
  if (dots.length > 0) put(who.write(() => ({ kind: "purge", dots })));
  totals.repaired += nodes.length;
  totals.purged += dots.length;
  return nodes.length + dots.length > 0;
}

function run(steps: readonly Step[]): { readonly writers: Writer[]; readonly all: Operation[] } {
  const writers = [1, 2, 3].map((id) => new Writer(id, options));
  const all: Operation[] = [];
  const inserted: NodeDot[] = [];
  for (const { writer, kind, choice } of steps) {
    const who = writers[writer] as Writer;
    const live = inserted.filter((dot) => {
      const slot = who.index.slotOf(dot);
      return slot !== undefined && !who.index.reader.nodeAt(slot).dead;
    });
    const one = live[choice % Math.max(1, live.length)];
    let operation: Operation | undefined;
    if (kind === "sync") who.receive(all.slice(0, choice % (all.length + 1)), picker(choice));
    else if (kind === "care") care(who, all);
    else if (kind === "insert") {
      const vector = vectors[choice % vectors.length] as Float32Array;
      operation = who.write((index, dot) => ({ kind: "insert", vector, delta: index.plan(dot, vector) }));
      if (operation !== undefined) inserted.push(operation.dot);
    } else if (one !== undefined) {
      operation = who.write((index) => {
        if (kind === "delete") return { kind: "delete", dot: one };
        const foreign = live.filter((dot) => dot.origin !== one.origin).slice(0, 40);
        const delta = kind === "stitch" ? index.planStitch(one, foreign, choice % 2 === 0) : index.planRescue(one);
        if (delta !== undefined) totals.stitched++;
        return delta === undefined ? undefined : { kind: "edges", delta };
      });
    }
    if (operation !== undefined) all.push(operation);
  }
  return { writers, all };
}

function identity({ index }: Writer): unknown {
  const answers = vectors.slice(0, 20).flatMap((query) =>
    [true, false].map((allEntries) => {
      const found = index.reader.search(query, { limit: 3, efSearch: 3, allEntries });
      return answerBytes(index, found);
    }),
  );
  const { missedAdds, overflowLists } = index.counters();
  const entry = index.reader.entrySlot();
  return {
    digest: index.digest(),
    effective: index.effectiveDigest(),
    nodes: nodeTexts(index),
    entry: entry === undefined ? undefined : index.reader.dotAt(entry),
    origins: index.reader.entryOrigins(),
    missedAdds,
    overflowLists,
    answers,
  };
}

function checkEqual(writers: readonly Writer[]): void {
  for (const writer of writers) {
    assert.deepEqual(validateGraph(writer.index.reader).violations, []);
    assert.deepEqual(differences(writer), []);
    assert.equal(writer.index.counters().missedAdds, 0);
    assert.equal(writer.liveEdgesCut, 0);
  }
  const [first, ...others] = writers.map(identity);
  for (const other of others) assert.deepEqual(other, first);
}

test("whatever the causal order, equal frontiers have equal graphs and answers, and every list is what the rules say", () => {
  const counts = () => {
    const { repaired, purged, settled, overflows, stored, stitched } = totals;
    return {
      repaired: [repaired, 50],
      purged: [purged, 50],
      settled: [settled, 50],
      overflows: [overflows, 20],
      stored: [stored, 50],
      stitched: [stitched, 50],
    } as const;
  };
  assertUntil(
    counts,
    fc.property(fc.array(step, { minLength: 60, maxLength: 220 }), fc.nat(1_000_000), (steps, seed) => {
      const { writers, all } = run(steps);
      for (const writer of writers) assert.deepEqual(differences(writer), []);
      for (const writer of writers) writer.receive(all, picker(seed + writer.id));
      checkEqual(writers);
      totals.overflows += writers[0]?.index.counters().overflowLists ?? 0;
      totals.stored += writers[0]?.index.counters().storedTags ?? 0;

      // at rest: everybody hears of everything, cares for its own, and hears of that
      for (let round = 0, busy = true; busy; round++) {
        assert.ok(round < 100, "the care comes to an end");
        busy = false;
        for (const writer of writers) {
          const heartbeat = writer.write(() => ({ kind: "heartbeat" }));
          if (heartbeat !== undefined) all.push(heartbeat);
        }
        for (const writer of writers) writer.receive(all, picker(seed + round));
        for (const writer of writers) busy = care(writer, all) || busy;
        for (const writer of writers) writer.receive(all, picker(seed + round));
        checkEqual(writers);
      }
      for (const writer of writers) {
        assert.equal(writer.index.reader.deadCount, 0, "nothing dead is left");
        writer.index.settleTags(writer.stable());
      }
      checkEqual(writers);
    }),
    { numRuns: 150 },
  );
});

test("an operation that comes twice changes nothing the second time", () => {
  const steps = Array.from({ length: 150 }, (_, i) => ({
    writer: i % 3,
    kind: kinds[(i * 7) % 8] as Step["kind"],
    choice: i * 7919,
  }));
  const { writers, all } = run(steps);
  const [writer] = writers as [Writer];
  writer.receive(all, () => 0);
  const before = JSON.stringify([identity(writer), writer.index.counters()]);
  let twice = 0;
  for (const { dot, past, body } of all) {
    if (body.kind === "insert") {
      assert.throws(() => writer.index.apply(dot, body.vector, body.delta, past), { code: "corrupt" });
    } else if (body.kind === "purge") writer.index.purge(body.dots);
    else continue;
    twice++;
  }
  const last = all.findLast(({ body }) => body.kind === "edges");
  if (last?.body.kind === "edges") writer.index.applyEdges(last.dot, last.body.delta, last.past);
  assert.ok(twice > 10 && last !== undefined);
  assert.equal(JSON.stringify([identity(writer), writer.index.counters()]), before);
});
