import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "@murmuration/index";
import { openVectorFiles } from "../vectors/vector-folder.js";
import { payloadsOfFile } from "./log-payloads.js";
import type { ReaderStart } from "./messages.js";
import { READER_NICE } from "./read-limits.js";
import { serveReader } from "./serve-reader.js";

// A reader's thread.

assert(parentPort !== null, "this file is a worker");
// Brief reads, in threads of their own, go before these. Only Linux has a priority for each thread.
if (process.platform === "linux") setPriority(0, READER_NICE);
const start = workerData as ReaderStart;
const { payloads, vectorFolder, keys } = start;
serveReader(
  parentPort,
  start,
  payloadsOfFile(payloads),
  vectorFolder === undefined ? undefined : openVectorFiles(vectorFolder, keys),
);
