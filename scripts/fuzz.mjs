#!/usr/bin/env node
import { randomInt } from "node:crypto";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run fuzz [-- --minutes N] [-- --seed N] [-- --only NAME] [-- --rounds N] [-- --json]

Feeds the product with what nobody would send, in rounds, and looks whether its promises hold: nothing ends it, nothing is done by
half, and whatever it refuses changes nothing. What breaks one is made smaller and printed, with what to run to see it again.

  --minutes N   how long (5)
  --seed N      of the first round, an integer from 0 to 2147483647 (a new one, which is printed); the others count on from it
  --only NAME   one fuzzer; may be given several times
  --rounds N    at most so many rounds of each
  --json        print one JSON object instead of the table
  --help        print this help

Exits with 1 when something was found.
`;

const SEED_MAX = 2 ** 31 - 1;
const PROGRESS_MS = 250;

function wrong(problem) {
  throw new StepFailed("reading the options", `${problem}\n`, 2);
}

function readOptions() {
  const text = { type: "string" };
  let values;
  try {
    values = parseArgs({
      options: {
        json: { type: "boolean" },
        minutes: text,
        seed: text,
        rounds: text,
        only: { type: "string", multiple: true },
      },
    }).values;
  } catch (error) {
    wrong(`${error.message}\n\n${HELP.trim()}`);
  }
  const rounds = Number(values.rounds ?? Number.MAX_SAFE_INTEGER);
  if (!Number.isInteger(rounds) || rounds < 1) wrong("--rounds must be an integer from 1 on");
  const minutes = Number(values.minutes ?? (values.rounds === undefined ? 5 : 24 * 60));
  if (!(minutes > 0 && minutes <= 24 * 60)) wrong("--minutes must be a number above 0, at most 1440");
  const seed = Number(values.seed ?? randomInt(SEED_MAX));
  if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX) {
    wrong(`--seed must be an integer from 0 to ${SEED_MAX}`);
  }
  return { json: values.json === true, minutes, seed, rounds, only: values.only ?? [] };
}

function table(rows) {
  const lines = rows.map(({ fuzzer, rounds, runs, seconds, finding }) =>
    [
      finding === undefined ? "ok   " : "FOUND",
      fuzzer.padEnd(14),
      `${rounds} rounds`.padStart(12),
      `${runs} inputs`.padStart(16),
      `${seconds.toFixed(0)} s`.padStart(8),
    ].join(" "),
  );
  return lines.join("\n");
}

helpOnRequest(HELP);
await endWith(async () => {
  const { json, minutes, seed, rounds, only } = readOptions();
  build({ projects: ["packages/server", "test"] });
  const { fuzzers, runFuzz } = await import(pathToFileURL(inRoot("test/dist/fuzz/run.js")).href);
  const unknown = only.find((name) => !fuzzers.some((fuzzer) => fuzzer.name === name));
  if (unknown !== undefined) {
    wrong(`there is no fuzzer ${JSON.stringify(unknown)}: ${fuzzers.map(({ name }) => name).join(", ")}`);
  }
  process.stderr.write(`seed ${seed}\n`);
  const onTerminal = process.stderr.isTTY === true;
  const beganMs = performance.now();
  let shownMs = beganMs;
  let current;
  const clear = () => onTerminal && process.stderr.write("\r\x1b[K");
  // what ends the process is told with what it was fed
  process.once("uncaughtException", (error) => {
    clear();
    process.stderr.write(`${current?.fuzzer} of seed ${current?.seed} ended the process: ${error?.stack ?? error}\n`);
    process.exit(1);
  });
  const rows = await runFuzz({
    seed,
    rounds,
    only,
    endMs: beganMs + minutes * 60_000,
    onRun: (progress) => {
      current = progress;
      const nowMs = performance.now();
      if (!onTerminal || nowMs - shownMs < PROGRESS_MS) return;
      shownMs = nowMs;
      const { fuzzer, runs } = progress;
      process.stderr.write(
        `\r\x1b[K${((nowMs - beganMs) / 60_000).toFixed(1)} of ${minutes} min, ${runs} inputs, ${fuzzer} ${progress.seed}`,
      );
    },
    onFinding: (_, text) => {
      clear();
      process.stderr.write(`${text}\n`);
    },
  });
  clear();
  process.stdout.write(json ? `${JSON.stringify({ seed, rows })}\n` : `${table(rows)}\n`);
  const found = rows.filter(({ finding }) => finding !== undefined).length;
  if (found > 0)
    throw new StepFailed("keeping the promises", `${found} of ${rows.length} fuzzers found something\n`, 1);
});
