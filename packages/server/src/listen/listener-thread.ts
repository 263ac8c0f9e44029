import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { Listener } from "./listener.js";
import type { ListenerRequest, ListenerStart } from "./messages.js";

// A listener's thread.

assert(parentPort !== null, "this file is a worker");
const listener = new Listener(parentPort, workerData as ListenerStart);
parentPort.on("message", (request: ListenerRequest) => listener.take(request));
