import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { assert, attachReader, MurmurationError } from "@murmuration/index";
import { noteBeside } from "../engine/memory-guard.js";
import { openVectorFiles } from "../vectors/vector-folder.js";
import { CANARY_NICE, sliceMs, tellEveryMs } from "./canary-limits.js";
import { CanaryWork } from "./canary-work.js";
import type { CanaryReply, CanaryRequest, CanaryStart } from "./messages.js";

// The canary's thread.

assert(parentPort !== null, "this file is a worker");
const port = parentPort;
// Only Linux has a priority for each thread.
if (process.platform === "linux") setPriority(0, CANARY_NICE);
const start = workerData as CanaryStart;
const tell = (reply: CanaryReply) => port.postMessage(reply);

function end(why: string): void {
  noteBeside(start.memory, 0);
  tell({ kind: "ended", why });
  port.close();
}

function begin(): CanaryWork {
  const { first, thread, vectorFolder, keys, memory } = start;
  const openRows = vectorFolder === undefined ? undefined : openVectorFiles(vectorFolder, keys);
  return new CanaryWork(attachReader(first, thread, false, openRows), start, memory);
}

function turn(work: CanaryWork, toldMs: number): void {
  let restMs: number;
  let nextToldMs = toldMs;
  try {
    restMs = work.work(sliceMs);
    const full = work.full();
    if (full !== undefined) return end(full);
    const nowMs = performance.now();
    if (nowMs - toldMs >= tellEveryMs) {
      nextToldMs = nowMs;
      tell({ kind: "figures", figures: work.figures() });
    }
  } catch (error) {
    return end(error instanceof MurmurationError ? error.message : `it failed: ${(error as Error).message}`);
  }
  if (restMs > 0) setTimeout(turn, Math.min(restMs, tellEveryMs), work, nextToldMs);
  else setImmediate(turn, work, nextToldMs);
}

try {
  const work = begin();
  port.on("message", (request: CanaryRequest) => work.take(request.query));
  turn(work, Number.NEGATIVE_INFINITY);
} catch (error) {
  end((error as Error).message);
}
