#!/usr/bin/env node
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./lib/build-steps.mjs";
import { cacheFolder, inRoot } from "./lib/paths.mjs";
import { endWith, runStep, StepFailed } from "./lib/run-step.mjs";
import { runTestFile } from "./lib/run-test-file.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run clients

Runs the tests of clients that are too large to be installed with everything else: fetches them from the npm registry into .cache/clients,
starts a server, and lets each do its ordinary work. The smaller ones are among the tests of npm test.
`;

/** 160 MB and 130 packages, most of it @mastra/core. */
const CLIENTS = { "@mastra/core": "1.71.0", "@mastra/qdrant": "1.0.1" };
const FILE_TIMEOUT_MS = 5 * 60_000;

/** Fetches them where npm does not find them there already. */
function fetchClients() {
  const folder = join(cacheFolder, "clients");
  mkdirSync(folder, { recursive: true });
  const manifest = { name: "murmuration-clients", private: true, type: "module", dependencies: CLIENTS };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts", "--prefer-offline", "--loglevel=error", "--no-audit", "--no-fund"];
  runStep("fetching clients", "npm", ["install", ...flags], { cwd: folder, isAnnounced: true });
  return folder;
}

helpOnRequest(HELP);
await endWith(async () => {
  build({ projects: ["packages/server", "test"] });
  process.env.MURMURATION_CLIENTS = fetchClients();
  const { reports, output } = await runTestFile(inRoot("test/dist/clients/mastra.js"), { timeoutMs: FILE_TIMEOUT_MS });
  for (const { name, status, error } of reports) {
    process.stdout.write(`${status === "passed" ? "ok    " : "FAILED"} ${name}\n${status === "passed" ? "" : error}\n`);
  }
  const failed = reports.filter(({ status }) => status !== "passed").length;
  if (failed > 0) throw new StepFailed("clients", `${output}\n${failed} of ${reports.length} tests failed\n`, 1);
});
