import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { WorkAnswer, WorkRequest } from "./worker.js";

/** A run leaves much behind that is short-lived: with room for it, it is collected seldom. */
const WORKER_FLAGS = ["--expose-gc", "--max-semi-space-size=64", "--min-semi-space-size=32"];

/**
 * Give requests to worker processes, one per processor, as they come free. `take` gives the next request or `undefined` when there is none
 * now; `onAnswer` sees every answer. Throws when a worker dies.
 */
export async function runInWorkers(
  take: () => WorkRequest | undefined,
  onAnswer: (request: WorkRequest, answer: WorkAnswer) => void,
  workers: number = availableParallelism(),
): Promise<void> {
  const file = fileURLToPath(new URL("./worker.js", import.meta.url));
  const children: ChildProcess[] = [];
  const runOne = () =>
    new Promise<void>((resolve, reject) => {
      let request = take();
      if (request === undefined) return resolve();
      const child = fork(file, { execArgv: WORKER_FLAGS, stdio: ["ignore", "inherit", "inherit", "ipc"] });
      children.push(child);
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (request !== undefined) reject(new Error(`a worker died (${signal ?? code}) on seed ${request.seed}`));
      });
      child.on("message", (answer: WorkAnswer) => {
        if (request === undefined) return;
        onAnswer(request, answer);
        request = take();
        if (request !== undefined) child.send(request);
        else {
          child.disconnect();
          resolve();
        }
      });
      child.send(request);
    });
  try {
    await Promise.all(Array.from({ length: workers }, runOne));
  } finally {
    for (const child of children) child.kill();
  }
}
