#!/usr/bin/env node
import { serve } from "./serve.js";

// `murmur serve OPTIONS`, or OPTIONS alone; `murmur members` and `murmur evict ID` ask a server that runs.

const [command = "serve", ...rest] = process.argv.slice(2);
if (command === "serve") serve(rest);
else if (command.startsWith("-")) serve(process.argv.slice(2));
else {
  const { operate } = await import("./operate.js");
  process.exitCode = await operate(process.argv.slice(2));
}
