#!/usr/bin/env node
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./lib/build-steps.mjs";
import { ensureChromaServer } from "./lib/chroma-server.mjs";
import { cacheFolder, inRoot } from "./lib/paths.mjs";
import { pythonWith } from "./lib/python.mjs";
import { endWith, runStep, StepFailed } from "./lib/run-step.mjs";
import { runTestFiles } from "./lib/run-test-file.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run clients [-- NAME…]

Runs the tests of clients that are too large to be installed with everything else: fetches them from the npm registry into .cache/clients,
starts a server, and lets each do its ordinary work. The smaller ones are among the tests of npm test. Chroma, from which points are
imported, is fetched, too: its npm package, or where that does not run on this system, its package for Python. And the
official client for Python (qdrant-client), which needs a python3.
NAME: only these (mastra, mem0, chroma, python).
`;

const FLAGS = ["--ignore-scripts", "--prefer-offline", "--loglevel=error", "--no-audit", "--no-fund"];
/** What each test needs, in a folder of its own. */
const CLIENTS = [
  // 160 MB and 130 packages, most of it @mastra/core
  { name: "mastra", packages: { "@mastra/core": "1.71.0", "@mastra/qdrant": "1.0.1" }, flags: FLAGS },
  {
    name: "mem0",
    packages: {
      mem0ai: "3.3.1",
      "@qdrant/js-client-rest": "1.18.0",
      "@langchain/core": "1.1.47",
      "better-sqlite3": "12.6.2",
    },
    // its other peers are the clients of every store that it knows
    flags: [...FLAGS, "--legacy-peer-deps"],
  },
];
const PYTHON_CLIENT = "qdrant-client==1.19.1";
const FILE_TIMEOUT_MS = 5 * 60_000;

/** Fetches what a test needs where npm does not find it there already. */
function fetched({ name, packages, flags }) {
  const folder = join(cacheFolder, "clients", name);
  mkdirSync(folder, { recursive: true });
  const manifest = { name: `murmuration-clients-${name}`, private: true, type: "module", dependencies: packages };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  runStep(`fetching ${name}`, "npm", ["install", ...flags], { cwd: folder, isAnnounced: true });
  return folder;
}

helpOnRequest(HELP);
await endWith(async () => {
  build({ projects: ["packages/server", "test"] });
  let failed = 0;
  let outputs = "";
  const chroma = { name: "chroma", prepare: () => ({ MURMURATION_CHROMA: JSON.stringify(ensureChromaServer()) }) };
  const all = CLIENTS.map((client) => ({
    name: client.name,
    prepare: () => ({ MURMURATION_CLIENTS: fetched(client) }),
  }));
  const pythonFolder = join(cacheFolder, "clients", "python");
  const python = { name: "python", prepare: () => ({ MURMURATION_PYTHON: pythonWith(pythonFolder, PYTHON_CLIENT) }) };
  const asked = process.argv.slice(2);
  for (const client of [...all, chroma, python].filter(({ name }) => asked.length === 0 || asked.includes(name))) {
    Object.assign(process.env, client.prepare());
    const file = inRoot(`test/dist/clients/${client.name}.js`);
    const { reports, output } = await runTestFiles([file], { timeoutMs: FILE_TIMEOUT_MS });
    for (const { name, status, error } of reports) {
      const isPassed = status === "passed";
      process.stdout.write(`${isPassed ? "ok    " : "FAILED"} ${client.name}: ${name}\n${isPassed ? "" : error}\n`);
      if (!isPassed) failed++;
    }
    outputs += output;
  }
  if (failed > 0) throw new StepFailed("clients", `${outputs}\n${failed} tests failed\n`, 1);
});
