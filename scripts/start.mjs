#!/usr/bin/env node
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith } from "./lib/run-step.mjs";

const HELP = `
Usage: npm start [-- [COMMAND] [OPTIONS]]

Builds what is out of date and runs the server in this process: the same as npx murmur [COMMAND] [OPTIONS].

`;

const args = process.argv.slice(2);
const isHelp = ["--help", "-h"].includes(args[0]);
if (isHelp && process.env.npm_lifecycle_event === "start") process.stdout.write(HELP.trimStart());
await endWith(async () => {
  build({ projects: ["packages/server"], kinds: ["release"] });
  const cli = inRoot("packages/server/bundle/release/cli.js");
  // In this process: signals and the exit code reach npm without anyone passing them on.
  process.argv = [process.execPath, cli, ...args];
  await import(cli);
});
