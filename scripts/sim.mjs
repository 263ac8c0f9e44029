#!/usr/bin/env node
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith } from "./lib/run-step.mjs";

const args = process.argv.slice(2);
await endWith(async () => {
  build({ projects: ["packages/sim"], kinds: ["checked"] });
  const main = inRoot("packages/sim/dist/cli.js");
  process.argv = [process.execPath, main, ...args];
  await import(main);
});
