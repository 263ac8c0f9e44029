import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { payloadsOfFile } from "./log-payloads.js";
import type { ReaderStart } from "./messages.js";
import { serveReader } from "./serve-reader.js";

// A reader's thread.

assert(parentPort !== null, "this file is a worker");
const start = workerData as ReaderStart;
serveReader(parentPort, start, payloadsOfFile(start.payloads.logFile, start.payloads.cacheMebibytes));
