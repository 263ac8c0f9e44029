import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { Listener } from "./listener.js";
import type { ListenerRequest, ListenerStart } from "./messages.js";

// A listener's thread that stands still when it is asked what it has answered.

assert(parentPort !== null, "this file is a worker");
const listener = new Listener(parentPort, workerData as ListenerStart);
parentPort.on("message", (request: ListenerRequest) => {
  if (request.kind === "tell") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  listener.take(request);
});
