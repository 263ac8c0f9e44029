import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { allMarks, type PlantedBug, planted, plantedBugs } from "@murmuration/core/planted";
import { SingleBar } from "cli-progress";
import type { Violation } from "./checkers/checker.js";
import { runPlanted } from "./planted-runs.js";
import { runInWorkers } from "./pool.js";
import { profiles, rotation } from "./profiles.js";
import { reportOf } from "./report/page.js";
import { makeScenario, profileOf } from "./scenario.js";
import { shrinkScenario } from "./shrink.js";
import { runScenario } from "./world.js";

const HELP = `Usage: npm run sim -- [options]

Runs replicas against a virtual network, disks and clocks, and checks that they converge. One seed decides everything.

  --seeds A..B       run these seeds (default 1..100)
  --random K         run K seeds drawn at random, which are printed
  --seed N           run one
  --profile NAME     ${Object.keys(profiles).join(", ")}; or "all": seeds take turns (default all)
  --time S           as many seeds from the first one on as fit S seconds
  --trace            with --seed: a line per event
  --report FILE      with --seed: the run as a page with a space-time diagram
  --shrink           with --seed: look for the smallest workload and fault list that still fail
  --plant NAME       plant a bug (see --planted)
  --planted          plant every bug in turn, and run until it is caught
  --require-marks    fail when a coverage mark was not reached
  --json             the summary as JSON
  --help

Exit code 1 when a rule was broken.
`;

const PLANTED_SEEDS_MAX = 400;
/** One seed in so many runs twice. */
const TWICE_EVERY = 20;

interface Options {
  readonly profile: string;
  readonly bug: PlantedBug | undefined;
  readonly json: boolean;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : fail(`${option}: "${text}" is not a whole number`);
}

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

async function runMany(
  seeds: Iterable<number>,
  total: number | undefined,
  options: Options,
  seconds: number | undefined,
  requireMarks: boolean,
): Promise<number> {
  const names = options.profile === "all" ? rotation : [options.profile];
  const iterator = seeds[Symbol.iterator]();
  const began = performance.now();
  const marks = new Map<string, number>();
  const failures: { readonly seed: number; readonly profile: string; readonly violation: Violation }[] = [];
  let count = 0;
  let simulatedMs = 0;
  const bar = progress(total);
  await runInWorkers(
    () => {
      if (seconds !== undefined && performance.now() - began > seconds * 1000) return undefined;
      const next = iterator.next();
      if (next.done === true) return undefined;
      const seed = next.value;
      const profile = names[seed % names.length] as string;
      return {
        seed,
        profile,
        twice: seed % TWICE_EVERY === 0,
        ...(options.bug === undefined ? {} : { bug: options.bug }),
      };
    },
    ({ seed, profile }, answer) => {
      count++;
      simulatedMs += answer.simulatedMs;
      for (const [name, times] of answer.marks) marks.set(name, (marks.get(name) ?? 0) + times);
      bar.step(answer.violation !== undefined);
      if (answer.violation === undefined) return;
      failures.push({ seed, profile, violation: answer.violation });
      const { checker, atMs, detail } = answer.violation;
      process.stderr.write(`seed ${seed}, profile ${profile}: ${checker} at ${atMs} ms: ${detail.split("\n")[0]}\n`);
    },
  );
  bar.stop();
  const elapsed = (performance.now() - began) / 1000;
  const missed = allMarks.filter((name) => !marks.has(name));
  const summary = {
    seeds: count,
    violations: failures.length,
    seeds_per_s: Math.round((count / elapsed) * 100) / 100,
    simulated_s_per_s: Math.round(simulatedMs / 10 / elapsed) / 100,
    marks_missed: missed,
    failures: failures.map(({ seed, profile, violation }) => ({ seed, profile, ...violation })),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else {
    const rates = `${summary.seeds_per_s} seeds/s, ${summary.simulated_s_per_s} simulated seconds per second`;
    process.stdout.write(`${count} seeds, ${failures.length} violations, ${rates}\n`);
    process.stdout.write(
      missed.length === 0 ? "every coverage mark was reached\n" : `not reached: ${missed.join(", ")}\n`,
    );
  }
  return failures.length > 0 || (requireMarks && missed.length > 0) ? 1 : 0;
}

function runOne(
  seed: number,
  options: Options,
  how: { readonly trace: boolean; readonly shrink: boolean; readonly report: string | undefined },
): number {
  const profile = options.profile === "all" ? (rotation[seed % rotation.length] as string) : options.profile;
  planted.clear();
  if (options.bug !== undefined) planted.add(options.bug);
  let scenario = makeScenario(seed, profile);
  if (how.shrink) {
    const shrunk = shrinkScenario(scenario);
    scenario = shrunk.scenario;
    process.stdout.write(`shrunk to ${scenario.steps.length} steps and ${scenario.faults.length} faults\n`);
    for (const { atMs, node, command } of scenario.steps) {
      const text = JSON.stringify(command, (_, value) => (value instanceof Float32Array ? "…" : value));
      process.stdout.write(`  ${atMs} ms, node ${node + 1}: ${text}\n`);
    }
    for (const fault of scenario.faults) process.stdout.write(`  ${fault.atMs} ms: ${JSON.stringify(fault)}\n`);
  }
  if (how.report !== undefined) {
    const bug = options.bug === undefined ? "" : `, planted: ${plantedBugs[options.bug]}`;
    const { html } = reportOf(scenario, `Murmuration simulator, seed ${seed}${bug}`);
    writeFileSync(how.report, html);
    process.stdout.write(`written to ${how.report}\n`);
  }
  const result = runScenario(
    scenario,
    how.trace ? ({ atMs, kind, node, text }) => process.stdout.write(`${atMs} ${kind} ${node} ${text}\n`) : undefined,
  );
  const { violation } = result;
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ seed, profile, violation, simulated_ms: result.simulatedMs, trace: result.traceDigest })}\n`,
    );
  else if (violation === undefined)
    process.stdout.write(
      `seed ${seed}, profile ${profile}: no violation in ${result.simulatedMs} ms, trace ${result.traceDigest.slice(0, 16)}\n`,
    );
  else
    process.stdout.write(
      `seed ${seed}, profile ${profile}: ${violation.checker} at ${violation.atMs} ms:\n${violation.detail}\n`,
    );
  return violation === undefined ? 0 : 1;
}

async function plantAll(json: boolean): Promise<number> {
  const line = (row: { bug: string; caught: boolean; seeds: number; checker: string; seconds: number }) =>
    `${row.bug.padEnd(30)} ${row.caught ? `caught in ${row.seeds} seeds, ${row.seconds} s, by ${row.checker}` : `NOT CAUGHT in ${row.seeds} seeds`}\n`;
  const rows = await runPlanted(PLANTED_SEEDS_MAX, (row) => {
    if (!json) process.stdout.write(line(row));
  });
  const caught = rows.filter((row) => row.caught).length;
  if (json) process.stdout.write(`${JSON.stringify({ planted: rows.length, caught, rows })}\n`);
  else process.stdout.write(`${rows.length} planted, ${caught} caught\n`);
  return caught === rows.length ? 0 : 1;
}

function parse() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string" },
        random: { type: "string" },
        seed: { type: "string" },
        profile: { type: "string", default: "all" },
        time: { type: "string" },
        trace: { type: "boolean", default: false },
        report: { type: "string" },
        shrink: { type: "boolean", default: false },
        plant: { type: "string" },
        planted: { type: "boolean", default: false },
        "require-marks": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${HELP}`);
  }
}

async function main(): Promise<number> {
  const values = parse();
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (values.planted) return plantAll(values.json);
  if (values.profile !== "all") {
    try {
      profileOf(values.profile);
    } catch (error) {
      fail((error as Error).message);
    }
  }
  if (values.plant !== undefined && !Object.hasOwn(plantedBugs, values.plant)) {
    fail(`there is no bug "${values.plant}" to plant: ${Object.keys(plantedBugs).join(", ")}`);
  }
  const options: Options = { profile: values.profile, bug: values.plant as PlantedBug | undefined, json: values.json };
  if (values.seed !== undefined) {
    const { trace, shrink, report } = values;
    return runOne(wholeNumber(values.seed, "--seed"), options, { trace, shrink, report });
  }
  const seconds = values.time === undefined ? undefined : wholeNumber(values.time.replace(/s$/, ""), "--time");
  if (values.random !== undefined) {
    const seeds = Array.from({ length: wholeNumber(values.random, "--random") }, () => randomInt(2 ** 31));
    process.stderr.write(`seeds ${seeds.join(" ")}\n`);
    return runMany(seeds, seeds.length, options, seconds, values["require-marks"]);
  }
  const range = /^(\d+)\.\.(\d+)$/.exec(values.seeds ?? (seconds === undefined ? "1..100" : "1..1000000000"));
  if (range === null) return fail(`--seeds: "${values.seeds}" is not a range like 1..500`);
  const [first, last] = [Number(range[1]), Number(range[2])];
  const all = (function* () {
    for (let seed = first; seed <= last; seed++) yield seed;
  })();
  return runMany(all, seconds === undefined ? last - first + 1 : undefined, options, seconds, values["require-marks"]);
}

process.exitCode = await main();
