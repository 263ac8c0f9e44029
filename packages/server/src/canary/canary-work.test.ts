import assert from "node:assert/strict";
import { test } from "node:test";
import { attachReader, type GraphReader, VectorIndex } from "@murmuration/index";
import fc from "fast-check";
import { bytesBeside, sharedMemoryState } from "../engine/memory-guard.js";
import { CanaryWork } from "./canary-work.js";

const options = { dimensions: 4, metric: "euclid", links: 4, efConstruction: 16, quantization: "int8" } as const;
const THREAD = 15;

/** A vector that follows from a number. */
function vectorOf(seed: number): Float32Array {
  return Float32Array.from({ length: options.dimensions }, (_, i) => Math.fround(((seed * (31 + 17 * i)) % 101) / 101));
}

/** A first graph, as its writer has it. */
class First {
  readonly index = new VectorIndex(options);
  readonly live = new Map<number, number>();
  #last = 0;

  insert(): void {
    const dot = { origin: 3, sequence: ++this.#last };
    const vector = vectorOf(this.#last);
    const slot = this.index.apply(dot, vector, this.index.plan(dot, vector));
    this.index.reader.show(slot);
    this.live.set(this.#last, slot);
  }

  delete(sequence: number): void {
    const slot = this.live.get(sequence) as number;
    this.live.delete(sequence);
    this.index.reader.hide(slot);
    this.index.markDead(slot, true);
  }

  /** Take out all that is dead, so that their slots are free for others. */
  purge(): void {
    const { index } = this;
    const origins = new Set([3]);
    for (let slot = 0; slot < index.reader.slotCount; slot++) {
      const { linked, dead } = index.reader.nodeAt(slot);
      if (linked && dead) index.condemn(slot);
    }
    for (let from = 0; from < index.reader.slotCount; ) {
      const { nodes, nextSlot } = index.nodesToRepair(origins, from, 64);
      for (const node of nodes) {
        const delta = index.planRepair(node);
        const tag = { origin: 3, sequence: ++this.#last };
        const past = new Map([[3, tag.sequence]]);
        if (delta !== undefined) index.applyEdges(tag, delta, past);
        index.settleTags(past);
      }
      from = nextSlot;
    }
    index.purge(index.purgeable(origins, 4_096));
  }
}

/** Work until there is nothing to do. The clock moves by a microsecond with each look at it, and past every rest. */
function settle(work: CanaryWork, clock: { ms: number }): void {
  for (let rounds = 0; rounds < 10_000; rounds++) {
    const restMs = work.work(5);
    clock.ms += restMs;
    const { isComplete, lagMs } = work.figures();
    if (restMs > 0 && isComplete && lagMs === 0) return;
  }
  assert.fail("the canary does not come to the state of the first graph");
}

function begin(first: First, links = 8, efConstruction = 32) {
  const clock = { ms: 0 };
  const nowMs = () => {
    clock.ms += 0.001;
    return clock.ms;
  };
  const memory = sharedMemoryState();
  const reader = attachReader(first.index.handle(), THREAD);
  return { work: new CanaryWork(reader, { links, efConstruction }, memory, nowMs), clock, memory };
}

function visibleDots(reader: GraphReader): string[] {
  const dots: string[] = [];
  for (let slot = 0; slot < reader.slotCount; slot++) {
    if (!reader.isVisible(slot)) continue;
    const { origin, sequence } = reader.dotAt(slot);
    dots.push(`${origin}:${sequence} ${[...reader.vectorAt(slot)].join()}`);
  }
  return dots.sort();
}

test("a canary comes to hold what lives in the first graph, whatever is inserted, deleted and purged meanwhile", () => {
  const steps = fc.array(fc.constantFrom("insert", "insert", "delete", "purge", "follow"), { maxLength: 80 });
  fc.assert(
    fc.property(steps, fc.nat(), (acts, seed) => {
      const first = new First();
      for (let i = 0; i < 30; i++) first.insert();
      const { work, clock } = begin(first);
      for (const [i, act] of acts.entries()) {
        const alive = [...first.live.keys()];
        if (act === "insert") first.insert();
        else if (act === "delete" && alive.length > 1) first.delete(alive[(seed + i) % alive.length] as number);
        else if (act === "purge") first.purge();
        else work.work(0.02);
      }
      settle(work, clock);
      const { reader } = work.graph.index;
      assert.deepEqual(visibleDots(reader), visibleDots(first.index.reader));
      assert.equal(work.figures().lagVectors, 0);
      const violations = [...validated(work)];
      assert.deepEqual(violations, []);
    }),
    { numRuns: 25 },
  );
});

function validated({ graph }: CanaryWork): string[] {
  const { reader } = graph.index;
  const problems: string[] = [];
  for (let slot = 0; slot < reader.slotCount; slot++) {
    const { linked, dead } = reader.nodeAt(slot);
    if (reader.isVisible(slot) && (!linked || dead)) problems.push(`slot ${slot} is shown and not alive`);
  }
  return problems;
}

test("queries are asked of both graphs and held against exact search", () => {
  const first = new First();
  for (let i = 0; i < 300; i++) first.insert();
  const { work, clock, memory } = begin(first, 16, 128);
  work.take({ vector: vectorOf(5), limit: 10 });
  assert.equal(work.figures().dropped, 1, "before it is complete there is nothing to compare with");
  settle(work, clock);
  for (let i = 0; i < 40; i++) {
    clock.ms += 1_000;
    work.take({ vector: vectorOf(1_000 + i), limit: 10, efSearch: 16 });
    work.work(5);
  }
  const { compared, exact, first: one, canary: other, overlap } = work.figures();
  assert.equal(compared, 40);
  assert.ok(exact > 20, `held against exact search ${exact} times`);
  for (const { recall, p50Us, p99Us, points, meanLinks } of [one, other]) {
    assert.ok(recall !== undefined && recall > 0.5 && recall <= 1, `recall ${recall}`);
    assert.ok(p50Us !== undefined && p99Us !== undefined && p50Us <= p99Us);
    assert.equal(points, 300);
    assert.ok(meanLinks > 1);
  }
  assert.ok((other.recall as number) >= (one.recall as number), "more links and candidates find no less here");
  assert.ok(other.meanLinks > one.meanLinks);
  assert.ok(other.bytes > one.bytes);
  assert.ok(overlap !== undefined && overlap > 0.5 && overlap <= 1);
  assert.equal(work.full(), undefined, "where nobody has said what there is, nothing is full");
  assert.ok(bytesBeside(memory) >= other.bytes, "its memory counts with all other data");
});

test("what waits to be compared is bounded", () => {
  const first = new First();
  for (let i = 0; i < 50; i++) first.insert();
  const { work, clock } = begin(first);
  settle(work, clock);
  for (let i = 0; i < 100; i++) work.take({ vector: vectorOf(i), limit: 3 });
  assert.equal(work.figures().dropped, 36);
});
