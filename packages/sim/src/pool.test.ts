import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runPlanted } from "./planted-runs.js";
import { runInWorkers } from "./pool.js";
import type { WorkRequest } from "./worker.js";

const folder = mkdtempSync(join(tmpdir(), "murmuration-pool-"));
after(() => rmSync(folder, { recursive: true }));

let modules = 0;

/** A worker that does `perSeed` (JavaScript) with some seeds, and answers the others with no violation. */
function workerThat(perSeed: { readonly [seed: number]: string }): string {
  const cases = Object.entries(perSeed).map(([seed, code]) => `case ${seed}: ${code}; break;`);
  const file = join(folder, `worker-${modules++}.mjs`);
  const answer = "{ answer: { seed, simulatedMs: 1, writes: 1, ms: 1, marks: [] } }";
  writeFileSync(
    file,
    `process.on("message", ({ seed }) => { switch (seed) { ${cases.join(" ")} default: process.send(${answer}); } });`,
  );
  return file;
}

/** Runs seeds 1 to `last`; returns those that were answered and the ends of the others. */
async function run(last: number, file: string) {
  const [answered, ended] = [[] as number[], [] as [number, string][]];
  let seed = 1;
  await runInWorkers({
    workers: 2,
    file,
    take: (): WorkRequest | undefined => (seed > last ? undefined : { seed: seed++, profile: "default", twice: false }),
    onAnswer: (request) => answered.push(request.seed),
    onEnded: ({ request, how }) => ended.push([request.seed, how]),
  });
  return { answered: answered.sort((a, b) => a - b), ended: ended.sort(([a], [b]) => a - b) };
}

test("whatever ends a worker is named with its seed, and the other seeds are run", async () => {
  const file = workerThat({
    2: 'process.kill(process.pid, "SIGKILL")',
    4: "process.exit(0)",
    5: 'process.send({ ended: "out of memory" })',
    7: "process.disconnect()",
  });
  const { answered, ended } = await run(8, file);
  assert.deepEqual(answered, [1, 3, 6, 8]);
  assert.deepEqual(ended, [
    [2, "killed by SIGKILL"],
    [4, "its process ended with 0"],
    [5, "out of memory"],
    [7, "its process ended with 0"],
  ]);
});

test("where every worker ends, no more are started than a bound", async () => {
  const { answered, ended } = await run(10_000, join(folder, "there-is-none.mjs"));
  assert.deepEqual(answered, []);
  assert.ok(ended.length >= 20 && ended.length <= 22, `${ended.length}`);
  assert.match(ended[0]?.[1] ?? "", /^its process ended with 1$/);
});

test("a worker that ends on a planted bug leaves a row that says so", async () => {
  const rows = await runPlanted({
    seedsMax: 2,
    workers: 2,
    file: workerThat({ 2: "process.abort()" }),
    onRow: () => {},
  });
  assert.ok(rows.length >= 20, `${rows.length}`);
  for (const row of rows) assert.deepEqual([row.caught, row.ended], [false, { seed: 2, how: "killed by SIGABRT" }]);
});
