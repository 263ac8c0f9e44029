import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import type { PlantedIndexBug } from "../planted.js";
import { releaseThread } from "./epochs.js";
import { attachSegmentReader } from "./reader.js";
import { runStress, type StressProgress, StressWriter } from "./stress.test-support.js";

const READERS = 2;
/** So often each reader asks everything, beside as many groups. */
const CHECKS = 60;
const GROUPS = 3_000;
/** A bug is found long before. */
const GROUPS_MAX = 300_000;

const isEnough = ({ groups, checks }: StressProgress) => groups >= GROUPS && checks.every((n) => n >= CHECKS);

describe("readers in threads of their own beside a writer", { timeout: 300_000 }, () => {
  test("see exactly what was live at their epoch", async () => {
    const report = await runStress({ readers: READERS, isEnough });
    assert.deepEqual(report.told, []);
    assert.equal(report.mistakes, 0);
    assert.ok(report.rows < report.groups * 16, "rows were used again");
    assert.ok(report.columns >= 5, `${report.columns} columns were built beside the readers`);
  });

  const bugs: PlantedIndexBug[] = ["publish-early", "hidden-early", "reuse-without-pins", "older-not-followed"];
  for (const bug of bugs) {
    test(`notice the planted bug ${bug}`, async () => {
      const report = await runStress({
        readers: READERS,
        bugs: [bug],
        isEnough: ({ groups, mistakes }) => mistakes > 0 || groups > GROUPS_MAX,
      });
      assert.ok(report.mistakes > 0);
    });
  }

  test("notice that the planted bug summary-stays is in columns", async () => {
    const report = await runStress({
      readers: READERS,
      bugs: ["summary-stays"],
      isEnough: ({ groups, mistakes }) => mistakes > 0 || groups > GROUPS_MAX,
    });
    assert.ok(report.mistakes > 0);
  });

  test("hold rows when they die in the middle of a read, until they are released", async () => {
    const writer = new StressWriter();
    const handle = writer.segment.handle();
    const state = new Int32Array(new SharedArrayBuffer(32));
    for (let i = 0; i < 100; i++) writer.group();
    const url = new URL("./stress-reader.test-support.js", import.meta.url);
    const worker = new Worker(url, { workerData: { handle, thread: 1, state, stays: true } });
    await once(worker, "online");
    while (Atomics.load(state, 2) === 0) writer.group();
    await worker.terminate();
    assert.equal(Atomics.load(state, 3), 0);

    const { epoch } = writer.segment;
    for (let i = 0; i < 200; i++) writer.group();
    const { waiting } = writer.segment.use;
    assert.ok(waiting > 1_000 && !writer.segment.isPassed(epoch + 1));
    releaseThread(handle.memory, 1);
    assert.ok(writer.segment.isPassed(epoch + 1));
    for (let i = 0; i < 20; i++) writer.group();
    assert.ok(writer.segment.use.waiting < waiting / 2);

    const next = attachSegmentReader(handle, 1);
    const nextPin = next.pin();
    assert.equal(next.count(nextPin.epoch), next.countByLooking(nextPin.epoch));
    nextPin.release();
  });
});
