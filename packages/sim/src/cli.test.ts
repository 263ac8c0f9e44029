import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as afterMs } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readTask } from "./options.js";

const cli = fileURLToPath(new URL("./cli.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "murmuration-sim-"));
after(() => rmSync(folder, { recursive: true }));

const refused: readonly (readonly [argv: string, says: RegExp])[] = [
  ["--seeds 40..1", /--seeds: "40\.\.1" has no seed in it/],
  ["--seeds 5", /is not a range like/],
  ["--seeds 1..99999999999", /is not a whole number from 0 to 4294967295/],
  ["--seed", /argument missing/],
  ["--seed=", /--seed: "" is not a whole number/],
  ["--seed=-1", /--seed: "-1" is not a whole number/],
  ["--seed 0x10", /is not a whole number/],
  ["--seed 1.5", /is not a whole number/],
  ["--seed NaN", /is not a whole number/],
  ["--seed 1 --seed 2", /--seed is given twice/],
  ["--seed 1 --seeds 1..2", /--seed and --seeds do not go together/],
  ["--seed 1 --time 5", /--time does not go with --seed/],
  ["--seed 1 --require-marks", /--require-marks does not go with --seed/],
  ["--random 0", /--random: "0" is not a whole number from 1/],
  ["--random 3 --seeds 1..3", /do not go together/],
  ["--time 0", /--time: "0" is not a whole number from 1/],
  ["--time 5m", /--time: "5m" is not/],
  ["--trace", /--trace needs --seed/],
  ["--shrink --seeds 1..2", /--shrink needs --seed/],
  ["--report x.html", /--report needs --seed/],
  ["--planted --seed 1", /--planted and --seed do not go together/],
  ["--planted --profile disk", /--profile does not go with --planted/],
  ["--profile nothing", /--profile: there is no "nothing": default/],
  ["--profile constructor", /there is no "constructor"/],
  ["--plant nothing", /there is no bug "nothing" to plant/],
  ["--sed 1", /--sed/],
  ["1..40", /1\.\.40/],
  [`--seed 1 --report ${join(folder, "none/run.html")}`, /--report: cannot write .*ENOENT/],
  [`--seed 1 --report ${folder}`, /--report: cannot write .*EISDIR/],
];

test("what cannot be meant is refused before anything runs", () => {
  for (const [argv, says] of refused) assert.throws(() => readTask(argv.split(" ")), says, argv);
  assert.deepEqual(readdirSync(folder), []);
});

test("what can be meant is understood", () => {
  assert.deepEqual(readTask([]), {
    kind: "many",
    json: false,
    seeds: { first: 1, last: 100 },
    seconds: undefined,
    requireMarks: false,
    profile: "all",
    bug: undefined,
    planners: undefined,
  });
  const report = join(folder, "run.html");
  const one = readTask(["--seed", "7", "--report", report, "--shrink", "--json", "--plant", "no-rescue"]);
  assert.deepEqual(one, {
    kind: "one",
    json: true,
    seed: 7,
    trace: false,
    shrink: true,
    report,
    profile: "all",
    bug: "no-rescue",
    planners: undefined,
  });
  assert.deepEqual(readTask(["--planted", "--json"]), { kind: "planted", json: true });
});

test("wrong use ends with 2, and one line on stderr names it", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, "--seeds", "40..1"], { encoding: "utf8" });
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, /^--seeds: "40\.\.1" has no seed in it/);
});

/** Processes that a process has started, by its first thread. */
function childrenOf({ pid }: ChildProcess): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

function start(...argv: string[]): { child: ChildProcess; end: Promise<{ code: number; out: string; err: string }> } {
  const child = spawn(process.execPath, [cli, ...argv]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  return { child, end: once(child, "close").then(([code]) => ({ code: code as number, out, err })) };
}

/** Far less than a worker takes to start and to end its first run. */
const POLL_MS = 5;

async function untilItHasChildren(child: ChildProcess): Promise<number[]> {
  while (child.exitCode === null) {
    const children = childrenOf(child);
    if (children.length > 0) return children;
    await afterMs(POLL_MS);
  }
  throw new Error("it ended before");
}

test("a worker that is killed leaves the last line, and the exit code 3", async () => {
  const { child, end } = start("--seeds", "1..4", "--profile", "rows", "--json");
  const [worker] = await untilItHasChildren(child);
  process.kill(worker as number, "SIGKILL");
  const { code, out, err } = await end;
  assert.equal(code, 3, err);
  const summary = JSON.parse(out) as { readonly seeds: number; readonly ended: readonly { readonly how: string }[] };
  assert.equal(summary.seeds, 3);
  assert.deepEqual(
    summary.ended.map(({ how }) => how),
    ["killed by SIGKILL"],
  );
  assert.match(err, /^seed \d+, profile \S+: its worker ended: killed by SIGKILL$/m);
});

test("a search for planted bugs that is interrupted says what it knows", async () => {
  const { child, end } = start("--planted", "--json");
  await untilItHasChildren(child);
  child.kill("SIGINT");
  const { code, out } = await end;
  assert.equal(code, 130);
  const summary = JSON.parse(out) as {
    readonly planted: number;
    readonly caught: number;
    readonly interrupted: string;
  };
  assert.ok(summary.planted > summary.caught);
  assert.equal(summary.interrupted, "SIGINT");
});
