import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { inRoot, root } from "./paths.mjs";

const OUTPUT_LENGTH_MAX = 64 * 1024;
const REPORTER = inRoot("scripts/lib/reporter.mjs");
/** Code that V8 has compiled before: a sixth of what a file costs that starts a server. */
const COMPILED = inRoot("node_modules/.cache/compiled");
const TOGETHER = inRoot("scripts/lib/test-together.mjs");
const BUNDLED_THREADS = inRoot("scripts/lib/bundled-threads.mjs");
const SEED_PROPERTIES = inRoot("scripts/lib/seed-properties.mjs");

/** Keeps the end of what a stream prints. */
function tailOf(...streams) {
  let text = "";
  for (const stream of streams) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      text = (text + chunk).slice(-OUTPUT_LENGTH_MAX);
    });
  }
  return () => text;
}

function readReports(path) {
  if (!existsSync(path)) return [];
  // A killed process can leave half a line.
  const complete = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return complete.filter(Boolean).map((line) => JSON.parse(line));
}

/** The same for a compiled file of a package and for the source that its source map names. `of`: the checkout, whose own path may have any names. */
export function stemOf(path, of = root) {
  return relative(of, path)
    .replace(/^(packages\/[^/]+)\/(dist|src)\//, "$1/")
    .replace(/\.[jt]sx?$/, "");
}

/** The files of which nothing was reported. */
function silent(files, reports) {
  const told = new Set(reports.flatMap(({ file }) => (file === undefined ? [] : [stemOf(file)])));
  return files.filter((file) => !told.has(stemOf(file)));
}

/**
 * Runs compiled test files in one process, killed after `timeoutMs`. Resolves to `{files, reports, output, durationMs}`; a crash, an exit without a
 * test, a time-out, and of several a file of which nothing was reported each are a failed report.
 */
export function runTestFiles(files, { timeoutMs }) {
  const folder = mkdtempSync(join(tmpdir(), "murmuration-test-"));
  const reportPath = join(folder, "reports.jsonl");
  const started = performance.now();
  const args = [
    "--enable-source-maps",
    `--import=${SEED_PROPERTIES}`,
    `--import=${BUNDLED_THREADS}`,
    `--test-reporter=${REPORTER}`,
    `--test-reporter-destination=${reportPath}`,
    ...(files.length === 1 ? files : [TOGETHER, ...files]),
  ];
  const env = { ...process.env, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? COMPILED };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = tailOf(child.stdout, child.stderr);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);

  return new Promise((resolve) => {
    const finish = (code, signal, startError) => {
      clearTimeout(timer);
      const reports = readReports(reportPath);
      rmSync(folder, { recursive: true, force: true });
      const fail = (error) =>
        reports.push({ name: "(the file itself)", path: [], status: "failed", durationMs: 0, error });
      if (startError !== undefined) fail(String(startError));
      else if (timedOut) fail(`did not end within ${timeoutMs / 1000} s`);
      else if (signal !== null) fail(`killed by ${signal}`);
      else if (code !== 0 && !reports.some(({ status }) => status === "failed")) fail(`ended with exit code ${code}`);
      else if (reports.length === 0) fail("holds no test");
      if (files.length > 1)
        for (const file of silent(files, reports)) fail(`nothing was reported of ${relative(root, file)}`);
      resolve({ files, reports, output: output(), durationMs: performance.now() - started });
    };
    child.on("error", (error) => finish(null, null, error));
    child.on("close", (code, signal) => finish(code, signal));
  });
}
