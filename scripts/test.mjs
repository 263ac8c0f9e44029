#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { build } from "./lib/build-steps.mjs";
import { productsBelow } from "./lib/files.mjs";
import { ensureNatsServer } from "./lib/nats-server.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { runTestFiles } from "./lib/run-test-file.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";
import { testSeed } from "./lib/test-seed.mjs";

const HELP = `
Usage: npm test [-- FILTER…]

Builds everything, checks the style (counted as one test) and runs every compiled test file, two at a time; small ones of a folder in one process.
FILTER: runs only files whose path contains one of these, and no style check.
What tests draw is the same in every run; MURMUR_TEST_SEED=new draws anew and prints the number that repeats it, as MURMUR_TEST_SEED=N.
The last line is "N passed, N failed", with ", N skipped" when tests were skipped; the exit code is 1 when one failed.
`;

const FILE_TIMEOUT_MS = 10 * 60_000;
const TEST_FOLDERS = [
  "packages/index",
  "packages/core",
  "packages/server",
  "packages/sim",
  "packages/dashboard",
  "test",
];

/** Tests over real brokers. */
const needsNatsServer = (file) => /^test\/dist\/(regions\/|dashboard\/regions)/.test(relative(root, file));

const print = (text) => process.stdout.write(`${text}\n`);

function indent(text) {
  return text.trimEnd().replace(/^/gm, "    ");
}

/** Small files of a folder share a process: loading what all of them test is most of their time. */
const FILES_TOGETHER_MAX = 12;
/** Not those that begin or end something around the tests of a process, and not those that say so. */
const BEGINS_ALONE = /^(before|after|beforeEach|afterEach)\(|^[^\s/*].*\bawait |needs a process of its own/m;

/** Lists of files, each for one process. */
function inProcesses(files) {
  const together = new Map();
  const lists = [];
  for (const file of files) {
    const isAlone = relative(root, file).startsWith("test") || BEGINS_ALONE.test(readFileSync(file, "utf8"));
    const list = isAlone ? undefined : together.get(dirname(file));
    if (list !== undefined && list.length < FILES_TOGETHER_MAX) {
      list.push(file);
      continue;
    }
    const begun = [file];
    lists.push(begun);
    if (!isAlone) together.set(dirname(file), begun);
  }
  return lists;
}

/** Adds what files reported to the counts and prints their line; failures in full. */
function account(counts, { files, reports, output, durationMs }) {
  const of = (status) => reports.filter((report) => report.status === status);
  const failures = of("failed");
  counts.passed += of("passed").length;
  counts.failed += failures.length;
  counts.skipped += of("skipped").length;
  const skipped = of("skipped").length === 0 ? "" : `, ${of("skipped").length} skipped`;
  const mark = failures.length === 0 ? "ok    " : "FAILED";
  const several = files.length > 1;
  const label = several ? `${relative(root, dirname(files[0]))} (${files.length} files)` : relative(root, files[0]);
  print(`${mark} ${label}  ${reports.length} tests${skipped}, ${(durationMs / 1000).toFixed(1)} s`);
  for (const { path, name, file, error } of failures) {
    const where = several && file !== undefined ? [relative(root, file)] : [];
    print(`  ${[...where, ...path, name].join(" > ")}\n${indent(error)}`);
  }
  if (failures.length > 0 && output.trim() !== "") print(`  printed:\n${indent(output)}`);
}

function checkStyle() {
  const started = performance.now();
  const biome = inRoot("node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "check", ".", "--error-on-warnings", "--max-diagnostics=100"];
  const result = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  const failed = result.status !== 0;
  return {
    files: [inRoot("biome.json")],
    reports: [
      { name: "style", path: [], status: failed ? "failed" : "passed", error: "npm run format mends most of it" },
    ],
    output: `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`,
    durationMs: performance.now() - started,
  };
}

/** Finds or fetches nats-server for the files that need it. Without one they count as failed, and the others run. */
function withNatsServer(files, counts) {
  if (!files.some(needsNatsServer)) return files;
  try {
    process.env.MURMUR_NATS_SERVER = ensureNatsServer();
    return files;
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    counts.failed += files.filter(needsNatsServer).length;
    print(`FAILED test/regions\n${indent(error.message)}`);
    return files.filter((file) => !needsNatsServer(file));
  }
}

/**
 * Two lanes, one from each end of the list: what computes (`packages`) so runs beside what mostly waits (`test`: servers, brokers, kills), and
 * the long files of the last folder are not left to one lane in the end.
 */
async function runAll(files, counts) {
  const waiting = inProcesses(files);
  const lane = async (next) => {
    for (let together = next(); together !== undefined; together = next()) {
      account(counts, await runTestFiles(together, { timeoutMs: FILE_TIMEOUT_MS }));
    }
  };
  await Promise.all([lane(() => waiting.shift()), lane(() => waiting.pop())]);
}

async function main() {
  const filters = process.argv.slice(2);
  const seed = testSeed();
  if (seed === undefined) throw new StepFailed("reading MURMUR_TEST_SEED", "it is a number or new\n", 2);
  if (process.env.MURMUR_TEST_SEED !== undefined) print(`MURMUR_TEST_SEED=${seed}`);
  process.env.MURMUR_TEST_SEED = String(seed);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let stopped;
  try {
    build();
    if (filters.length === 0) account(counts, checkStyle());
    const files = TEST_FOLDERS.flatMap((folder) => productsBelow(inRoot(folder, "dist")))
      .filter((path) => path.endsWith(".test.js"))
      .filter((path) => filters.length === 0 || filters.some((filter) => relative(root, path).includes(filter)));
    if (files.length === 0) throw new StepFailed("finding tests", `no test file matches ${filters.join(" ")}\n`, 1);
    await runAll(withNatsServer(files, counts), counts);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    stopped = error;
    counts.failed++;
    print(error.message.trimEnd());
  }
  const skipped = counts.skipped === 0 ? "" : `, ${counts.skipped} skipped`;
  print(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exitCode = counts.failed === 0 ? 0 : (stopped?.exitCode ?? 1);
}

helpOnRequest(HELP);
await endWith(main);
