import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { toPlainError } from "../threads/plain-error.js";
import { EngineHost } from "./engine-host.js";
import { NICE } from "./engine-limits.js";
import { openResources } from "./engine-resources.js";
import type { Reply, Request, WorkerStart } from "./messages.js";

// The engine's thread.

assert(parentPort !== null, "this file is a worker");
// Only Linux has a priority for each thread; elsewhere it is the process's.
if (process.platform === "linux") setPriority(0, NICE);
const port = parentPort;
try {
  const start = workerData as WorkerStart;
  const resources = openResources(start, (shard, vector, error) => {
    const message =
      vector === undefined
        ? "a table image was not usable: the rows are made again from the stored points"
        : "a graph image was not usable: the graph is made again from the log";
    port.postMessage({
      kind: "log",
      level: "warn",
      message,
      details: { shard, ...(vector === undefined ? {} : { vector }), why: error.message },
    } satisfies Reply);
  });
  const host = new EngineHost(port, start, resources);
  host.announce();
  port.on("message", (request: Request) => host.take(request));
} catch (error) {
  port.postMessage({ kind: "failed", error: toPlainError(error) } satisfies Reply);
  port.close();
}
