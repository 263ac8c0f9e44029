import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { PlannedInsert } from "@murmuration/core";
import { VectorIndex, type VectorIndexOptions } from "@murmuration/index";
import { PlannerPool } from "./planner-pool.js";

const DIMENSIONS = 24;
const options: VectorIndexOptions = {
  dimensions: DIMENSIONS,
  metric: "euclid",
  links: 8,
  efConstruction: 200,
  quantization: "int8",
};

/** Vectors that are the same on every run, and not all alike. */
function vectors(count: number, dimensions = DIMENSIONS): Float32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from({ length: dimensions }, (_, j) => Math.sin((i + 1) * (j + 3) * 0.37) * (1 + (i % 7))),
  );
}

function grown(count: number): VectorIndex {
  const index = new VectorIndex(options);
  for (const [i, values] of vectors(count).entries()) {
    const dot = { origin: 1, sequence: i + 1 };
    index.apply(dot, values, index.plan(dot, values));
  }
  return index;
}

function inserts(count: number): PlannedInsert[] {
  return vectors(count + 300)
    .slice(300)
    .map((values, i) => ({ dot: { origin: 2, sequence: 2 ** 33 + i }, values }));
}

/** Do something again and again, with turns of the event loop in between, until it has come to what is waited for. */
async function until(act: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!act()) {
    assert.ok(performance.now() < deadlineMs, "it came to nothing");
    await setImmediate();
  }
}

/** What one planner finds. */
const alone = (index: VectorIndex, group: readonly PlannedInsert[]) =>
  group.map(({ dot, values }) => index.inserts.candidates(dot, values));

test("several threads find what one finds, also in graphs that come later, and take part in it", async () => {
  const told: string[] = [];
  const pool = new PlannerPool({ planners: 3, tell: (what, why) => told.push(`${what}: ${why}`) });
  const group = inserts(100);
  const empty = new VectorIndex(options);
  assert.deepEqual(pool.candidates(empty, group), alone(empty, group));
  for (const index of [grown(1_000), grown(800)]) {
    // threads need a moment to start and to wake up, and until then the engine's does all of it
    const before = pool.sharedCount;
    await until(() => {
      assert.deepEqual(pool.candidates(index, group), alone(index, group));
      return pool.sharedCount > before;
    });
  }
  assert.deepEqual(told, []);
  pool.close();
});

test("a planner that dies is given up, what it had taken is found all the same, and another one takes its place", async () => {
  const told: string[] = [];
  const threadFile = new URL("./lost-planner.test-support.js", import.meta.url);
  const pool = new PlannerPool({
    planners: 2,
    tell: (what) => told.push(what),
    threadFile,
    waitMsMax: 50,
    replaceMsMin: 0,
  });
  const index = grown(300);
  const group = inserts(100);
  const losses = () => told.filter((what) => what === "a planner was given up").length;
  await until(() => {
    assert.deepEqual(pool.candidates(index, group), alone(index, group));
    return losses() >= 2;
  });
  assert.equal(pool.hiredCount <= 1, true);
  pool.close();
});

test("groups whose vectors do not fit the board together are planned in parts", () => {
  const pool = new PlannerPool({ planners: 2, tell: assert.fail });
  const dimensions = 65_536;
  const index = new VectorIndex({ ...options, dimensions, links: 2, efConstruction: 4 });
  const group = vectors(40, dimensions).map((values, i) => ({ dot: { origin: 1, sequence: i + 1 }, values }));
  assert.deepEqual(pool.candidates(index, group), alone(index, group));
  pool.close();
});
