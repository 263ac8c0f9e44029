#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { inRoot, root } from "./lib/paths.mjs";
import { helpOnRequest, say } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run test:versions [-- FILTER…]

Runs npm test on each version of Node that the project supports, one after the other: 22 and 24, fetched from the npm registry. Exits
with 1 when a test failed on one of them.
`;

const VERSIONS = ["22", "24"];

helpOnRequest(HELP);
for (const version of VERSIONS) {
  say(`node ${version}`, { always: true });
  const args = [inRoot("scripts/node.sh"), "scripts/test.mjs", ...process.argv.slice(2)];
  const env = { ...process.env, MURMURATION_NODE: version };
  const { status } = spawnSync("sh", args, { cwd: root, env, stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
