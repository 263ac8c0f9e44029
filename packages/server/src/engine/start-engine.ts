import { Worker } from "node:worker_threads";

const YOUNG_GENERATION_MEBIBYTES = 96;

/** Started before anybody has asked for it. */
let early: Worker | undefined;

function start(): Worker {
  // recovery makes millions of short-lived objects: with a young generation of the default size half of its time is scavenging
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MEBIBYTES };
  return new Worker(new URL("./worker.js", import.meta.url), { resourceLimits });
}

/**
 * Starts a thread for the engine that comes next, so that it loads its code while this one loads its own: half of what a start costs where there is
 * little data. It opens nothing before it is told what, and keeps no process alive.
 */
export function startEngineEarly(): void {
  early ??= start();
  early.unref();
}

/** A thread for an engine, which opens what the first message, a `WorkerStart`, says. */
export function takeEngineThread(): Worker {
  const worker = early ?? start();
  early = undefined;
  worker.ref();
  return worker;
}
