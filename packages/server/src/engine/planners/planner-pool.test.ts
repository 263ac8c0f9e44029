import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { PlannedInsert } from "@murmuration/core";
import { VectorIndex, type VectorIndexOptions } from "@murmuration/index";
import { beginRound, closeBoard, foundOn, isAtWork, makeBoard, makeDesk } from "./board.js";
import { PlannerPool } from "./planner-pool.js";
import type { PlannerStart } from "./planner-thread.js";

const DIMENSIONS = 24;
const options: VectorIndexOptions = {
  dimensions: DIMENSIONS,
  metric: "euclid",
  links: 8,
  efConstruction: 60,
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

test("a planner's thread finds what the engine's would, in one graph after the other, and ends when it is told", async () => {
  const [board, desk] = [makeBoard(), makeDesk()];
  const workerData: PlannerStart = { board, desk, thread: 2 };
  const worker = new Worker(new URL("./planner-thread.js", import.meta.url), { workerData });
  const ended = once(worker, "exit");
  const group = inserts(100);
  for (const [graph, index] of [grown(300), new VectorIndex(options), grown(40)].entries()) {
    worker.postMessage({ graph, handle: index.handle() });
    const round = beginRound(board, graph, DIMENSIONS, group);
    await until(() => [...foundOn(desk, round)].length === group.length && !isAtWork(desk));
    const found = new Map(foundOn(desk, round));
    assert.deepEqual(
      group.map((_, i) => found.get(i)),
      alone(index, group),
    );
    worker.postMessage({ graph });
  }
  closeBoard(board);
  assert.deepEqual(await ended, [0]);
});

test("a pool finds what one planner finds, whether the others have woken up or not", async () => {
  const pool = new PlannerPool({ planners: 3, tell: assert.fail });
  const group = inserts(100);
  for (const index of [new VectorIndex(options), grown(300), grown(40), grown(300)]) {
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(pool.candidates(index, group), alone(index, group));
      await setImmediate();
    }
  }
  pool.close();
});

for (const [how, loss] of [
  ["lost", "a planner ended"],
  ["stuck", "a planner was given up"],
] as const) {
  test(`${loss}: what it had taken is found all the same, and another one takes its place`, async () => {
    const told: string[] = [];
    const threadFile = new URL(`./${how}-planner.test-support.js`, import.meta.url);
    const tell = (what: string) => told.push(what);
    const pool = new PlannerPool({
      planners: 2,
      tell,
      threadFile,
      lateMsMax: how === "stuck" ? 20 : 60_000,
      replaceMsMin: 0,
    });
    const index = grown(300);
    const group = inserts(100);
    await until(() => {
      assert.deepEqual(pool.candidates(index, group), alone(index, group));
      return told.filter((what) => what === loss).length >= 2;
    });
    pool.close();
  });
}

test("groups whose vectors do not fit the board together are planned in parts", () => {
  const pool = new PlannerPool({ planners: 2, tell: assert.fail });
  const dimensions = 65_536;
  const index = new VectorIndex({ ...options, dimensions, links: 2, efConstruction: 4 });
  const group = vectors(40, dimensions).map((values, i) => ({ dot: { origin: 1, sequence: i + 1 }, values }));
  assert.deepEqual(pool.candidates(index, group), alone(index, group));
  pool.close();
});
