#!/usr/bin/env -S node --max-semi-space-size=32
// Where the processor is short, the garbage of requests in a young generation of the default size costs a third of the slowest
// hundredth of all answers (bench regions). Whoever starts this file by itself gives node the same flags.
import { runCommand } from "./commands/mod.js";

runCommand(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
