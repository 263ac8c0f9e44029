#!/usr/bin/env node
import { build } from "./lib/build-steps.mjs";
import { demoReport } from "./lib/demo-print.mjs";
import { explain, runDemo } from "./lib/demo-run.mjs";
import { startDemoServer } from "./lib/demo-server.mjs";
import { readValues } from "./lib/options.mjs";
import { endWith, StepFailed } from "./lib/run-step.mjs";
import { helpOnRequest } from "./lib/terminal.mjs";

const HELP = `
Usage: npm run demo [-- --json] [-- --keep]

Starts a server on a free port with a temporary folder, loads 10,000 English words with their vectors through the official
Qdrant client, asks for nearest words, and for paragraphs of this project's pages by meaning and words together; measures speed and
recall, stops the server and removes the folder.

  --json   print one JSON object instead of the report
  --keep   leave the server running and print its address
  --help   print this help
`;

helpOnRequest(HELP);
await endWith(async () => {
  const { json = false, keep = false } = readValues({ json: { type: "boolean" }, keep: { type: "boolean" } }, HELP);
  build({ projects: ["test"] });
  const server = await startDemoServer();
  let kept = false;
  try {
    const result = await runDemo(server.address);
    const running = keep ? { address: server.address, pid: server.pid, folder: server.folder } : undefined;
    const report = running === undefined ? result : { ...result, server: running };
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : demoReport(report));
    kept = keep;
  } catch (error) {
    if (server.wasInterrupted()) return;
    throw new StepFailed("the demo", `${explain(error)}\n${server.log()}`, 1);
  } finally {
    if (kept) server.release();
    else await server.stop();
  }
});
