import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runSearchStress, type SearchStressProgress } from "./stress-collection.test-support.js";

const READERS = 2;
/** So often each reader asks everything, beside as many groups. */
const CHECKS = 30;
const GROUPS = 600;
/** A bug is found long before. */
const GROUPS_MAX = 60_000;

const isEnough = ({ groups, checks }: SearchStressProgress) => groups >= GROUPS && checks.every((n) => n >= CHECKS);

describe("searches in threads of their own beside a writer", { timeout: 300_000 }, () => {
  test("find what was live at their epoch, and the nearest that is always there", async () => {
    const report = await runSearchStress({ readers: READERS, isEnough });
    assert.deepEqual(report.told, []);
    assert.equal(report.mistakes, 0);
    assert.ok(report.slots < report.nodes / 2, `${report.slots} slots for ${report.nodes} nodes: they were used again`);
  });

  test("find the same where vectors are off memory", async () => {
    const report = await runSearchStress({ readers: READERS, areVectorsInFile: true, isEnough });
    assert.deepEqual(report.told, []);
    assert.equal(report.mistakes, 0);
    assert.ok(report.slots < report.nodes / 2, `${report.slots} slots for ${report.nodes} nodes: they were used again`);
  });

  // with slots that are not held, what has been written there since is another node's
  for (const bug of ["row-of-another", "graphs-not-held"] as const) {
    test(`notice the planted bug ${bug} where vectors are off memory`, async () => {
      const report = await runSearchStress({
        readers: READERS,
        bugs: [bug],
        areVectorsInFile: true,
        isEnough: ({ groups, mistakes }) => mistakes > 0 || groups > GROUPS_MAX,
      });
      assert.ok(report.mistakes > 0);
    });
  }

  for (const bug of ["graphs-not-held", "slots-are-points"] as const) {
    test(`notice the planted bug ${bug}`, async () => {
      const report = await runSearchStress({
        readers: READERS,
        bugs: [bug],
        isEnough: ({ groups, mistakes }) => mistakes > 0 || groups > GROUPS_MAX,
      });
      assert.ok(report.mistakes > 0);
    });
  }
});
