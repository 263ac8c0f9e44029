#!/usr/bin/env node
import { build, compileNative } from "./lib/build-steps.mjs";
import { ensureNatsServer } from "./lib/nats-server.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith } from "./lib/run-step.mjs";

const HELP = `
Builds what is out of date and runs benchmarks:

`;

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) process.stdout.write(HELP.trimStart());
await endWith(async () => {
  build({ projects: ["bench"] });
  compileNative();
  if (args.includes("regions")) process.env.MURMUR_NATS_SERVER = ensureNatsServer();
  const main = inRoot("bench/dist/main.js");
  process.argv = [process.execPath, main, ...args];
  await import(main);
});
