#!/usr/bin/env node
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith } from "./lib/run-step.mjs";

const HELP = `
Usage: npm start [-- OPTIONS]

Builds what is out of date and runs the server in this process. OPTIONS are the server's:

`;

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) process.stdout.write(HELP.trimStart());
await endWith(async () => {
  build({ projects: ["packages/server"] });
  const cli = inRoot("packages/server/dist/cli.js");
  // In this process: signals and the exit code reach npm without anyone passing them on.
  process.argv = [process.execPath, cli, ...args];
  await import(cli);
});
