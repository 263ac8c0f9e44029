#!/usr/bin/env node
import { existsSync } from "node:fs";
import { build } from "./lib/build-steps.mjs";
import { inRoot } from "./lib/paths.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run build [-- PROJECT…]

Installs the dependencies, compiles the engine to WebAssembly and the TypeScript projects; each step only when something
changed since it last succeeded. PROJECT: folders with a tsconfig.json, such as packages/server (default: all).
`;

helpOnRequest(HELP);
const projects = process.argv.slice(2);
await endWith(() => {
  const none = projects.find((project) => !existsSync(inRoot(project, "tsconfig.json")));
  if (none !== undefined) throw new StepFailed("reading the options", `${none} is no folder with a tsconfig.json\n`, 2);
  build(projects.length === 0 ? {} : { projects });
});
