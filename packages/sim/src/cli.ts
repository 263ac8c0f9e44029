import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { allMarks } from "@murmuration/core/marks";
import { plant, plantedBugs } from "@murmuration/core/planted";
import { SingleBar } from "cli-progress";
import type { Violation } from "./checkers/checker.js";
import { HELP, type RunChoice, readTask, type Task, WrongUse } from "./options.js";
import { type PlantedRow, runPlanted } from "./planted-runs.js";
import { runInWorkers } from "./pool.js";
import { profileInTurn } from "./profiles.js";
import { reportOf } from "./report/page.js";
import { makeScenario } from "./scenario.js";
import { shrinkScenario } from "./shrink.js";
import { runScenario } from "./world.js";

const PLANTED_SEEDS_MAX = 400;
/** One seed in so many runs twice. */
const TWICE_EVERY = 20;

/** Exit codes. */
const HELD = 0;
const BROKEN = 1;
const MISUSED = 2;
const ENDED = 3;

const print = (text: string) => process.stdout.write(text);
const warn = (text: string) => process.stderr.write(text);

/** Aborted when the process is told to end: what is known by then is printed. */
const interrupt = new AbortController();
let interruptedBy: NodeJS.Signals | undefined;

function listenToSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      interruptedBy = signal;
      interrupt.abort();
    });
  }
}

/** The exit code of what was found, or the one of the signal that came in between. */
const exitCodeOf = (found: number) =>
  interruptedBy === undefined ? found : 128 + (constants.signals[interruptedBy] ?? 0);

function progress(total: number | undefined): { step(failed: boolean): void; stop(): void } {
  if (!process.stderr.isTTY || total === undefined) return { step: () => undefined, stop: () => undefined };
  let failed = 0;
  const bar = new SingleBar({
    format: "seeds {bar} {value}/{total}, {failed} failed",
    clearOnComplete: true,
    stream: process.stderr,
  });
  bar.start(total, 0, { failed });
  return {
    step(isFailed) {
      if (isFailed) failed++;
      bar.increment(1, { failed });
    },
    stop: () => bar.stop(),
  };
}

function* between(first: number, last: number): Generator<number> {
  for (let seed = first; seed <= last; seed++) yield seed;
}

async function runMany(task: Task & { readonly kind: "many" }): Promise<number> {
  const { seconds, bug, planners, requireMarks } = task;
  let seeds: Iterable<number>;
  let total: number | undefined;
  if ("random" in task.seeds) {
    const drawn = Array.from({ length: task.seeds.random }, () => randomInt(2 ** 31));
    warn(`seeds ${drawn.join(" ")}\n`);
    [seeds, total] = [drawn, drawn.length];
  } else {
    const { first, last } = task.seeds;
    [seeds, total] = [between(first, last), last - first + 1];
  }
  const iterator = seeds[Symbol.iterator]();
  const began = performance.now();
  const marks = new Map<string, number>();
  const failures: { readonly seed: number; readonly profile: string; readonly violation: Violation }[] = [];
  const ended: { readonly seed: number; readonly profile: string; readonly how: string }[] = [];
  let count = 0;
  let simulatedMs = 0;
  const bar = progress(seconds === undefined ? total : undefined);
  await runInWorkers({
    signal: interrupt.signal,
    take: () => {
      if (seconds !== undefined && performance.now() - began > seconds * 1000) return undefined;
      const next = iterator.next();
      if (next.done === true) return undefined;
      const seed = next.value;
      const profile = task.profile === "all" ? profileInTurn(seed) : task.profile;
      return {
        seed,
        profile,
        twice: seed % TWICE_EVERY === 0,
        ...(bug === undefined ? {} : { bug }),
        ...(planners === undefined ? {} : { planners }),
      };
    },
    onAnswer: ({ seed, profile }, answer) => {
      count++;
      simulatedMs += answer.simulatedMs;
      for (const [name, times] of answer.marks) marks.set(name, (marks.get(name) ?? 0) + times);
      bar.step(answer.violation !== undefined);
      if (answer.violation === undefined) return;
      failures.push({ seed, profile, violation: answer.violation });
      const { checker, atMs, detail } = answer.violation;
      warn(`seed ${seed}, profile ${profile}: ${checker} at ${atMs} ms: ${detail.split("\n")[0]}\n`);
    },
    onEnded: ({ request: { seed, profile }, how }) => {
      bar.step(true);
      ended.push({ seed, profile, how });
      warn(`seed ${seed}, profile ${profile}: its worker ended: ${how}\n`);
    },
  });
  bar.stop();
  const elapsed = (performance.now() - began) / 1000;
  const missed = allMarks.filter((name) => !marks.has(name));
  const summary = {
    seeds: count,
    violations: failures.length,
    ended,
    ...(interruptedBy === undefined ? {} : { interrupted: interruptedBy }),
    seeds_per_s: Math.round((count / elapsed) * 100) / 100,
    simulated_s_per_s: Math.round(simulatedMs / 10 / elapsed) / 100,
    marks_missed: missed,
    failures: failures.map(({ seed, profile, violation }) => ({ seed, profile, ...violation })),
  };
  if (task.json) print(`${JSON.stringify(summary)}\n`);
  else {
    const rates = `${summary.seeds_per_s} seeds/s, ${summary.simulated_s_per_s} simulated seconds per second`;
    const without = ended.length === 0 ? "" : `, ${ended.length} without an answer: their workers ended`;
    print(`${count} seeds, ${failures.length} violations${without}, ${rates}\n`);
    print(missed.length === 0 ? "every coverage mark was reached\n" : `not reached: ${missed.join(", ")}\n`);
  }
  if (failures.length > 0 || (requireMarks && missed.length > 0)) return BROKEN;
  return ended.length > 0 ? ENDED : HELD;
}

function runOne(task: Task & { readonly kind: "one" } & RunChoice): number {
  const { seed, bug, json, planners } = task;
  // with --json, stdout is for programs
  const say = json ? warn : print;
  const profile = task.profile === "all" ? profileInTurn(seed) : task.profile;
  plant(bug === undefined ? [] : [bug]);
  let scenario = makeScenario(seed, profile, planners);
  if (task.shrink) {
    const shrunk = shrinkScenario(scenario);
    scenario = shrunk.scenario;
    say(`shrunk to ${scenario.steps.length} steps and ${scenario.faults.length} faults\n`);
    for (const { atMs, node, command } of scenario.steps) {
      const text = JSON.stringify(command, (_, value) => (value instanceof Float32Array ? "…" : value));
      say(`  ${atMs} ms, node ${node + 1}: ${text}\n`);
    }
    for (const fault of scenario.faults) say(`  ${fault.atMs} ms: ${JSON.stringify(fault)}\n`);
  }
  if (task.report !== undefined) {
    const { html } = reportOf(
      scenario,
      `Murmuration simulator, seed ${seed}${bug === undefined ? "" : `, planted: ${plantedBugs[bug]}`}`,
    );
    writeFileSync(task.report, html);
    say(`written to ${task.report}\n`);
  }
  const { violation, simulatedMs, traceDigest } = runScenario(
    scenario,
    task.trace ? ({ atMs, kind, node, text }) => say(`${atMs} ${kind} ${node} ${text}\n`) : undefined,
  );
  if (json) print(`${JSON.stringify({ seed, profile, violation, simulated_ms: simulatedMs, trace: traceDigest })}\n`);
  else if (violation === undefined)
    print(`seed ${seed}, profile ${profile}: no violation in ${simulatedMs} ms, trace ${traceDigest.slice(0, 16)}\n`);
  else print(`seed ${seed}, profile ${profile}: ${violation.checker} at ${violation.atMs} ms:\n${violation.detail}\n`);
  return violation === undefined ? HELD : BROKEN;
}

function describeRow({ bug, caught, seeds, seconds, checker, ended }: PlantedRow): string {
  if (ended !== undefined) return `${bug.padEnd(30)} ITS WORKER ENDED on seed ${ended.seed}: ${ended.how}\n`;
  const end = caught ? `caught in ${seeds} seeds, ${seconds} s, by ${checker}` : `NOT CAUGHT in ${seeds} seeds`;
  return `${bug.padEnd(30)} ${end}\n`;
}

async function plantAll(json: boolean): Promise<number> {
  const rows = await runPlanted({
    seedsMax: PLANTED_SEEDS_MAX,
    signal: interrupt.signal,
    onRow: (row) => {
      if (!json) print(describeRow(row));
      else if (row.ended !== undefined) warn(describeRow(row));
    },
  });
  const count = Object.keys(plantedBugs).length;
  const caught = rows.filter((row) => row.caught).length;
  const ended = rows.filter((row) => row.ended !== undefined).length;
  const interrupted = interruptedBy === undefined ? {} : { interrupted: interruptedBy };
  if (json) print(`${JSON.stringify({ planted: count, caught, ended, ...interrupted, rows })}\n`);
  else print(`${count} planted, ${caught} caught${ended === 0 ? "" : `, ${ended} not known: their workers ended`}\n`);
  if (rows.some((row) => !row.caught && row.ended === undefined)) return BROKEN;
  return caught === count ? HELD : ENDED;
}

async function main(): Promise<number> {
  const task = readTask(process.argv.slice(2));
  switch (task.kind) {
    case "help":
      print(HELP);
      return HELD;
    case "one":
      return runOne(task);
    case "planted":
      listenToSignals();
      return exitCodeOf(await plantAll(task.json));
    case "many":
      listenToSignals();
      return exitCodeOf(await runMany(task));
  }
}

// who reads the output has seen enough: `| head`
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? HELD);
});

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof WrongUse)) throw error;
  warn(`${error.message}\nnpm run sim -- --help tells the options.\n`);
  process.exitCode = MISUSED;
}
