import { parentPort, workerData } from "node:worker_threads";
import { assert, MurmurationError } from "@murmuration/index";
import type { ReaderStart } from "./messages.js";
import { serveReader } from "./serve-reader.js";

// A reader's thread.

assert(parentPort !== null, "this file is a worker");
serveReader(parentPort, workerData as ReaderStart, () => ({
  bytesOf: () => {
    throw new MurmurationError("storage", "payloads are not kept beside the rows yet");
  },
}));
