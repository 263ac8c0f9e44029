import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "./support/source-tree.js";

interface Report {
  readonly name: string;
  readonly path: readonly string[];
  readonly file?: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly error?: string;
}

interface Runner {
  stemOf(path: string, of: string): string;
  runTestFiles(
    files: readonly string[],
    options: { readonly timeoutMs: number },
  ): Promise<{ readonly reports: readonly Report[] }>;
}

const runner = (await import(pathToFileURL(join(root, "scripts/lib/run-test-file.mjs")).href)) as Runner;
const folder = mkdtempSync(join(tmpdir(), "murmuration-runner-"));
after(() => rmSync(folder, { recursive: true }));
let files = 0;

function written(code: string): string {
  const file = join(folder, `${files++}.mjs`);
  writeFileSync(file, `import { after, describe, test } from "node:test";\n${code}`);
  return file;
}

const toldOf = ({ status, path, name }: Report) => [status, ...path, name].join(" ");

async function outcomes(code: string, timeoutMs = 60_000): Promise<readonly string[]> {
  return (await runner.runTestFiles([written(code)], { timeoutMs })).reports.map(toldOf);
}

test("leaf tests are counted, what encloses them is not", async () => {
  const found = await outcomes(`
    test("a", () => {});
    test("b", async (t) => { await t.test("c", () => {}); await t.test("d", () => { throw 1; }); });
    describe("e", () => { test("f", () => {}); describe("g", () => { test("h", () => {}); }); });
    describe("empty", () => {});
  `);
  assert.deepEqual(found, ["passed a", "passed b c", "failed b d", "passed e f", "passed e g h"]);
});

test("a parent that fails by itself is a failure of its own", async () => {
  const found = await outcomes(`
    test("a", async (t) => { await t.test("b", () => {}); throw new Error("own"); });
    describe("c", () => { after(() => { throw new Error("hook"); }); test("d", () => {}); });
  `);
  assert.deepEqual(found, ["passed a b", "failed a", "passed c d", "failed c"]);
});

test("skipped tests are counted as skipped", async () => {
  assert.deepEqual(await outcomes(`test("a", { skip: "why" }); test("b", { todo: "later" }, () => { throw 1; });`), [
    "skipped a",
    "skipped b",
  ]);
});

test("a file that crashes, hangs, exits badly or holds no test has failed", async () => {
  const itself = "failed (the file itself)";
  assert.deepEqual(await outcomes(`test("a", () => {}); process.exitCode = 0; throw new Error("crash");`), [itself]);
  assert.deepEqual(await outcomes(`test("a", () => {}); setInterval(() => {}, 1000);`, 3_000), ["passed a", itself]);
  assert.deepEqual(
    await outcomes(`test("a", () => {}); process.on("exit", () => process.kill(process.pid, "SIGKILL"));`),
    ["passed a", itself],
  );
  assert.deepEqual(await outcomes("process.exit(3);"), [itself]);
  assert.deepEqual(await outcomes(""), [itself]);
});

test("files in one process are reported as they are alone, and one of which nothing is heard has failed", async () => {
  const [one, other, empty] = [
    written(`test("a", () => {});`),
    written(`describe("b", () => { test("c", () => { throw 1; }); });`),
    written(""),
  ];
  const { reports } = await runner.runTestFiles([one, empty, other], { timeoutMs: 60_000 });
  assert.deepEqual(reports.map(toldOf), ["passed a", "failed b c", "failed (the file itself)"]);
  assert.deepEqual(
    reports.map(({ file }) => file),
    [one, other, undefined],
  );
  assert.match(reports[2]?.error ?? "", new RegExp(`nothing was reported of .*${files - 1}\\.mjs`));
  const crashed = await runner.runTestFiles([one, written(`throw new Error("crash");`), other], { timeoutMs: 60_000 });
  const failed = crashed.reports.filter(({ status }) => status === "failed").map(({ error }) => error);
  assert.ok(failed.includes("ended with exit code 1"), failed.join());
});

test("a compiled file and its source are the same test wherever the checkout stands", () => {
  for (const of of ["/opt/src/murmuration", "/dist/murmuration", "/murmuration"]) {
    const [compiled, source] = [
      `${of}/packages/core/dist/log/dist/a.test.js`,
      `${of}/packages/core/src/log/dist/a.test.ts`,
    ];
    assert.equal(runner.stemOf(compiled, of), runner.stemOf(source, of));
    assert.notEqual(runner.stemOf(compiled, of), runner.stemOf(`${of}/packages/core/src/log/a.test.ts`, of));
  }
});

test("properties draw the same in every run, and something else with another seed", async () => {
  const draws = `
    import fc from ${JSON.stringify(import.meta.resolve("fast-check"))};
    const drawn = [];
    fc.assert(fc.property(fc.nat(), (n) => void drawn.push(n)), { numRuns: 5 });
    test(drawn.concat(fc.sample(fc.nat(), 5)).join(), () => {});
  `;
  const before = process.env["MURMUR_TEST_SEED"];
  const drawn: string[] = [];
  try {
    for (const seed of ["1", "1", "2"]) {
      process.env["MURMUR_TEST_SEED"] = seed;
      drawn.push(...(await outcomes(draws)));
    }
  } finally {
    if (before === undefined) delete process.env["MURMUR_TEST_SEED"];
    else process.env["MURMUR_TEST_SEED"] = before;
  }
  assert.equal(drawn[0], drawn[1]);
  assert.notEqual(drawn[1], drawn[2]);
  assert.match(drawn[0] ?? "", /^passed (\d+,){9}\d+$/);
});
