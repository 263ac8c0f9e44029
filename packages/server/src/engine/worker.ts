import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { toPlainError } from "../threads/plain-error.js";
import { EngineHost } from "./engine-host.js";
import { NICE } from "./engine-limits.js";
import { openResources } from "./engine-resources.js";
import type { OnImageRefused } from "./image-store.js";
import type { Reply, Request, WorkerStart } from "./messages.js";

// The engine's thread.

assert(parentPort !== null, "this file is a worker");
// Only Linux has a priority for each thread; elsewhere it is the process's.
if (process.platform === "linux") setPriority(0, NICE);
const port = parentPort;

// it is started before it is known what it is to open
port.once("message", (start: WorkerStart) => {
  try {
    open(start);
  } catch (error) {
    port.postMessage({ kind: "failed", error: toPlainError(error) } satisfies Reply);
    port.close();
  }
});

function open(start: WorkerStart): void {
  const onImageRefused: OnImageRefused = (shard, vector, error) => {
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
  };
  let told = -1;
  const onBroughtOver = (done: number, points: number) => {
    const tenths = points === 0 ? 10 : Math.floor((10 * done) / points);
    if (tenths === told) return;
    told = tenths;
    const message = "the points of an older log are being brought over";
    port.postMessage({ kind: "log", level: "info", message, details: { done, points } } satisfies Reply);
  };
  const resources = openResources(start, onImageRefused, onBroughtOver);
  const host = new EngineHost(port, start, resources);
  host.announce();
  port.on("message", (request: Request) => host.take(request));
}
