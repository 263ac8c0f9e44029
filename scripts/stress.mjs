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
inserts, replaces, deletes and takes groups back. Then, for as long, they search a collection: rows, graph and payloads together, and the same again with its
vectors off memory.

  --minutes N   how long each (1)
  --readers N   threads, 1 to 19 (2)
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
  if (!Number.isInteger(readers) || readers < 1 || readers > 19) wrong("--readers must be an integer from 1 to 19");
  return { minutes, readers, bugs: values.plant ?? [] };
}

helpOnRequest(HELP);
await endWith(async () => {
  const { minutes, readers, bugs } = readOptions();
  build({ projects: ["packages/index"], kinds: ["checked"] });
  const load = (file) => import(pathToFileURL(inRoot(`packages/index/dist/${file}.js`)).href);
  const { runStress } = await load("segment/stress.test-support");
  const { runSearchStress } = await load("query/stress-collection.test-support");
  const { plantedBugsOf } = await load("planted");
  const [ofRows, ofReads] = [[...plantedBugsOf("table"), ...plantedBugsOf("columns")], plantedBugsOf("reads")];
  const known = [...ofRows, ...ofReads];
  const unknown = bugs.find((bug) => !known.includes(bug));
  if (unknown !== undefined) wrong(`there is no bug ${unknown}: ${known.join(", ")}`);
  const bugsOf = (some) => bugs.filter((bug) => some.includes(bug));
  const isOver = () => {
    const endMs = performance.now() + minutes * 60_000;
    return () => performance.now() > endMs;
  };
  const sum = (checks) => checks.reduce((all, n) => all + n, 0);

  const rows = await runStress({
    readers,
    bugs: bugsOf(ofRows),
    isEnough: isOver(),
  });
  const columns = `${rows.columns} columns of ${Math.round(rows.columnBytes / 1024)} KiB`;
  process.stdout.write(
    `rows: ${rows.groups} groups, everything asked ${sum(rows.checks)} times, ${rows.rows} rows for ${rows.used} versions, ` +
      `${columns}, ${rows.mistakes} mistakes\n`,
  );
  const told = [...rows.told];
  let mistakes = rows.mistakes;
  for (const areVectorsInFile of [false, true]) {
    const searches = await runSearchStress({ readers, bugs: bugsOf(ofReads), areVectorsInFile, isEnough: isOver() });
    process.stdout.write(
      `searches, vectors ${areVectorsInFile ? "off memory" : "in memory"}: ${searches.groups} groups, everything asked ` +
        `${sum(searches.checks)} times, ${searches.slots} slots for ${searches.nodes} nodes, ${searches.mistakes} mistakes\n`,
    );
    told.push(...searches.told);
    mistakes += searches.mistakes;
  }
  if (mistakes > 0) {
    throw new StepFailed("reading beside a writer", `${told.join("\n")}\n`, 1);
  }
});
