#!/usr/bin/env node
import { ensureNatsServer, findNatsServer } from "./lib/nats-server.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: node scripts/nats-server.mjs [--install]

Prints the path of nats-server: the one that MURMUR_NATS_SERVER names, the first on the PATH, or the one in the project's cache.

  --install   when there is none, fetch the distribution's package into the project's cache (.cache/nats-server)
  --help      print this help
`;

helpOnRequest(HELP);
await endWith(() => {
  const path = process.argv.includes("--install") ? ensureNatsServer() : findNatsServer();
  if (path === undefined) throw new StepFailed("finding nats-server", "there is none; --install fetches it\n", 1);
  process.stdout.write(`${path}\n`);
});
