#!/usr/bin/env node
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run stress [-- --minutes N] [-- --readers N] [-- --plant BUG]

Reader threads ask the shared rows and their columns for everything, each at an epoch of its own, and compare with what was live at that epoch, while a writer
inserts, replaces, deletes and takes groups back.

  --minutes N   how long (1)
  --readers N   threads, 1 to 63 (2)
  --plant BUG   plant a bug, to see that it is noticed; may be given several times
  --help        print this help

Exits with 1 when an answer was wrong.
`;

function wrong(problem) {
  throw new StepFailed("reading the options", `${problem}\n\n${HELP.trim()}\n`, 2);
}

function readOptions() {
  const text = { type: "string" };
  let values;
  try {
    values = parseArgs({ options: { minutes: text, readers: text, plant: { ...text, multiple: true } } }).values;
  } catch (error) {
    wrong(error.message);
  }
  const minutes = Number(values.minutes ?? 1);
  if (!(minutes > 0 && minutes <= 24 * 60)) wrong("--minutes must be a number above 0, at most 1440");
  const readers = Number(values.readers ?? 2);
  if (!Number.isInteger(readers) || readers < 1 || readers > 63) wrong("--readers must be an integer from 1 to 63");
  return { minutes, readers, bugs: values.plant ?? [] };
}

helpOnRequest(HELP);
await endWith(async () => {
  const { minutes, readers, bugs } = readOptions();
  build({ projects: ["packages/index"] });
  const load = (file) => import(pathToFileURL(inRoot(`packages/index/dist/segment/${file}.js`)).href);
  const [{ runStress }, { plantedTableBugs }] = [await load("stress.test-support"), await load("planted")];
  const { plantedColumnBugs } = await load("../payload/columns/planted");
  const known = { ...plantedTableBugs, ...plantedColumnBugs };
  const unknown = bugs.find((bug) => !(bug in known));
  if (unknown !== undefined) wrong(`there is no bug ${unknown}: ${Object.keys(known).join(", ")}`);
  const endMs = performance.now() + minutes * 60_000;
  const report = await runStress({
    readers,
    bugs: bugs.filter((bug) => bug in plantedTableBugs),
    columnBugs: bugs.filter((bug) => bug in plantedColumnBugs),
    isEnough: () => performance.now() > endMs,
  });
  const checks = report.checks.reduce((sum, n) => sum + n, 0);
  const columns = `${report.columns} columns of ${Math.round(report.columnBytes / 1024)} KiB`;
  const rows = `${report.rows} rows for ${report.used} versions`;
  process.stdout.write(
    `${report.groups} groups, everything asked ${checks} times, ${rows}, ${columns}, ${report.mistakes} mistakes\n`,
  );
  if (report.mistakes > 0) throw new StepFailed("reading beside a writer", `${report.told.join("\n")}\n`, 1);
});
